//! What the pages about roles show.

use askama::Template;

use crate::{
    console::{fields::Field, layout::Shell},
    scope::Permission,
};

/// `/roles`: who may do what, as a matrix.
#[derive(Template)]
#[template(path = "roles/roles.html")]
pub struct RolesPage {
    /// The frame.
    pub shell: Shell,
    /// The roles, built-in ones first.
    pub roles: Vec<RoleColumn>,
    /// The permissions by group; `granted` follows the order of `roles`.
    pub groups: Vec<MatrixGroup>,
    /// Whether this person may make and change custom roles.
    pub may_manage: bool,
    /// Whether this person may demand a second factor of built-in roles.
    pub may_demand: bool,
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
#[template(path = "roles/role_form.html", blocks = ["sheet"])]
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

/// The permissions somebody can give, by noun, with those ticked that are given.
pub fn permission_groups(offered: &[Permission], ticked: &[Permission]) -> Vec<PermissionGroup> {
    let mut groups: Vec<PermissionGroup> = vec![];
    for permission in offered {
        let label = noun(*permission);
        let ticked = ticked.contains(permission);
        let tick = (
            permission.as_str().into(),
            permission.describe().into(),
            ticked,
        );
        match groups.iter_mut().find(|group| group.label == label) {
            Some(group) => group.boxes.push(tick),
            None => groups.push(PermissionGroup {
                label,
                boxes: vec![tick],
            }),
        }
    }
    groups
}

/// "Organizations", from `organizations.read`.
pub fn noun(permission: Permission) -> String {
    let word = permission.as_str().split('.').next().unwrap_or_default();
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
