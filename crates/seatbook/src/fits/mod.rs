//! Fits: the verb and faces of the matrix that says which add-on is made for which base.
//!
//! Owns: changing it. Does not own: its rows (`catalog`), what is bound to what (`assignments`).
//! Keeps true: only an add-on fits, and only bases; each change is a change of the add-on.
//! Others may use: [`commands::SetFits`].

pub mod api;
pub mod commands;
mod handlers;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show, api::set))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    let form = get(handlers::edit).post(handlers::save);
    Router::new().route("/catalog/products/{id}/fits", form)
}
