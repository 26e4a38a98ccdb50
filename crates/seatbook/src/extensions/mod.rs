//! Extensions: what holds for an organization's telephone extensions as a whole.
//!
//! Owns: whether a direct number uses a unit of its own, and what a row of mass configuration names. Does not own: extensions (`holders`), their units
//! (`assignments`), how the rows of a file are read (`sheets`).
//! Keeps true: an organization that said nothing counts its numbers.
//! Others may use: `queries`, `rows`.

pub mod api;
pub mod commands;
pub mod queries;
pub mod rows;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The code of the add-on whose unit a direct number uses (seed 003).
pub const NUMBER_CODE: &str = "license_number";

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show_policy, api::set_policy))
}
