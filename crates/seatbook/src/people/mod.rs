//! People, where they belong, and how they are asked in.
//!
//! Owns: the verbs and faces of people, memberships and invitations. Its rows stand in `access` (people,
//! links) and `scope` (memberships).
//! Does not own: how a person proves who they are (`access`), what a role allows (`roles`), how mails leave (`mail`).
//! Keeps true: nobody gives or takes away more than they hold; inviting tells nothing of who is known;
//! the root keeps an operator.

pub mod api;
pub mod commands;
pub mod export;
pub mod handlers;
pub mod invitations;
pub mod joining;
pub mod model;
pub mod pages;
pub mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::me))
        .routes(routes!(api::list))
        .routes(routes!(api::show))
        .routes(routes!(api::deactivate))
        .routes(routes!(api::activate))
        .routes(routes!(api::add))
        .routes(routes!(api::membership, api::change, api::remove))
        .routes(routes!(api::invitations, api::invite))
        .routes(routes!(api::invitation, api::revoke))
        .routes(routes!(api::renew))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route(
            "/invitations/{token}",
            get(joining::invitation_form).post(joining::accept),
        )
        .route("/people", get(handlers::list))
        .route(
            "/people/invite",
            get(handlers::invitations::invite_form).post(handlers::invitations::invite),
        )
        .route(
            "/people/invitations/{id}/renew",
            get(handlers::invitations::renew_form).post(handlers::invitations::renew),
        )
        .route(
            "/people/invitations/{id}/revoke",
            get(handlers::invitations::revoke_form).post(handlers::invitations::revoke),
        )
        .route(
            "/people/{id}/edit",
            get(handlers::members::edit).post(handlers::members::update),
        )
        .route(
            "/people/{id}/remove",
            get(handlers::members::remove_form).post(handlers::members::remove),
        )
        .route(
            "/people/{id}/standing",
            get(handlers::members::standing_form).post(handlers::members::standing),
        )
}
