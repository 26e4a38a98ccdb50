//! Getting back in: a new password by a link that the machine's operator draws.
//!
//! Owns: `seatbook user reset`, what the command line asks the running server, the page of the link.
//! Does not own: the link's row and the password's hash (`access`).
//! Keeps true: only whoever can read the key file on this machine draws a link; it works once, for an hour,
//! and ends every session.

pub mod commands;
pub mod handlers;
pub mod machine;
pub mod pages;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/reset/{token}",
            get(handlers::reset_form).post(handlers::reset),
        )
        .route(machine::PATH, post(handlers::draw))
}
