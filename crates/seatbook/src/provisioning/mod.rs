//! Provisioning: the console's pages over the service plans of one customer.
//!
//! Owns: the Licenses tab of an organization; the form that assigns a plan; the review of a crossgrade; the page of one
//! plan subscription.
//! Does not own: plans (`plans`), what customers have of them (`plan_subscriptions`), what becomes of overlaps
//! (`crossgrades`), single licenses (`licensing`).
//! Keeps true: a page asks for nothing that the API would refuse; what it says beforehand is the gate's own preview.
//! Others may use: `coming`, `orders`, `pages` and their templates, `picker`, and of `licenses` the badges.

mod assigning;
pub mod coming;
mod crossgrading;
mod leftover;
pub mod licenses;
pub mod orders;
pub mod pages;
pub mod picker;
mod queries;
mod review;
mod subscription;

use axum::{Router, routing::get};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/organizations/{id}/licenses", get(licenses::show))
        .route("/organizations/{id}/licenses/plans", get(picker::options))
        .route(
            "/organizations/{id}/licenses/assign",
            get(assigning::new).post(assigning::assign),
        )
        .route(
            "/organizations/{id}/licenses/assign/preview",
            get(assigning::preview),
        )
        .route(
            "/organizations/{id}/licenses/crossgrade",
            get(crossgrading::review).post(crossgrading::crossgrade),
        )
        .route(
            "/organizations/{id}/licenses/{license_id}/delete",
            get(leftover::confirm).post(leftover::delete),
        )
        .route("/plan-subscriptions/{id}", get(subscription::show))
}
