//! Getting back in: a new password by a link that is mailed to its person, or drawn by the machine's operator.
//!
//! Owns: “Forgot your password?”, `seatbook user reset`, what the command line asks the running server, the page of
//! the link.
//! Does not own: the link's row and the password's hash (`access`), the mail on its way (`mail`).
//! Keeps true: a link goes to its person's own address, or to whoever can read the key file on this machine; it works
//! once, for an hour, and ends every session and every older link. Who asks learns nothing of who has an account.

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
            "/forgot-password",
            get(handlers::forgot_form).post(handlers::forgot),
        )
        .route(
            "/reset/{token}",
            get(handlers::reset_form).post(handlers::reset),
        )
        .route(machine::PATH, post(handlers::draw))
}
