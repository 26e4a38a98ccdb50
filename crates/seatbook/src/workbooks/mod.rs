//! Workbooks: the customers of a license as a file that is edited in a spreadsheet and comes back.
//!
//! Owns: what was exported, row by row, for 90 days; the keys by which rows are known again; the file.
//! Does not own: who the customers are (`customers`), comparing a file that came back (`differences`), checking and
//! applying it (`imports`), lists as files of any kind.
//! Keeps true: the file of one that can come back says what is remembered of it, and nothing else; what is in a file
//! stays remembered as it is; no file of more than 100,000 customers comes back; a key says nothing of anybody.
//! Others may use: `queries`, `keys`, `returned`, [`exporting::forget`].

pub mod api;
pub mod commands;
pub mod exporting;
mod file;
pub mod keys;
pub mod model;
mod pages;
pub mod queries;
pub mod returned;

use axum::{Router, routing::get};
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
        .route(
            "/licenses/{id}/workbook",
            get(pages::show).post(pages::export),
        )
        .route("/workbooks/{id}/file", get(api::file))
}
