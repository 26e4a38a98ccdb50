//! As of: what organizations held on another day.
//!
//! Owns: telling pools, licenses and customers as they were at the end of a past day, from the journal, and as they will
//! be at the end of a coming one, with what is scheduled.
//! Does not own: any row; how lists of today are read (`holdings`, `customers`).
//! Keeps true: the past is what the journal says and never what is guessed from today; what is to come is said by the
//! same rules that the clock follows; nothing on these pages changes anything; who sees an organization today sees its
//! past, and nobody else does.
//! Others may use: [`export`].

mod api;
mod coming;
mod customers;
mod day;
pub mod export;
mod list;
mod pages;
mod past;
mod tracks;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::pools))
        .routes(routes!(api::customers))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/as-of", get(pages::pools))
        .route("/as-of/pools/{id}", get(pages::customers))
}
