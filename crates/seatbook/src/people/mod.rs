//! People, where they belong, and how they are asked in.
//!
//! Owns: the verbs and faces of people, memberships and invitations. Its rows stand in `access` (people,
//! links) and `scope` (memberships).
//! Does not own: how a person proves who they are (`access`), what a role allows (`roles`).
//! Keeps true: nobody gives or takes away more than they hold; inviting tells nothing of who is known;
//! the root keeps an operator.

pub mod api;
pub mod invitations;
pub mod joining;
pub mod model;
pub mod pages;
pub mod reach;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::me))
        .routes(routes!(api::invite))
        .routes(routes!(api::revoke))
        .routes(routes!(api::renew))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new().route(
        "/invitations/{token}",
        get(joining::invitation_form).post(joining::accept),
    )
}
