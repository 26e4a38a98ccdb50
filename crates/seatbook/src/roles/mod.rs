//! Roles: what people may do, built in or made here.
//!
//! Owns: the verbs and faces of custom roles, and which built-in roles demand a second factor. Rows of
//! custom roles stand in `scope`, the demands in `access`.
//! Does not own: who holds a role (`people`), what a built-in role allows (`scope`).
//! Keeps true: nobody makes a role wider than themselves; a role in use is not removed.

pub mod api;
pub mod commands;
pub mod export;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod reach;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show, api::update, api::remove))
        .routes(routes!(api::demand))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/roles", get(handlers::list))
        .route("/roles/new", get(handlers::new).post(handlers::create))
        .route(
            "/roles/{id}/edit",
            get(handlers::edit).post(handlers::update),
        )
        .route(
            "/roles/{id}/second-factor",
            get(handlers::demand_form).post(handlers::demand),
        )
        .route(
            "/roles/{id}/delete",
            get(handlers::confirm).post(handlers::delete),
        )
}
