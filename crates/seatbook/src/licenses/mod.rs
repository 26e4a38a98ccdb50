//! Licenses: what an organization bought, and the pools its units sit in.
//!
//! Owns: licenses, pools, their dates and states; issuing (the only birth of units), editing, ending.
//! Does not own: passing units on (`allocations`), who uses them (`assignments`).
//! Keeps true: a license has one root pool with all its units; every pool carries its license's dates and
//! whether it is open; state is computed from facts and the clock, never stored.
//! Others may use: `model`, `queries`, `pools`, [`status`].

pub mod api;
pub mod commands;
pub mod model;
pub mod pages;
pub mod pools;
pub mod queries;
pub mod status;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::issue))
        .routes(routes!(api::show, api::update, api::remove))
        .routes(routes!(api::pause))
        .routes(routes!(api::resume))
        .routes(routes!(api::terminate))
        .routes(routes!(api::list_pools))
        .routes(routes!(api::show_pool))
}
