//! Amendments: what a customer has of a service plan, changed as one.
//!
//! Owns: changing units, prices, last day, renewal and notice of a plan subscription in one step, with the money of it;
//! converting a trial; the console's page for it.
//! Does not own: the money of one license and terms (`renewals`), who gives way (`subscriptions`), plan subscriptions
//! as rows (`plan_subscriptions`), what becomes of overlaps (`crossgrades`).
//! Keeps true: a change is done whole or not at all; a trial stays as it was given, and what is not for resale keeps its
//! units; all licenses of a service plan end on its last day, or earlier where what they were drawn from does.

pub mod api;
pub mod commands;
mod form;
pub mod model;
mod pages;
mod windows;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::change))
        .routes(routes!(api::convert))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/plan-subscriptions/{id}/change",
            get(windows::change).post(windows::save),
        )
        .route(
            "/plan-subscriptions/{id}/change/preview",
            get(windows::preview),
        )
}
