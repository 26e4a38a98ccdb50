//! The pages no room owns: an error, and "are you sure, this is what it does".

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::answer::part_or_page;
use super::fields::Field;
use super::frame::Frame;
use super::layout::Shell;

/// What went wrong, for someone who is signed in: 403, 404, 409, 500 or 503.
#[derive(Template)]
#[template(path = "console/page_error.html")]
pub struct PageError {
    /// The frame.
    pub shell: Shell,
    /// The HTTP status.
    pub status: u16,
    /// The stable code, for example `pool.exhausted`.
    pub code: String,
    /// One line: "This page does not exist".
    pub title: String,
    /// One or two sentences for a person.
    pub message: String,
    /// Problems per field: (field, what is wrong).
    pub fields: Vec<(String, String)>,
    /// Where to go from here.
    pub href: String,
    /// The words on that button.
    pub label: String,
    /// The number that finds this request in the logs.
    pub request_id: String,
}

/// The same for someone who is not signed in.
#[derive(Template)]
#[template(path = "console/blank_error.html")]
pub struct BlankError {
    /// The HTTP status.
    pub status: u16,
    /// One line.
    pub title: String,
    /// One or two sentences for a person.
    pub message: String,
    /// Where to go from here.
    pub href: String,
    /// The words on that button.
    pub label: String,
    /// The number that finds this request in the logs.
    pub request_id: String,
}

/// The last step before something that cannot simply be taken back; says first, with numbers, what it does.
#[derive(Template)]
#[template(path = "console/confirm.html", blocks = ["sheet"])]
pub struct Confirm {
    /// The frame.
    pub shell: Shell,
    /// The question: "Suspend Nordlicht Partners?".
    pub title: String,
    /// What it does, in one or two sentences.
    pub lead: String,
    /// The numbers: (what, how many).
    pub facts: Vec<(String, String)>,
    /// What stops or is lost, one sentence each; or why it is not possible.
    pub warnings: Vec<String>,
    /// Further fields, hidden ones too.
    pub fields: Vec<Field>,
    /// `warn`, or `bad` for a red button.
    pub tone: &'static str,
    /// Whether it can be done at all; without it there is no button.
    pub allowed: bool,
    /// Where the form is posted.
    pub action: String,
    /// The words on the button: "Suspend".
    pub label: String,
    /// Where Cancel leads.
    pub back: String,
    /// The words of that place.
    pub back_label: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// A form over one thing: in the drawer, or on a page of its own.
#[derive(Template)]
#[template(path = "console/sheet.html", blocks = ["sheet"])]
pub struct Sheet {
    /// The frame.
    pub shell: Shell,
    /// "New holder", "Edit Anna Berg" …
    pub title: String,
    /// What helps to fill it; empty for nothing.
    pub lead: String,
    /// Its fields, hidden ones too.
    pub fields: Vec<Field>,
    /// Where the form is posted.
    pub action: String,
    /// The words on the button.
    pub label: String,
    /// Where Cancel leads.
    pub back: String,
    /// The words of that place.
    pub back_label: String,
    /// Why the last try was refused, as far as no field says it.
    pub error: Option<String>,
}

impl Sheet {
    /// The form in the drawer where the module asks for it, else as a page.
    pub fn shown(&self, frame: &Frame, status: StatusCode) -> Response {
        part_or_page(
            frame.fragment,
            status,
            || self.as_sheet().render(),
            || self.render(),
        )
    }
}

impl Confirm {
    /// The question in the drawer where the module asks for it, else as a page.
    pub fn shown(&self, frame: &Frame, status: StatusCode) -> Response {
        part_or_page(
            frame.fragment,
            status,
            || self.as_sheet().render(),
            || self.render(),
        )
    }
}

/// What a picker offers for what was typed so far; the module asks for it.
#[derive(Template)]
#[template(path = "console/options.html")]
pub struct PickerOptions {
    /// What can be picked, at most as many as fit a glance.
    pub options: Vec<PickerOption>,
    /// Whether more would match.
    pub more: bool,
}

impl PickerOptions {
    /// How many a picker offers at once.
    pub const MOST: i64 = 20;

    /// The first of what was found; whoever asks looks for one more than are shown.
    pub fn of(found: impl ExactSizeIterator<Item = PickerOption>) -> Self {
        let most = usize::try_from(Self::MOST).unwrap_or_default();
        PickerOptions {
            more: found.len() > most,
            options: found.take(most).collect(),
        }
    }
}

/// One thing to pick.
#[derive(Clone, Debug, Default)]
pub struct PickerOption {
    /// What is sent.
    pub value: String,
    /// What people read, and what stands in the field afterwards.
    pub label: String,
    /// A word or two beside it.
    pub note: String,
}

/// A refusal inside a drawer.
#[derive(Template)]
#[template(path = "console/refused.html")]
pub struct RefusedSheet {
    /// One line.
    pub title: String,
    /// One or two sentences for a person.
    pub message: String,
}
