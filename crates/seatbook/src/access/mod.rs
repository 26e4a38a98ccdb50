//! People, and how they and their programs prove who they are.
//!
//! Owns: people, passwords, second factors, sessions, API tokens, invitations; recognising a request's caller.
//! Does not own: what a person may do (`scope`).
//! Keeps true: no default password, ever; secrets are stored as fingerprints or hashes; rights act at the next request.
//! Others may use: [`recognise()`] in the router, `commands::SetUp` for the demo.

pub mod account;
pub mod commands;
pub mod door;
pub mod links;
pub mod model;
pub mod pages;
pub mod passwords;
pub mod queries;
pub mod recognise;
pub mod second_factor;
pub mod tokens;

pub use crate::memory::WATCH;
pub use recognise::{Doorkeeper, recognise};

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
        .route("/sign-in/code", get(door::code_form).post(door::code))
        .route("/sign-out", post(door::sign_out))
        .route("/session/organization", post(door::switch_organization))
        .route("/set-up/{token}", get(door::set_up_form).post(door::set_up))
        .route("/account", get(account::show))
        .route("/account/name", post(account::name))
        .route("/account/password", post(account::password))
        .route("/account/sessions/end-all", post(account::end_others))
        .route("/account/sessions/{id}/end", post(account::end_one))
        .route("/account/second-factor", post(account::begin))
        .route("/account/second-factor/confirm", post(account::confirm))
        .route(
            "/account/second-factor/off",
            get(account::off_form).post(account::off),
        )
        .route("/account/recovery-codes", post(account::renew_codes))
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
