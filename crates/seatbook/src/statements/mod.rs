//! Statements: what distributors say that customers have, month by month.
//!
//! Owns: uploaded statements row by row, their columns, and which customer and product a row is about.
//! Does not own: what is laid beside them (`reconciliation`), reading CSV and XLSX (`files`), customers and products.
//! Keeps true: a statement changes nothing in the book; a month has one at most; a row that matches nothing says why;
//! amounts are shown to those who may see prices; 90 days later it is forgotten.
//! Others may use: `model`, `queries`.

pub mod api;
pub mod commands;
pub mod export;
mod handlers;
mod matching;
pub mod model;
pub mod queries;
pub mod sweep;
pub mod uploads;

use axum::{Router, extract::DefaultBodyLimit, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, files};

/// A file, and the form around it.
const UPLOAD_BYTES: usize = files::MAX_BYTES + 64 * 1024;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .routes(routes!(api::show, api::remove))
        .routes(routes!(api::map))
        .routes(routes!(api::rows))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/statements/new",
            get(handlers::form).post(handlers::upload),
        )
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .route("/statements/{id}", get(handlers::show).post(handlers::map))
        .route(
            "/statements/{id}/remove",
            get(handlers::confirm_removal).post(handlers::remove),
        )
}
