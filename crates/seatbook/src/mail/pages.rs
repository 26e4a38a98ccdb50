//! What the pages of the Outbox show.

use askama::Template;
use axum::{
    http::header,
    response::{IntoResponse, Response},
};

use super::model::{Attachment, Enclosure};
use crate::console::{
    badges::Badge,
    layout::Shell,
    table::{Column, Filter, ListView},
};

/// `/mails`.
#[derive(Template)]
#[template(path = "mail/list.html", blocks = ["rows"])]
pub struct MailsPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filters, pages; start from `mail_list`.
    pub list: ListView,
    /// The mails, newest first.
    pub rows: Vec<MailRow>,
    /// Whether mails leave this server.
    pub sends: bool,
}

/// One mail.
#[derive(Clone, Debug, Default)]
pub struct MailRow {
    /// The mail.
    pub id: String,
    /// Its subject.
    pub subject: String,
    /// Whom it goes to: a name, or the address.
    pub to: String,
    /// Where it goes, where `to` is a name.
    pub address: String,
    /// What sort of mail, in words.
    pub kind: String,
    /// When it was written, in words.
    pub written: String,
    /// As `badges::mail`.
    pub status: Badge,
    /// Why it has not left.
    pub reason: String,
}

/// The columns and filters of `/mails`.
pub fn mail_list() -> ListView {
    let states = [
        ("", "All"),
        ("kept", "Kept"),
        ("waiting", "Waiting"),
        ("sent", "Sent"),
        ("failed", "Failed"),
    ];
    ListView {
        path: "/mails".into(),
        export: "/exports?list=mails".into(),
        search: "Recipient or subject",
        sort: "-created".into(),
        noun: ("mail", "mails"),
        columns: vec![
            Column::fixed("subject", "Mail").unsorted(),
            Column::fixed("to", "To").unsorted(),
            Column::optional("kind", "Kind", true).unsorted(),
            Column::optional("written", "Written", true).unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new("tabs", "state", "State", &states)],
        ..ListView::default()
    }
}

/// `/mails/{id}`.
#[derive(Template)]
#[template(path = "mail/show.html")]
pub struct MailPage {
    /// The frame.
    pub shell: Shell,
    /// The mail.
    pub row: MailRow,
    /// From, to, when, tries, Message-ID … as (name, value).
    pub facts: Vec<(String, String)>,
    /// The last words of the mail server.
    pub answer: String,
    /// How often it was sent again because nobody knew whether it had left.
    pub resent_unknown: i64,
    /// What it says; none where it may not be read.
    pub text: Option<String>,
    /// Its files.
    pub attachments: Vec<Enclosure>,
    /// What the button says; none where there is nothing to send.
    pub send: Option<&'static str>,
    /// Whether mails leave this server.
    pub sends: bool,
}

/// What a mail's own page may load: nothing but its own colours. Nothing in it runs, and it opens nothing.
const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// A mail as its recipient sees it, as a document that can do nothing.
pub fn sandboxed(html: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY),
    ];
    (headers, html).into_response()
}

/// A file to be kept; never a page of ours, whatever it holds.
pub fn download(file: Attachment) -> Response {
    let plain = |c: char| match c {
        '"' | '\\' => '_',
        ' '..='~' => c,
        _ => '_',
    };
    let name: String = file.name.chars().map(plain).collect();
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
        (header::CONTENT_SECURITY_POLICY, CONTENT_POLICY.to_owned()),
    ];
    (headers, file.content).into_response()
}
