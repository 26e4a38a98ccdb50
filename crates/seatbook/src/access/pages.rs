//! What the pages at the door show: signing in, setting up, accepting an invitation, the second factor.

use askama::Template;

use crate::console::fields::Field;
use crate::console::layout::Notice;

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

/// `/invitations/{token}`: joining an organization.
#[derive(Template)]
#[template(path = "access/invitation.html")]
pub struct InvitationPage {
    /// The token of the link.
    pub token: String,
    /// Whether the link is still good.
    pub valid: bool,
    /// The organization one is invited to.
    pub organization: String,
    /// The role's label.
    pub role: String,
    /// The address that was invited.
    pub email: String,
    /// Who invited.
    pub invited_by: String,
    /// Whether the person is known already and only has to confirm with the password.
    pub known: bool,
    /// Name and password; or the password alone.
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
