//! Organizations: the provider, its partners, their customers.
//!
//! Owns: what an organization is called and how it is known; adding, moving and suspending it.
//! Does not own: the tree's shape (`scope`), what an organization holds (`licenses`), who works there (`access`);
//! the pages that show these beside it, and moving it with them, stand in `overview`.
//! Keeps true: one provider at the root; no circle; nobody learns of an organization outside their subtree.
//! Others may use: `queries`, [`model::Organization`], [`commands::CreateOrganization`].

pub mod api;
pub mod commands;
pub mod forms;
pub mod model;
pub mod pages;
pub mod picker;
pub mod queries;
pub mod tabs;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show, api::update))
        .routes(routes!(api::suspend))
        .routes(routes!(api::resume))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/organizations/options", get(picker::options))
        .route("/organizations/new", get(forms::new).post(forms::create))
        .route(
            "/organizations/{id}/edit",
            get(forms::edit).post(forms::save),
        )
}
