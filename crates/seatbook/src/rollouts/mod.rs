//! Rollouts: one decision about a service plan for many customers.
//!
//! Owns: what is to be done, for whom, what each answer was; the job that finds out and the job that does it.
//! Does not own: any rule of what is done; each customer is one command of the rooms above, previewed and then run.
//! Keeps true: nothing changes before somebody says so; what fits is done and what does not is named; each customer
//! once, whatever crashes, as its row is settled in the transaction that does it.
//! Others may use: `commands`, [`applying::CarryOut`].

pub mod api;
pub mod applying;
mod checking;
pub mod commands;
pub mod customers;
mod forms;
mod handlers;
pub mod model;
mod pages;
pub mod queries;
pub mod totals;

use axum::{
    Router,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{app::App, jobs::Kind};

/// The jobs of this room.
pub const KINDS: [Kind; 2] = [checking::KIND, applying::KIND];

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show))
        .routes(routes!(api::rows))
        .routes(routes!(api::apply))
        .routes(routes!(api::cancel))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/rollouts", get(handlers::list))
        .route("/rollouts/new", get(forms::new).post(forms::create))
        .route(
            "/rollouts/decide",
            get(handlers::ask_decide).post(handlers::decide),
        )
        .route("/rollouts/plans", get(forms::plans))
        .route("/rollouts/customers", get(forms::customers))
        .route("/rollouts/{id}", get(handlers::show))
        .route("/rollouts/{id}/apply", post(handlers::apply))
        .route(
            "/rollouts/{id}/cancel",
            get(handlers::ask_cancel).post(handlers::cancel),
        )
}
