//! Extensions: what holds for an organization's telephone extensions as a whole.
//!
//! Owns: whether a direct number uses a unit of its own. Does not own: extensions (`holders`), their units
//! (`assignments`), what the rows of a file say of them (`sheets`).
//! Keeps true: an organization that said nothing counts its numbers.
//! Others may use: `queries`.

pub mod api;
pub mod commands;
pub mod queries;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The code of the add-on whose unit a direct number uses (seed 003).
pub const NUMBER_CODE: &str = "license_number";

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show, api::set))
}
