//! What the pages about tokens show.

use askama::Template;

use crate::{
    console::{
        badges::Badge,
        fields::Field,
        layout::Shell,
        table::{Column, Filter, ListView},
    },
    roles::pages::PermissionGroup,
};

/// `/tokens`: keys for programs.
#[derive(Template)]
#[template(path = "tokens/tokens.html", blocks = ["rows"])]
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
        export: "/exports?list=tokens".into(),
        search: "Name",
        sort: "name".into(),
        noun: ("token", "tokens"),
        columns: vec![
            Column::fixed("name", "Token").unsorted(),
            Column::optional("scopes", "May", true).unsorted(),
            Column::optional("expires", "Expires", true).unsorted(),
            Column::optional("last_used", "Last used", true).unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new("toggle", "revoked", "Show revoked", &[])],
        ..ListView::default()
    }
}

/// `/tokens/new`: a drawer; afterwards it shows the secret once.
#[derive(Template)]
#[template(path = "tokens/token_form.html", blocks = ["sheet"])]
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
