//! The API reference: the OpenAPI document as a page that people read.
//!
//! Owns: that page. Does not own: a word on it; operations are described where they are written.
//! Keeps true: every operation is on it; it loads nothing from elsewhere and needs no script; anybody may
//! read it, since it says nothing of anybody.

pub mod pages;
mod schema;

use std::sync::Arc;

use askama::Template;
use axum::{Router, http::StatusCode, routing::get};

use crate::{app::App, console::answer::html};

/// The page. The document is read once: it does not change while the server runs.
pub fn routes(document: &utoipa::openapi::OpenApi, base_url: &str) -> Router<App> {
    let document = serde_json::to_value(document).unwrap_or_default();
    let page = Arc::new(pages::ReferencePage::of(&document, base_url));
    let show = move || async move { html(StatusCode::OK, page.render()) };
    Router::new().route("/api/v1/docs", get(show))
}
