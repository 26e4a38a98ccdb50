//! Portal: the customer's side. What it has, codes it adds, units it asks for.
//!
//! Owns: the pages of a customer's people. Does not own: anything they show, or any rule.
//! Keeps true: it shows what belongs to the organization acted for, and nothing of whoever sold it.

pub mod handlers;
pub mod pages;
pub mod requests;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/portal", get(handlers::show))
        .route("/portal/redeem", post(handlers::redeem))
        .route(
            "/portal/requests/new",
            get(requests::new).post(requests::ask),
        )
        .route(
            "/portal/requests/{id}/withdraw",
            get(requests::confirm).post(requests::withdraw),
        )
}
