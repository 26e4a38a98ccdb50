//! Overview: the first page, and the pages that show organizations with what they hold.
//!
//! Owns: `/` and the same over the API; the tree of organizations, one organization's page, moving and suspending with
//! numbers. It looks at many rooms at once, so it stands below them all.
//! Does not own: any row or rule; how figures are added up (`figures`); adding and editing an organization (`organizations`).
//! Keeps true: a page is read in one snapshot; what the reader may not see is not counted either.

pub mod api;
mod changes;
mod counts;
pub mod export;
mod home;
mod moving;
mod organization;
pub mod pages;
mod summary;
mod suspending;
mod tree;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::show))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/", get(home::show))
        .route("/organizations", get(tree::list))
        .route("/organizations/{id}", get(organization::show))
        .route(
            "/organizations/{id}/move",
            get(moving::form).post(moving::submit),
        )
        .route("/organizations/{id}/move/preview", get(moving::preview))
        .route(
            "/organizations/{id}/{decision}",
            get(suspending::confirm).post(suspending::decide),
        )
}
