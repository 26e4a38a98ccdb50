//! Mails on their way out: written with what they are about, sent once, or kept where there is no mail server.
//!
//! Owns: the outbox, its deliverer, the words and looks of mails, how a mail server is spoken to.
//! Does not own: why a mail is written; the rooms below call [`queue`] in their commands.
//! Keeps true: a mail exists exactly when its command does; one cause is one mail with one Message-ID; none
//! is said to be sent before a mail server took it. Only where nobody knows whether one left (a crash or a broken
//! line before the server's answer was written down) it is sent again, under the same Message-ID, and counted.
//! Others may use: [`queue`], [`withdraw`], [`hold`], [`NewMail`], [`Attachment`], [`Readers`], [`templates`].

pub mod api;
pub mod commands;
pub mod delivery;
pub mod letter;
pub mod model;
pub mod pages;
pub mod posting;
pub mod queries;
pub mod smtp;
pub mod templates;
pub mod windows;

pub use commands::{hold, queue, withdraw};
pub use delivery::{Deliverer, deliver_until_idle};
pub use letter::{Letter, Mailer, Verdict};
pub use model::{Attachment, Content, NewMail, Readers};
pub use posting::free_all;
pub use smtp::Smtp;

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
        .routes(routes!(api::attachment))
        .routes(routes!(api::send))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/mails", get(windows::list))
        .route("/mails/{id}", get(windows::show))
        .route("/mails/{id}/html", get(windows::as_html))
        .route(
            "/mails/{id}/attachments/{attachment_id}",
            get(windows::attachment),
        )
        .route("/mails/{id}/send", post(windows::send))
}
