//! Crossgrades: a customer moves to a plan that shares components with what it has.
//!
//! Owns: what becomes of each overlap; carrying bindings over; what is left over of a smaller plan; the money of it.
//! Does not own: assigning plans (`plan_subscriptions`), pools (`licenses`), who gives way (`subscriptions`).
//! Keeps true: a crossgrade is done whole or not at all; whoever is left without a unit was named before; no holder is
//! bound twice to a product unless both licenses were to be kept: who would be keeps the one they have.
//! Others may use: `commands`, `model`.

pub mod api;
pub mod commands;
pub mod model;
pub mod queries;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::crossgrade))
        .routes(routes!(api::show))
}
