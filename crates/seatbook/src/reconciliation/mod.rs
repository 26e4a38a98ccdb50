//! Reconciliation: what customers bought, were passed, use and were billed for, side by side.
//!
//! Owns: the page, the operation and the list for a file that lay these numbers beside each other, month by month.
//! Does not own: any of the numbers: licenses, pools, invoices and statements are their rooms'.
//! Keeps true: a number is of the end of its month, told from the journal where that is past; of a customer one sees
//! what is between it and the one above it; a page takes the same time however many customers there are.
//! Read first: `model`, then `gathering`.

pub mod api;
pub mod export;
pub mod gathering;
pub mod list;
pub mod model;
pub mod order;
mod queries;
mod then;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::list))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new().route("/reconciliation", get(list::show))
}
