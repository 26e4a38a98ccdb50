//! Licenses: what an organization bought, and the pools its units sit in.
//!
//! Owns: licenses, pools, their dates and states; issuing (the only birth of units), editing, ending.
//! Does not own: lists of them (`holdings`), passing units on (`allocations`), who uses them (`assignments`).
//! Keeps true: a license has one root pool with all its units; every pool carries its license's dates and
//! whether it is open; state is computed from facts and the clock, never stored; units that were drawn from a pool are
//! counted there as allocated, and their license stays within the dates of the one they came from.
//! Others may use: `model`, `queries`, `pools`.

pub mod api;
pub mod commands;
pub mod decisions;
pub mod forms;
pub mod model;
pub mod handlers;
pub mod pools;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::issue))
        .routes(routes!(api::show, api::update, api::remove))
        .routes(routes!(api::pause))
        .routes(routes!(api::resume))
        .routes(routes!(api::terminate))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/licenses/assign", get(handlers::assign))
        .route("/licenses/new", get(forms::new).post(forms::issue))
        .route("/licenses/new/preview", get(forms::preview))
        .route("/licenses/{id}", get(handlers::show))
        .route(
            "/licenses/{id}/edit",
            get(decisions::edit).post(decisions::save),
        )
        .route(
            "/licenses/{id}/{decision}",
            get(decisions::confirm).post(decisions::decide),
        )
}
