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

pub use recognise::{Doorkeeper, recognise};

use std::time::Duration;

use axum::{
    Router,
    routing::{get, post},
};
use store::{Place, Timestamp, Watch};

use crate::{app::App, error::Result};

/// Wrong passwords are forgotten after this many seconds.
const FAILURES_KEPT_SECONDS: i64 = 24 * 3600;

/// What somebody may send who was not recognised: a form with an address and passwords. Many of them together take
/// little memory, however slowly they come.
const NOBODYS_BYTES: usize = 64 * 1024;

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
    let place = Place::BULK;
    let purge = app.gate.db().plumb(place, move |mut tx| {
        Box::pin(async move { queries::purge(&mut tx, sessions, failures).await })
    });
    Ok(purge.await?)
}

/// Everything that recognition reads. Adding to it takes nothing from anybody who is remembered, except for a
/// membership; and a use that is noted, or a code that is tried, is no change of rights. These are beginnings of
/// statements to look out for, not statements.
pub const WATCH: Watch = Watch {
    tables: &[
        "api_token",
        "membership",
        "organization",
        "organization_node",
        "person",
        "role",
        "role_policy",
        "session",
    ],
    but: &[
        "INSERT INTO api_token ",
        concat!("INSERT", " INTO organization "),
        concat!("INSERT", " INTO organization_node "),
        "INSERT INTO person ",
        "INSERT INTO session ",
        "UPDATE api_token SET used_at = $2 ",
        "UPDATE person SET failures = (failures + 1) * $2, failed_at = $3 ",
        "UPDATE person SET totp_step = $2 ",
        "UPDATE session SET seen_at = $2 ",
    ],
    time: Duration::from_millis(250),
};

#[cfg(test)]
mod tests {
    use super::WATCH;

    const RECOGNITION: &str = include_str!("queries.rs");

    /// The tables that a function's statement reads.
    fn tables(function: &str) -> Vec<&'static str> {
        let (_, rest) = RECOGNITION
            .split_once(&format!("pub async fn {function}("))
            .expect("recognition asks it");
        let body = rest.split("\n}\n").next().unwrap_or_default();
        let mut words = body.split_ascii_whitespace();
        let mut found = Vec::new();
        while let Some(word) = words.next() {
            if word == "FROM" || word == "JOIN" {
                found.extend(words.next());
            }
        }
        found
    }

    #[test]
    fn everything_that_recognition_reads_is_watched() {
        for function in ["find_token", "find_session", "seats"] {
            let tables = tables(function);
            assert!(!tables.is_empty(), "{function}");
            for table in tables {
                assert!(WATCH.tables.contains(&table), "{function}: {table}");
            }
        }
    }
}
