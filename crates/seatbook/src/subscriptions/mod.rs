//! Subscriptions: units seen from their end. What renews, what does not, what stops at once.
//!
//! Owns: what was decided about the renewal of a pool's units; terminating, unsubscribing, reactivating, reducing.
//! Does not own: pools (`licenses`), who uses their units (`assignments`), who gives way (`rules::reduction`).
//! Keeps true: a unit that was received goes back where it came from, an own one lowers its license; nobody loses a
//! unit that somebody has not seen named; what was terminated is brought back by a new record.
//! Read first: `commands`. Others may use: `model`, `queries`, `commands`.

pub mod api;
pub mod commands;
pub mod decisions;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod planner;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::terminate_set))
        .routes(routes!(api::show, api::update))
        .routes(routes!(api::terminate))
        .routes(routes!(api::unsubscribe))
        .routes(routes!(api::reactivate))
        .routes(routes!(api::plan, api::reduce))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/organizations/{id}/subscriptions", get(handlers::list))
        .route("/subscriptions/{id}", get(handlers::show))
        .route(
            "/subscriptions/{id}/reduction",
            get(planner::show).post(planner::reduce),
        )
        .route(
            "/subscriptions/{id}/{decision}",
            get(decisions::confirm).post(decisions::decide),
        )
}
