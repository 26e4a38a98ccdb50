//! Calendars: first and last days of licenses, for calendar programs.
//!
//! Owns: the secret address of each organization's calendar, and what stands at it.
//! Does not own: the days (`licenses`), the page on which an address is made and withdrawn (`notices` shows it).
//! Keeps true: an address is shown once and kept as a fingerprint; one that was renewed, withdrawn or never made
//! answers to the byte the same; a suspended organization has no calendar.
//! Others may use: `queries`, `model`.

pub mod api;
pub mod commands;
pub mod feed;
pub mod icalendar;
pub mod model;
pub mod queries;
pub mod windows;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show, api::renew, api::withdraw))
}

/// The pages of this room, and the calendars.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/organizations/{id}/calendar-feed/{decision}",
            get(windows::confirm).post(windows::decide),
        )
        .route("/calendars/{file}", get(feed::read))
}
