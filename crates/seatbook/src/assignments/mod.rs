//! Assignments: which holder uses which unit.
//!
//! Owns: assignments and the add-ons bound to them; binding, freeing and handing on units; holders that leave.
//! Does not own: holders (`holders`), the pools their units come from (`licenses`), which add-on fits (`catalog`).
//! Keeps true: a pool's assigned units are its open assignments'; a holder has one open unit of a product unless
//! the product allows more; an add-on never outlives its base; an ended assignment is never opened again.
//! Others may use: `model`, `queries`, `commands`.

pub mod api;
pub mod commands;
pub mod model;
pub mod queries;
pub mod records;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::assign))
        .routes(routes!(api::show))
        .routes(routes!(api::unassign))
        .routes(routes!(api::reassign))
        .routes(routes!(api::bind_add_ons))
        .routes(routes!(api::leave))
        .routes(routes!(api::hand_over))
}
