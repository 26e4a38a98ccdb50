//! Operations: how those who run Seatbook see how it is, and what keeps its door.
//!
//! Owns: readiness, figures for Prometheus, log lines, the limits of connections and requests, stopping in order.
//! Does not own: what a request does; what is looked at belongs to its rooms.
//! Keeps true: nothing here names a person, a customer or a secret; looking costs the same however often it is done;
//! labels are bounded.
//! Others may use: everything here; only `router` and `serve` stand below.

pub mod arrivals;
pub mod counters;
pub mod door;
pub mod gauges;
pub mod logging;
pub mod readiness;
pub mod requests;
mod seats;
mod socket;

use std::sync::Arc;

use axum::{Router, extract::Request, routing::get};

use crate::app::App;
use readiness::Watcher;

/// What machines ask: they are always let in, and never written down.
pub fn routes(app: &App) -> Router<App> {
    let watcher = Arc::new(Watcher::new(app.clone()));
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route(
            "/readyz",
            get(move || async move { readiness::answer(&watcher).await }),
        )
        .route("/metrics", get(counters::show))
}

/// Whether a request is one of them.
fn is_for_machines(request: &Request) -> bool {
    ["/livez", "/readyz", "/metrics"].contains(&request.uri().path())
}
