//! Renewals: the terms of a license, one after the other.
//!
//! Owns: the terms that licenses had, what the next one shall be, renewing at the end of a term, bringing terms to one
//! last day, and the money of changes in the middle of one.
//! Does not own: what of a pool renews (`subscriptions`), dates and units (`licenses`), the arithmetic
//! (`rules::change`), invoices.
//! Keeps true: a term begins on the day after the one before it; it ends once, however many servers look, and however
//! late; a license renews only where that was decided or is its way from the beginning; it never outlives the one its
//! units were drawn from.
//! Others may use: `commands`, `model`, `queries`, `terms`, [`sweep::run`]. Read first: `sweep`, then `commands::renew`.

pub mod api;
pub mod commands;
pub mod model;
pub mod queries;
pub mod sweep;
pub mod terms;
pub mod windows;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::show, api::schedule, api::withdraw))
        .routes(routes!(api::change))
        .routes(routes!(api::co_term))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/subscriptions/{id}/terms", get(windows::terms))
        .route(
            "/subscriptions/{id}/change",
            get(windows::change).post(windows::save_change),
        )
        .route(
            "/subscriptions/{id}/change/preview",
            get(windows::preview_change),
        )
        .route(
            "/subscriptions/{id}/next-term",
            get(windows::next_term).post(windows::save_next_term),
        )
        .route(
            "/subscriptions/{id}/next-term/preview",
            get(windows::preview_next_term),
        )
        .route(
            "/organizations/{id}/co-term",
            get(windows::choose).post(windows::bring),
        )
        .route(
            "/organizations/{id}/co-term/preview",
            get(windows::preview_co_term),
        )
}
