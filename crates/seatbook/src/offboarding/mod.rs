//! Offboarding: an organization that leaves on a day.
//!
//! Owns: that it leaves, when and why; what ends with that; doing it by the clock, and taking it back before.
//! Does not own: what ends (`assignments`, `licenses`, `subscriptions`), suspension (`organizations`).
//! Keeps true: an organization leaves once at a time, once however many servers look and however late; its units are
//! back in the pools they came from when it has left, and nobody at or below it uses one.
//! Others may use: `queries`, [`sweep::run`], [`model::Offboarding`]. Read first: `commands::step`.

pub mod api;
pub mod commands;
pub mod model;
pub mod queries;
pub mod sweep;
pub mod windows;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show, api::plan, api::withdraw))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new().route(
        "/licenses/{id}/customers/{organization_id}/offboard",
        get(windows::form).post(windows::decide),
    )
}
