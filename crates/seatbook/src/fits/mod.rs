//! Fits: which add-on is made for which base.
//!
//! Owns: the matrix. Does not own: products (`catalog`), what is bound to what (`assignments`).
//! Keeps true: only an add-on fits, and only bases; each change is a change of the add-on.
//! Others may use: `queries`.

pub mod api;
pub mod commands;
pub mod queries;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show, api::set))
}
