//! What the pages of getting back in show.

use askama::Template;

use crate::console::fields::Field;

/// `/forgot-password`: a link for a new password.
#[derive(Template)]
#[template(path = "recovery/forgot.html")]
pub struct ForgotPage {
    /// Whether mails leave this server; else there is nothing to ask for.
    pub mails: bool,
    /// Whether somebody has just asked.
    pub asked: bool,
    /// The address.
    pub fields: Vec<Field>,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// `/reset/{token}`: a new password.
#[derive(Template)]
#[template(path = "recovery/reset.html")]
pub struct ResetPage {
    /// The token of the link.
    pub token: String,
    /// Whether the link is still good.
    pub valid: bool,
    /// Whose password.
    pub email: String,
    /// The new password.
    pub fields: Vec<Field>,
    /// Why the last try failed.
    pub error: Option<String>,
}
