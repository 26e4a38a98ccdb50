//! What the pages at the door and the account page show.

use askama::Template;

use crate::{
    console::{
        fields::Field,
        layout::{Notice, Shell},
    },
    error::Error,
};

/// `/sign-in`.
#[derive(Template)]
#[template(path = "access/sign_in.html")]
pub struct SignInPage {
    /// "You have been signed out", "Your session has ended".
    pub notices: Vec<Notice>,
    /// E-mail and password.
    pub fields: Vec<Field>,
    /// Where to go afterwards.
    pub next: String,
    /// Whether a link for a new password can be mailed.
    pub mails: bool,
    /// Why the last try failed; never says which of the two was wrong.
    pub error: Option<String>,
}

/// `/set-up/{token}`: the first administrator and the provider's name.
#[derive(Template)]
#[template(path = "access/set_up.html")]
pub struct SetUpPage {
    /// The one-time token of the link.
    pub token: String,
    /// Whether the link is still good.
    pub valid: bool,
    /// Provider organization, name, e-mail, password.
    pub fields: Vec<Field>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// `/sign-in/code`: the second factor.
#[derive(Template)]
#[template(path = "access/second_factor.html")]
pub struct SecondFactorPage {
    /// Whether a recovery code is asked for instead.
    pub recovery: bool,
    /// The code.
    pub fields: Vec<Field>,
    /// Where to go afterwards.
    pub next: String,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// `/account`: one's own password, second factor and sessions.
#[derive(Template)]
#[template(path = "access/account.html")]
pub struct AccountPage {
    /// The frame.
    pub shell: Shell,
    /// Name (a form of its own at `/account/name`).
    pub name_fields: Vec<Field>,
    /// Present password, new password (at `/account/password`).
    pub password_fields: Vec<Field>,
    /// Why the last change of the password was refused.
    pub password_error: Option<String>,
    /// Whether a second factor is on.
    pub second_factor: bool,
    /// Whether the role demands one.
    pub second_factor_required: bool,
    /// Recovery codes left.
    pub codes_left: i64,
    /// The set-up under way, if any.
    pub set_up: Option<SecondFactorSetUp>,
    /// Recovery codes just made, shown once.
    pub new_codes: Vec<String>,
    /// Open sessions, this one first.
    pub sessions: Vec<SessionRow>,
}

/// A second factor that waits for its first code.
#[derive(Clone, Debug, Default)]
pub struct SecondFactorSetUp {
    /// The QR code as an SVG element, made by the server; it is written as it is.
    pub qr_svg: String,
    /// The same secret for typing.
    pub secret: String,
    /// The code.
    pub fields: Vec<Field>,
    /// Why the last code was refused.
    pub error: Option<String>,
}

/// One session.
#[derive(Clone, Debug, Default)]
pub struct SessionRow {
    /// The session.
    pub id: String,
    /// "Firefox on Linux".
    pub device: String,
    /// When it was last used, in words.
    pub last_used: String,
    /// Whether it is the one asking.
    pub current: bool,
}

/// Writes what is wrong beside the fields that a form has, and gives what belongs above them all.
pub fn marked(fields: &mut [Field], error: &Error) -> Option<String> {
    let mut left: Vec<&str> = vec![];
    for wrong in &error.fields {
        match fields.iter_mut().find(|field| field.name == wrong.field) {
            Some(field) => field.error = Some(wrong.message.clone()),
            None => left.push(&wrong.message),
        }
    }
    match (error.fields.is_empty(), left.is_empty()) {
        (true, _) => Some(error.message.clone()),
        (false, true) => None,
        (false, false) => Some(left.join(" ")),
    }
}

/// The same refusal, where the form calls the field something else than the command does.
pub fn renamed(mut error: Error, from: &str, to: &str) -> Error {
    for field in error.fields.iter_mut().filter(|field| field.field == from) {
        field.field = to.to_owned();
    }
    error
}
