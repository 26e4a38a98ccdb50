//! Activation: licenses that find their owner, by a code or by the seller's hand.
//!
//! Owns: selling, codes, redeeming them, the limits on guessing, redemptions that wait for the account manager.
//! Does not own: licenses, and what drawing units means (`licenses`); who sees which pages (`sales`, `portal`).
//! Keeps true: a code is redeemed once and whole; it is never stored in the clear; unknown, used, revoked, expired
//! and foreign are one answer; guesses are counted in the database, in the transaction that answers them.
//! Others may use: `commands`, `model`, `queries`.

pub mod api;
pub mod codes;
pub mod commands;
pub mod guard;
pub mod model;
pub mod queries;
pub mod sweep;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::sell))
        .routes(routes!(api::show_code))
        .routes(routes!(api::renew_code))
        .routes(routes!(api::revoke_code))
        .routes(routes!(api::give))
        .routes(routes!(api::redeem))
        .routes(routes!(api::limits))
        .routes(routes!(api::requests))
        .routes(routes!(api::approve))
        .routes(routes!(api::refuse))
}
