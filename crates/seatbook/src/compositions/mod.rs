//! Compositions: what a service plan is made of changed, and for each customer somebody approves that or declines it.
//!
//! Owns: what approving would bring; approving, declining; the pages over both, and over the customers of a plan that
//! have an earlier composition.
//! Does not own: what a plan is made of (`plans`), what a customer has of it (`plan_subscriptions`), that nothing of a
//! locked plan changes meanwhile (`licenses`), deciding for many customers at once.
//! Keeps true: a customer gets all of a composition or nothing of it; what it has of components that stay, stays;
//! nobody loses a unit by it: what is gone runs to its own end.
//! Others may use: `commands`, `model`, `queries`.

pub mod api;
mod coming;
pub mod commands;
pub mod customers;
mod handlers;
pub mod model;
mod pages;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::show))
        .routes(routes!(api::approve))
        .routes(routes!(api::decline))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/plan-subscriptions/{id}/composition",
            get(handlers::review).post(handlers::decide),
        )
        .route("/catalog/plans/{id}/customers", get(customers::list))
}
