//! Invoicing: the console's pages over invoices and payments.
//!
//! Owns: the list of invoices, the page of one document, what is asked before something is sent, finalized, credited,
//! recorded or taken back. Does not own: any rule or row; those are `invoices`'.
//! Keeps true: what is about to be billed is said with its amounts, by preview, before it is.
//! Read first: `handlers`.

pub mod decisions;
pub mod export;
pub mod handlers;
pub mod pages;
pub mod payments;
pub mod sending;

use axum::{Router, routing::get};

use crate::app::App;

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/invoices", get(handlers::list))
        .route(
            "/invoices/send",
            get(sending::confirm_send).post(sending::send),
        )
        .route("/invoices/{id}", get(handlers::show))
        .route(
            "/invoices/{id}/payments",
            get(payments::new_payment).post(payments::pay),
        )
        .route(
            "/invoices/{id}/{decision}",
            get(decisions::confirm).post(decisions::decide),
        )
        .route(
            "/payments/{id}/remove",
            get(payments::confirm_removal).post(payments::remove_payment),
        )
}
