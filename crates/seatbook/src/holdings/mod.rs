//! Holdings: licenses and pools as lists, however many there are.
//!
//! Owns: the page and the operations that list them, their sorts, cursors, figures and files.
//! Does not own: a license or a pool by itself (`licenses`), who received units (`allocations`).
//! Keeps true: a page takes the same time however much the book holds; it begins behind a place, never behind
//! a number of rows; every row is on exactly one page, whatever the sort.
//! Others may use: everything but the handlers.

pub mod api;
pub mod export;
pub mod figures;
pub mod handlers;
mod keyword;
pub mod licenses;
pub mod pages;
pub mod places;
pub mod pools;
pub mod sort;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::list_pools))
        .routes(routes!(api::show_pool))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new().route("/licenses", get(handlers::list))
}
