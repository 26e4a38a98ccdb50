//! Holders: who and what uses units: users, devices, screens, telephone extensions.
//!
//! Owns: holders and what is known of them; adding and changing them, finding them by any field.
//! Does not own: which units they have (`assignments`), and so neither their leaving nor whose device it is.
//! Keeps true: an e-mail address, extension, direct number, serial and reference belong to one present holder of
//! an organization; personal data stands in this room's tables alone, never in the journal.
//! Others may use: `model`, `queries`, [`commands::AddHolders`].

pub mod api;
pub mod commands;
pub mod export;
mod forms;
mod list;
pub mod model;
pub mod pages;
pub mod queries;
pub mod records;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list, api::create))
        .routes(routes!(api::show, api::update))
}

/// The pages of this room; what a holder uses stands on pages of `configuration`.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/holders", get(list::all))
        .route("/holders/options", get(list::options))
        .route("/holders/new", get(forms::new).post(forms::create))
        .route("/holders/{id}/edit", get(forms::edit).post(forms::save))
        .route("/organizations/{id}/holders", get(list::of_one))
}
