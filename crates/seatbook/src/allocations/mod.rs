//! Allocations: passing units of a pool on to child organizations, and taking them back.
//!
//! Owns: the split of a pool among children, in one step for many rows; moving organizations that hold allocations.
//! Does not own: pools and their law (`licenses`), binding units to holders (`assignments`).
//! Keeps true: what a parent's pool says it passed on is the sum of its children's pools; a share never goes
//! below what that child has itself passed on or bound; a row somebody else changed is not overwritten.
//! Others may use: `commands`, `queries`.

pub mod api;
pub mod commands;
mod grid;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::set))
        .routes(routes!(api::allocate))
        .routes(routes!(api::move_to))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/pools/{id}/allocations",
            get(handlers::edit).post(handlers::assign),
        )
        .route("/pools/{id}/shares", get(handlers::shares))
        .route("/pools/{id}/tenants", get(handlers::tenants))
}
