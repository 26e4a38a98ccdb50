//! Customers: a license seen from those it was passed to.
//!
//! Owns: the customers of a pool as a list of any length, its key metrics; taking a customer in, and editing one, each
//! in one step.
//! Does not own: organizations, shares, invitations and billing profiles: each is changed by its own room's verb; leaving
//! (`offboarding`).
//! Keeps true: a customer is taken in whole or not at all; of names that sound alike, only those are told that the caller
//! sees; a page takes the same time however many customers there are.
//! Others may use: `queries`, `commands`.

pub mod api;
pub mod commands;
pub mod duplicates;
pub mod editing;
pub mod list;
pub mod model;
pub mod onboarding;
pub mod queries;
pub mod trend;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::metrics))
        .routes(routes!(api::create))
        .routes(routes!(api::update))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/licenses/{id}/customers", get(list::show))
        .route(
            "/licenses/{id}/customers/new",
            get(onboarding::form).post(onboarding::create),
        )
        .route(
            "/licenses/{id}/customers/new/preview",
            get(onboarding::preview),
        )
        .route(
            "/licenses/{id}/customers/{organization_id}/edit",
            get(editing::form).post(editing::save),
        )
}
