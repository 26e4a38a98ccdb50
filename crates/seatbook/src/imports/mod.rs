//! Imports: files on their way into the book.
//!
//! Owns: uploaded files row by row, their mapping and what is remembered of it, their check, and applying them.
//! Does not own: reading CSV and XLSX (`files`), what rows mean (`sheets`), any rule of what they become.
//! Keeps true: nothing changes before somebody applies; all rows or the good ones, as was said; a crash in the
//! middle and the same request again apply once; the same content again must be asked for.
//! Others may use: [`runs`], which the command line runs too, and what [`uploads`] reads of a form
//! and says of a file.

pub mod api;
pub mod applying;
pub mod command_line;
pub mod commands;
mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod runs;
mod settled;
pub mod uploads;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, files};

/// A file, and the form around it.
const UPLOAD_BYTES: usize = files::MAX_BYTES + 64 * 1024;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .routes(routes!(api::show))
        .routes(routes!(api::map))
        .routes(routes!(api::rows))
        .routes(routes!(api::apply))
        .routes(routes!(api::result_csv))
        .routes(routes!(api::result_xlsx))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/imports", post(handlers::upload))
        .layer(DefaultBodyLimit::max(UPLOAD_BYTES))
        .route("/imports/new", get(handlers::start))
        .route("/imports/samples/{file}", get(handlers::sample))
        .route("/imports/{id}", get(handlers::show))
        .route(
            "/imports/{id}/mapping",
            get(handlers::mapping).post(handlers::map),
        )
        .route("/imports/{id}/preview", get(handlers::preview))
        .route("/imports/{id}/apply", post(handlers::apply))
        .route("/imports/{id}/result.csv", get(api::result_csv))
        .route("/imports/{id}/result.xlsx", get(api::result_xlsx))
}
