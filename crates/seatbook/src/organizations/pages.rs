//! What the organization pages show.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::fields::Field;
use crate::console::format::Due;
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};

use super::tabs::Tabs;

/// `/organizations`: the tree below one's own organization.
#[derive(Template)]
#[template(path = "organizations/list.html", blocks = ["rows"])]
pub struct OrganizationsPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filters, pages; start from `organization_list`.
    pub list: ListView,
    /// The tree, parents before children; flat (depth 0) while searching.
    pub rows: Vec<OrganizationRow>,
    /// Whether this person may create organizations.
    pub may_create: bool,
    /// The organization whose tree it is: (id, name).
    pub top: (String, String),
    /// The way from the organization acted for down to `top`: (id, name); empty where they are one.
    pub above: Vec<(String, String)>,
}

/// One organization in the tree.
#[derive(Clone, Debug, Default)]
pub struct OrganizationRow {
    /// The organization.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its own number or code; may be empty.
    pub reference: String,
    /// Provider, partner or customer, as `badges::kind`.
    pub kind: Badge,
    /// How deep it stands below the one looking, 0 to 8.
    pub depth: i64,
    /// Where it stands, while searching: "Norvik Networks › Nordlicht Partners".
    pub path: String,
    /// Organizations directly below it.
    pub children: i64,
    /// Licenses it holds units of.
    pub licenses: i64,
    /// Units it received or bought.
    pub units: i64,
    /// As `badges::organization`.
    pub status: Badge,
}

/// The columns and filters of `/organizations`.
pub fn organization_list() -> ListView {
    ListView {
        path: "/organizations".into(),
        export: "/exports?list=organizations".into(),
        search: "Name or reference",
        sort: "name".into(),
        noun: ("organization", "organizations"),
        columns: vec![
            Column::fixed("name", "Organization"),
            Column::fixed("kind", "Kind").unsorted(),
            Column::optional("children", "Below it", true)
                .number()
                .unsorted(),
            Column::optional("licenses", "Licenses", true)
                .number()
                .unsorted(),
            Column::optional("units", "Units", true).number().unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![
            Filter::new(
                "tabs",
                "kind",
                "Kind",
                &[
                    ("", "All"),
                    ("partner", "Partners"),
                    ("customer", "Customers"),
                ],
            ),
            Filter::new("toggle", "suspended", "Suspended", &[]),
        ],
        ..ListView::default()
    }
}

/// `/organizations/{id}`.
#[derive(Template)]
#[template(path = "organizations/show.html")]
pub struct OrganizationPage {
    /// The frame.
    pub shell: Shell,
    /// The organization.
    pub row: OrganizationRow,
    /// The tabs over its pages.
    pub tabs: Tabs,
    /// The way down to it: (id, name).
    pub ancestors: Vec<(String, String)>,
    /// Legal name, web site, time zone, pricing model, created … as (name, value).
    pub facts: Vec<(String, String)>,
    /// Those directly below it.
    pub children: Vec<OrganizationRow>,
    /// The licenses it holds units of.
    pub holdings: Vec<Holding>,
    /// Its people: (name, e-mail, role).
    pub people: Vec<(String, String, String)>,
    /// Whether this person may see them.
    pub shows_people: bool,
    /// Whether this person may see what it holds.
    pub shows_licenses: bool,
    /// Whether this person may create one below it.
    pub may_create: bool,
    /// Whether this person may edit it.
    pub may_edit: bool,
    /// Whether this person may move it.
    pub may_move: bool,
    /// Whether this person may suspend it and take that back.
    pub may_suspend: bool,
    /// Whether it is suspended now.
    pub suspended: bool,
    /// The day on which it leaves; empty where it stays, or where that is not for the reader.
    pub leaves: String,
}

/// One license an organization holds units of.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    /// The license.
    pub license_id: String,
    /// The SKU's code.
    pub sku: String,
    /// The product's name.
    pub product: String,
    /// Its units.
    pub quantity: i64,
    /// Units it has passed on or uses.
    pub in_use: i64,
    /// Last day.
    pub end: Due,
    /// Lifecycle.
    pub status: Badge,
}

/// `/organizations/new`, `/organizations/{id}/edit`, `/organizations/{id}/move`; suspending uses `console::pages::Confirm`.
#[derive(Template)]
#[template(path = "organizations/form.html", blocks = ["sheet", "preview"])]
pub struct OrganizationFormPage {
    /// The frame.
    pub shell: Shell,
    /// "New organization", "Edit Aurora Hospitals", "Move Aurora Hospitals".
    pub title: String,
    /// Where the form is posted.
    pub action: String,
    /// The words on the button.
    pub label: String,
    /// Its fields; when moving: the new parent, a searchable select.
    pub fields: Vec<Field>,
    /// Where the module asks for a preview; empty for none.
    pub preview_href: String,
    /// What a move does, with numbers: (what, how many).
    pub preview: Vec<(String, String)>,
    /// What must happen first, such as returning units; one sentence each.
    pub warnings: Vec<String>,
    /// Where Cancel leads.
    pub back: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}
