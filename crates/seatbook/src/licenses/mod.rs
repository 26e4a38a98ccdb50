//! Licenses: what an organization bought, and the pools its units sit in.
//!
//! Owns: licenses, pools, their dates and states; issuing (the only birth of units), editing, ending.
//! Does not own: their pages (`licensing`), lists of them (`holdings`), passing units on (`allocations`), who uses them
//! (`assignments`).
//! Keeps true: a license has one root pool with all its units; every pool carries its license's dates and
//! whether it is open; state is computed from facts and the clock, never stored; units that were drawn from a pool are
//! counted there as allocated, and their license stays within the dates of the one they came from; parts of a service
//! plan that was composed anew stay as they are until somebody decides about that.
//! Others may use: `model`, `queries`, `pools`, `rows`, `carrying`.

pub mod api;
pub mod carrying;
pub mod commands;
pub mod model;
pub mod pools;
pub mod queries;
pub mod rows;

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
