//! Configuration: the console's pages over who uses which unit of one organization.
//!
//! Owns: the tabs Information and Configuration; the pages of one assignment and one holder; the forms that assign,
//! hand on and free units, exchange add-ons, and let holders leave.
//! Does not own: any row or rule; every form submits a command of `assignments` or `holders`.
//! Keeps true: whatever takes something away says first what goes with it, by previewing the very command.
//! Read first: [`lines`] for the list, then `user` for a form.

mod add_ons;
mod assigning;
mod assignment;
mod departure;
pub mod export;
mod holder;
pub mod lines;
mod list;
pub mod pages;
mod unassigning;
mod user;

use axum::{
    Router,
    routing::{get, post},
};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/configuration", get(list::own))
        .route("/organizations/{id}/information", get(list::information))
        .route("/organizations/{id}/configuration", get(list::list))
        .route("/organizations/{id}/unassign", post(unassigning::several))
        .route(
            "/pools/{id}/assign",
            get(assigning::form).post(assigning::submit),
        )
        .route(
            "/pools/{id}/assign-several",
            get(assigning::several).post(assigning::submit_several),
        )
        .route("/assignments/{id}", get(assignment::show))
        .route("/assignments/{id}/user", get(user::form).post(user::submit))
        .route(
            "/assignments/{id}/add-ons",
            get(add_ons::form).post(add_ons::submit),
        )
        .route(
            "/assignments/{id}/unassign",
            get(unassigning::confirm).post(unassigning::submit),
        )
        .route("/holders/{id}", get(holder::show))
        .route(
            "/holders/{id}/hand-over",
            get(departure::hand_over).post(departure::give),
        )
        .route(
            "/holders/{id}/leave",
            get(departure::leave).post(departure::leaves),
        )
        .route(
            "/holders/{id}/erase",
            get(departure::erase).post(departure::erases),
        )
}
