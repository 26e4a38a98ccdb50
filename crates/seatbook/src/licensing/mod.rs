//! Licensing: the console's pages over one license.
//!
//! Owns: the page of a license; the forms that issue, edit, pause, resume, terminate and delete one.
//! Does not own: licenses and what may be done to them (`licenses`), lists of them (`holdings`).
//! Keeps true: a page asks for nothing that the API would refuse.
//! Others may use: `handlers::row` and what it gives.

pub mod decisions;
pub mod forms;
pub mod handlers;

use axum::{Router, routing::get};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/licenses/assign", get(handlers::assign))
        .route("/licenses/new", get(forms::new).post(forms::issue))
        .route("/licenses/new/preview", get(forms::preview))
        .route("/licenses/{id}", get(handlers::show))
        .route(
            "/licenses/{id}/edit",
            get(decisions::edit).post(decisions::save),
        )
        .route(
            "/licenses/{id}/{decision}",
            get(decisions::confirm).post(decisions::decide),
        )
}
