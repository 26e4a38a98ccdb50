//! Billing: what stands on invoices about an organization, as seller and as buyer.
//!
//! Owns: billing profiles: legal name, address, account, numbering, taxes; and whose invoicing is parked.
//! Does not own: invoices (`invoices`), prices (`licenses`), the name people use (`organizations`).
//! Keeps true: how a buyer is taxed is said by whoever sells to it; its currency is that of its first invoice.
//! Others may use: `model`, `queries`, `commands`.

pub mod api;
pub mod commands;
pub mod forms;
pub mod model;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::show, api::update))
        .routes(routes!(api::unpark))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/organizations/{id}/billing",
            get(forms::edit).post(forms::save),
        )
        .route(
            "/organizations/{id}/billing/unpark",
            get(forms::confirm).post(forms::unpark),
        )
}
