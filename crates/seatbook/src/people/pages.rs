//! What the pages about people show.

use askama::Template;

use crate::console::{
    badges::Badge,
    fields::Field,
    layout::Shell,
    table::{Column, Filter, ListView},
};

/// `/people`: who may act for the organization.
#[derive(Template)]
#[template(path = "people/people.html", blocks = ["rows"])]
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
    /// The person; empty for an invitation.
    pub person_id: String,
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
    /// Whether the membership gives any right.
    pub active: bool,
    /// As `badges::access`.
    pub status: Badge,
    /// Whether it is the person looking.
    pub me: bool,
}

/// The columns and filters of `/people`; roles are filled in from the organization's own.
pub fn people_list(roles: &[(&str, &str)]) -> ListView {
    ListView {
        path: "/people".into(),
        export: "/exports?list=people".into(),
        search: "Name or e-mail",
        sort: "name".into(),
        noun: ("person", "people"),
        columns: vec![
            Column::fixed("name", "Person").unsorted(),
            Column::optional("organization", "Organization", true).unsorted(),
            Column::fixed("role", "Role").unsorted(),
            Column::optional("second_factor", "Second factor", true).unsorted(),
            Column::optional("last_seen", "Last seen", true).unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new("select", "role", "Role", roles)],
        ..ListView::default()
    }
}

/// `/people/invite`, `/people/{id}/edit`: a drawer; after an invitation it shows the link once.
#[derive(Template)]
#[template(path = "people/person_form.html", blocks = ["sheet"])]
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
    /// Whether a mail takes the link to them.
    pub mailed: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/invitations/{token}`: joining an organization.
#[derive(Template)]
#[template(path = "people/invitation.html")]
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
    /// Name and password; nothing for somebody signed in.
    pub fields: Vec<Field>,
    /// Why the last try failed.
    pub error: Option<String>,
}
