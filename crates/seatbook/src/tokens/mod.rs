//! API tokens: how programs act for people.
//!
//! Owns: the faces of tokens. Their rows and their shape stand in `access`.
//! Does not own: recognising a token that is sent (`access`).
//! Keeps true: a token is shown once, kept as a fingerprint, and does no more than its person may.

pub mod api;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::create))
}
