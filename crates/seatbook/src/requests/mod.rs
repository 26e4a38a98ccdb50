//! Requests: a customer asks the organization above it for more units.
//!
//! Owns: requests, what became of them, and the license an approved one led to.
//! Does not own: selling (`activation`), the pages of either side (`portal`, `sales`).
//! Keeps true: a request is decided once; one that was approved names its license, sold in the same transaction.
//! Others may use: `commands`, `model`, `queries`.

pub mod api;
pub mod commands;
pub mod model;
pub mod queries;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::ask))
        .routes(routes!(api::approve))
        .routes(routes!(api::refuse))
        .routes(routes!(api::withdraw))
}
