//! Notices: telling whoever looks after licenses that they end, and that their free units run low.
//!
//! Owns: lead times and audiences, of organizations and of single licenses; what was told, to whom, in which mails.
//! Does not own: the mails themselves (`mail`), the dates (`licenses`), who may do what (`scope`).
//! Keeps true: each lead time before a last day is told once, in the transaction of its mails, however many servers
//! look; an organization is told of ends once on each of its days, of all at once; units that ran low are told of again
//! only after there were enough; where there was nobody to tell, that is kept and shown.
//! Others may use: `queries`, [`pages::summary`], [`sweep::run`]. Read first: `sweep`, then `telling`.

pub mod api;
pub mod commands;
pub mod letters;
pub mod low;
pub mod model;
pub mod pages;
pub mod queries;
pub mod records;
pub mod sweep;
pub mod telling;
pub mod windows;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::show, api::update))
        .routes(routes!(api::policy, api::set_policy))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/licenses/{id}/notices",
            get(windows::edit).post(windows::save),
        )
        .route("/organizations/{id}/notices", get(windows::show))
        .route(
            "/organizations/{id}/notices/edit",
            get(windows::edit_policy).post(windows::save_policy),
        )
}
