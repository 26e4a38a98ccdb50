//! History: the journal as people and programs read it.
//!
//! Owns: showing entries, whoever made them, with what they changed; taking changes back.
//! Does not own: the entries (`journal`), putting their rows back (`undo`).
//! Keeps true: an entry is seen by those who hold `journal.read` where it belongs, and by nobody else.
//! Names of people are read when they are shown: the journal itself holds ids.

pub mod api;
pub mod door;
pub mod export;
pub mod list;
pub mod pages;
mod prices;
pub mod queries;
pub mod undoing;
pub mod windows;
pub mod wording;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::head))
        .routes(routes!(api::show))
        .routes(routes!(door::undo))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/journal", get(windows::list))
        .route("/journal/{id}", get(windows::show))
        .route("/journal/{id}/undo", get(door::ask).post(door::decide))
}
