//! Sales: the account manager's desk. What was sold, to whom, with which code, for how much.
//!
//! Owns: the list of sold licenses and the pages over one, adding and giving, redemptions that wait.
//! Does not own: licenses, codes and their rules (`activation`), the customer's side (`portal`).
//! Keeps true: it shows what the caller's organization sold, and codes and prices to those alone who may have them.

pub mod api;
pub mod decisions;
pub mod export;
pub mod forms;
pub mod handlers;
pub mod pages;
pub mod queries;
pub mod requests;
pub mod waiting;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::list))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/sales", get(handlers::list))
        .route("/sales/new", get(forms::new).post(forms::sell))
        .route("/sales/requests", get(requests::list))
        .route(
            "/sales/requests/{id}/{decision}",
            get(requests::ask).post(requests::decide),
        )
        .route("/sales/redemptions", get(waiting::list))
        .route(
            "/sales/redemptions/{id}/{decision}",
            get(waiting::confirm).post(waiting::decide),
        )
        .route("/sales/{id}", get(handlers::show))
        .route("/sales/{id}/edit", get(forms::edit).post(forms::save))
        .route(
            "/sales/{id}/{decision}",
            get(decisions::confirm).post(decisions::decide),
        )
}
