//! What the pages about people, roles, tokens and one's own account show.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::fields::Field;
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};

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
    /// The address it came from.
    pub address: String,
    /// When it was last used, in words.
    pub last_used: String,
    /// Whether it is the one asking.
    pub current: bool,
}

/// `/people`: who may act for the organization.
#[derive(Template)]
#[template(path = "access/people.html", blocks = ["rows"])]
pub struct PeoplePage {
    /// The frame.
    pub shell: Shell,
    /// Search, role filter, pages; start from `people_list`.
    pub list: ListView,
    /// People and open invitations.
    pub rows: Vec<PersonRow>,
    /// Whether this person may invite and change.
    pub may_manage: bool,
}

/// One membership or invitation.
#[derive(Clone, Debug, Default)]
pub struct PersonRow {
    /// The membership's or invitation's id.
    pub id: String,
    /// Whether it is an invitation.
    pub invited: bool,
    /// Full name; empty for an invitation.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// The organization.
    pub organization: String,
    /// The role's label.
    pub role: String,
    /// Whether a second factor is on.
    pub second_factor: bool,
    /// When last seen, in words; "never".
    pub last_seen: String,
    /// As `badges::access`.
    pub status: Badge,
    /// Whether it is the person looking.
    pub me: bool,
}

/// The columns and filters of `/people`; roles are filled in from the organization's own.
pub fn people_list(roles: &[(&str, &str)]) -> ListView {
    ListView {
        path: "/people".into(),
        search: "Name or e-mail",
        sort: "name".into(),
        noun: ("person", "people"),
        columns: vec![
            Column::fixed("name", "Person"),
            Column::optional("organization", "Organization", true),
            Column::fixed("role", "Role"),
            Column::optional("second_factor", "Second factor", true).unsorted(),
            Column::optional("last_seen", "Last seen", true),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new("select", "role", "Role", roles)],
        ..ListView::default()
    }
}

/// `/people/invite`, `/people/{id}/edit`: a drawer; after an invitation it shows the link once.
#[derive(Template)]
#[template(path = "access/person_form.html", blocks = ["sheet"])]
pub struct PersonFormPage {
    /// The frame.
    pub shell: Shell,
    /// "Invite someone" or "Change role".
    pub title: String,
    /// Where the form is posted.
    pub action: String,
    /// The words on the button.
    pub label: String,
    /// E-mail, organization (a searchable select), role.
    pub fields: Vec<Field>,
    /// The invitation's link, once it is made; replaces the form.
    pub link: Option<String>,
    /// Whom the link is for.
    pub email: String,
    /// Until when the link works, in words.
    pub until: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/tokens`: keys for programs.
#[derive(Template)]
#[template(path = "access/tokens.html", blocks = ["rows"])]
pub struct TokensPage {
    /// The frame.
    pub shell: Shell,
    /// Search and pages; start from `token_list`.
    pub list: ListView,
    /// The tokens.
    pub rows: Vec<TokenRow>,
    /// Whether this person may create and revoke.
    pub may_manage: bool,
}

/// One token.
#[derive(Clone, Debug, Default)]
pub struct TokenRow {
    /// The token's id.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// How it begins: `sb_4f9c…`.
    pub prefix: String,
    /// Who made it.
    pub person: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Until when, in words; "never".
    pub expires: String,
    /// When it was last used, in words; "never".
    pub last_used: String,
    /// As `badges::access`.
    pub status: Badge,
}

/// The columns of `/tokens`.
pub fn token_list() -> ListView {
    ListView {
        path: "/tokens".into(),
        search: "Name or beginning",
        sort: "name".into(),
        noun: ("token", "tokens"),
        columns: vec![
            Column::fixed("name", "Token"),
            Column::optional("scopes", "May", true).unsorted(),
            Column::optional("person", "Made by", true),
            Column::optional("expires", "Expires", true),
            Column::optional("last_used", "Last used", true),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new("toggle", "revoked", "Show revoked", &[])],
        ..ListView::default()
    }
}

/// `/tokens/new`: a drawer; afterwards it shows the secret once.
#[derive(Template)]
#[template(path = "access/token_form.html", blocks = ["sheet"])]
pub struct TokenFormPage {
    /// The frame.
    pub shell: Shell,
    /// Name, expiry.
    pub fields: Vec<Field>,
    /// What it can be allowed: fields named `scope`, by group.
    pub scopes: Vec<PermissionGroup>,
    /// The token itself, once it is made; replaces the form.
    pub secret: Option<String>,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/roles`: who may do what, as a matrix.
#[derive(Template)]
#[template(path = "access/roles.html")]
pub struct RolesPage {
    /// The frame.
    pub shell: Shell,
    /// The roles, built-in ones first.
    pub roles: Vec<RoleColumn>,
    /// The permissions by group; `granted` follows the order of `roles`.
    pub groups: Vec<MatrixGroup>,
    /// Whether this person may make and change custom roles.
    pub may_manage: bool,
}

/// One role as a column.
#[derive(Clone, Debug, Default)]
pub struct RoleColumn {
    /// The role.
    pub id: String,
    /// Its label.
    pub label: String,
    /// Whether it is built in and cannot be changed.
    pub built_in: bool,
    /// Whether it demands a second factor.
    pub second_factor: bool,
    /// How many people have it.
    pub people: i64,
}

/// Permissions about one noun.
#[derive(Clone, Debug, Default)]
pub struct MatrixGroup {
    /// The noun.
    pub label: String,
    /// Its permissions.
    pub rows: Vec<MatrixRow>,
}

/// One permission and who has it.
#[derive(Clone, Debug, Default)]
pub struct MatrixRow {
    /// The permission: `licenses.issue`.
    pub key: String,
    /// What it allows.
    pub label: String,
    /// One per role.
    pub granted: Vec<bool>,
}

/// `/roles/new`, `/roles/{id}/edit`: a custom role.
#[derive(Template)]
#[template(path = "access/role_form.html", blocks = ["sheet"])]
pub struct RoleFormPage {
    /// The frame.
    pub shell: Shell,
    /// "New role" or "Change role".
    pub title: String,
    /// Where the form is posted.
    pub action: String,
    /// Name, and whether it demands a second factor.
    pub fields: Vec<Field>,
    /// What it can be allowed: fields named `permission`.
    pub groups: Vec<PermissionGroup>,
    /// Where the role can be deleted; empty for a new one.
    pub delete_href: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// Boxes to tick about one noun.
#[derive(Clone, Debug, Default)]
pub struct PermissionGroup {
    /// The noun.
    pub label: String,
    /// (key, what it allows, ticked).
    pub boxes: Vec<(String, String, bool)>,
}
