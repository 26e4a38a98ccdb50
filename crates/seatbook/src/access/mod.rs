//! People, and how they and their programs prove who they are.
//!
//! Owns: people, passwords, second factors, sessions, API tokens, invitations; recognising a request's caller.
//! Does not own: what a person may do (`scope`).
//! Keeps true: no default password, ever; secrets are stored as fingerprints or hashes; rights act at the next request.
//! Others may use: [`recognise`] in the router, `commands::SetUp` for the demo.

pub mod commands;
pub mod door;
pub mod links;
pub mod model;
pub mod pages;
pub mod passwords;
pub mod queries;
pub mod recognise;
pub mod tokens;

pub use recognise::recognise;

use axum::{
    Router,
    routing::{get, post},
};
use store::{Lane, Place, Timestamp};

use crate::{app::App, error::Result};

/// Wrong passwords are forgotten after this many seconds.
const FAILURES_KEPT_SECONDS: i64 = 24 * 3600;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/sign-in", get(door::sign_in_form).post(door::sign_in))
        .route("/sign-out", post(door::sign_out))
        .route("/session/organization", post(door::switch_organization))
        .route("/set-up/{token}", get(door::set_up_form).post(door::set_up))
        .route("/reset/{token}", get(door::reset_form).post(door::reset))
}

/// Forgets ended sessions and old failures.
pub async fn purge(app: &App, now: Timestamp) -> Result<()> {
    let sessions = now.plus_seconds(-recognise::SESSION_SECONDS);
    let failures = now.plus_seconds(-FAILURES_KEPT_SECONDS);
    let place = Place {
        lane: Lane::Bulk,
        ..Place::ALONE
    };
    let purge = app.gate.db().plumb(place, move |mut tx| {
        Box::pin(async move { queries::purge(&mut tx, sessions, failures).await })
    });
    Ok(purge.await?)
}
