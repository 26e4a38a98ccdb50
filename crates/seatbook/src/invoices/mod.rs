//! Invoices: what licenses cost their owners, numbered and never changed, and what was paid.
//!
//! Owns: drafts, invoices, credit notes, their lines and numbers, payments, and which periods are billed.
//! Does not own: prices (`licenses`), who pays whom and how (`billing`), the pages over them (`invoicing`).
//! Keeps true: numbers of an issuer and series are 1 to n without a hole (but for those of a lost book); what is
//! finalized never changes; a period of a license is billed once; where an invoice stands is computed from payments and
//! the clock, never stored.
//! Read first: `commands`, then `status`. Others may use: `model`, `status`, `queries`, `commands`, [`leave_out`].

pub mod api;
pub mod commands;
pub mod document;
pub mod model;
pub mod queries;
pub mod status;
mod writes;

pub use writes::leave_out;

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::send))
        .routes(routes!(api::draft))
        .routes(routes!(api::show, api::update, api::remove))
        .routes(routes!(api::finalize))
        .routes(routes!(api::credit))
        .routes(routes!(api::payments::record))
        .routes(routes!(api::payments::show))
        .routes(routes!(api::payments::remove))
        .routes(routes!(api::of_license))
}
