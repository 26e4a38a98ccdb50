//! Jobs: long work that runs in the background, survives a crash and shows how far it is.
//!
//! Owns: the queue, its workers and leases, trying again, giving up, canceling, progress.
//! Does not own: what a job does; the rooms below bring their [`Kind`]s, and `router` lists them.
//! Keeps true: a job exists exactly when its command does; a step keyed by [`Work::key`] applies once,
//! whatever crashes; who lost a lease writes no more; one job that fails does not hold up the others.
//! Others may use: [`enqueue`], [`Kind`], [`Work`], [`Ended`], [`queries::banner`].
//! The names of people are read from `access`, which stands below: a join by key, for the eye alone.

pub mod api;
pub mod commands;
pub mod events;
pub mod export;
pub mod leases;
pub mod model;
pub mod pages;
pub mod queries;
pub mod runner;
pub mod windows;
pub mod work;

pub use commands::enqueue;
pub use model::{Ended, NewJob};
pub use runner::{Runner, run_until_idle};
pub use work::{Kind, Work};

use axum::{
    Router,
    routing::{get, post},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::show))
        .routes(routes!(api::events))
        .routes(routes!(api::retry))
        .routes(routes!(api::cancel))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/jobs", get(windows::list))
        .route("/jobs/{id}", get(windows::show))
        .route("/jobs/{id}/events", get(windows::events))
        .route("/jobs/{id}/retry", post(windows::retry))
        .route(
            "/jobs/{id}/cancel",
            get(windows::ask_cancel).post(windows::cancel),
        )
}
