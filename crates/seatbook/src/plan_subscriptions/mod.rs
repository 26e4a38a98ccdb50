//! Plan subscriptions: the service plans that customers have.
//!
//! Owns: what a customer has of a plan and which licenses it is made of; assigning plans; overlaps; trials.
//! Does not own: plans (`plans`), licenses and where their units come from (`licenses`), what becomes of an overlap
//! (`crossgrades`), whether a changed composition is approved (`compositions`).
//! Keeps true: a subscription and its licenses come into being in one step or not at all; a customer tries a product
//! once.
//! Others may use: `commands`, `model`, `queries`.

pub mod api;
pub mod commands;
pub mod model;
pub mod overlaps;
pub mod queries;
pub mod renewing;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::show))
        .routes(routes!(api::assign))
        .routes(routes!(api::overlaps))
}
