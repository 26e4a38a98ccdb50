//! Dispatch: invoices as files, on their way to whoever pays them.
//!
//! Owns: the PDF and e-invoices of a finalized invoice, and the one mail that carries them.
//! Does not own: what an invoice says (`invoices`), how a page of it looks (the `documents` crate), sending (`mail`).
//! Keeps true: files are made once and never change; files and mail stand in one transaction, so however often the job
//! is begun there is one of each.
//! Read first: `delivering`.

pub mod api;
pub mod delivering;
pub mod files;
mod queries;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::pdf))
        .routes(routes!(api::facturx))
        .routes(routes!(api::ubl))
}

/// The files of this room, for people.
pub fn pages() -> Router<App> {
    Router::new().route("/invoices/{id}/documents/{kind}", get(files::download))
}
