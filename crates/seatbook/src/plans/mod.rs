//! Plans: service plans, the named templates by which several licenses are given to a customer as one.
//!
//! Owns: service plans and what they are made of.
//! Does not own: SKUs (`catalog`), what customers have of a plan (`plan_subscriptions`).
//! Keeps true: a composition never changes; what is made of other parts is the next composition. A plan that a customer
//! was given keeps its edition and stays; whoever gives it says so by `queries::mark_assigned`, before anything else.
//! Others may use: `model`, `queries`, and `commands` to tell a story.

pub mod api;
pub mod commands;
mod composing;
pub mod facts;
mod forms;
pub mod handlers;
pub mod model;
mod pages;
pub mod queries;
mod typed;
mod writes;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show, api::update, api::remove))
        .routes(routes!(api::compose))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/catalog/plans", get(handlers::list))
        .route("/catalog/plans/new", get(forms::new).post(forms::create))
        .route("/catalog/plans/options", get(handlers::options))
        .route("/catalog/plans/{id}", get(handlers::show))
        .route(
            "/catalog/plans/{id}/edit",
            get(forms::edit).post(forms::save),
        )
        .route(
            "/catalog/plans/{id}/composition",
            get(forms::composition).post(forms::compose),
        )
        .route(
            "/catalog/plans/{id}/delete",
            get(forms::ask_delete).post(forms::delete),
        )
}
