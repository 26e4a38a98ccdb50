//! What the page of a reset link shows.

use askama::Template;

use crate::console::fields::Field;

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
