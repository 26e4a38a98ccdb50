//! Exports: any list as a file, as it is shown.
//!
//! Owns: who asked for which list, the file that was made of it, for a week; the thread that writes one.
//! Does not own: what a list says (each list's room), how a file looks (`files`), the job (`jobs`).
//! Keeps true: a file is for who asked, and only while they may read that list and hold what filled its columns; it is read in short portions, never in
//! one long reading; files are written below everybody else's priority, and of those that jobs write a server writes one at
//! a time; a try that was overtaken leaves nothing.
//! Read first: docs/decisions/0021. Others may use: [`KIND`], [`forget`].

pub mod api;
pub mod commands;
pub mod handlers;
pub mod lists;
pub mod model;
pub mod queries;
pub mod taking;
pub mod writing;

pub use queries::forget;
pub use writing::KIND;

use axum::{
    Router,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::create))
        .routes(routes!(api::show))
        .routes(routes!(api::file))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/exports", post(handlers::take))
        .route("/exports/{id}/file", get(handlers::download))
}
