//! API tokens: how programs act for people.
//!
//! Owns: the faces of tokens, and revoking them. Their rows and their shape stand in `access`.
//! Does not own: recognising a token that is sent (`access`).
//! Keeps true: a token is shown once, kept as a fingerprint, and does no more than its person may.

pub mod api;
pub mod commands;
pub mod export;
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
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show, api::revoke))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/tokens", get(handlers::list))
        .route("/tokens/new", get(handlers::new).post(handlers::create))
        .route(
            "/tokens/{id}/revoke",
            get(handlers::confirm).post(handlers::revoke),
        )
}
