//! What the lists of holders show.

use askama::Template;
use uuid::Uuid;

use crate::console::badges::Badge;
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};
use crate::organizations::tabs::Tabs;

use super::model::Kind;

/// `/holders` and `/organizations/{id}/holders`.
#[derive(Template)]
#[template(path = "holders/list.html", blocks = ["rows"])]
pub struct HoldersPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages; without any on the list of all.
    pub tabs: Tabs,
    /// Search, filters, columns, pages; start from `holder_list`.
    pub list: ListView,
    /// The holders.
    pub rows: Vec<HolderRow>,
    /// Whether there are none at all.
    pub none_yet: bool,
    /// Whether this person may add holders.
    pub may_edit: bool,
    /// The organization a new one belongs to.
    pub organization_id: String,
}

/// One holder.
#[derive(Clone, Debug, Default)]
pub struct HolderRow {
    /// The holder.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Badge,
    /// Its organization: (id, name).
    pub organization: (String, String),
    /// Its e-mail address; may be empty, like all that follow.
    pub email: String,
    /// Its extension.
    pub extension: String,
    /// Its direct number.
    pub number: String,
    /// Its serial number.
    pub serial: String,
    /// The key by which other systems know it.
    pub reference: String,
    /// Whose it is: (id, name).
    pub owner: (String, String),
    /// Units it and what belongs to it have, add-ons too.
    pub units: i64,
    /// Whether it left.
    pub has_left: bool,
}

/// The columns, filters and words of a list of holders: of one organization, or of all.
pub fn holder_list(of: Option<Uuid>) -> ListView {
    let (path, export) = match of {
        Some(id) => (
            format!("/organizations/{id}/holders"),
            format!("/exports?list=holders&of={id}"),
        ),
        None => ("/holders".into(), "/exports?list=holders".into()),
    };
    let mut columns = vec![
        Column::fixed("name", "Holder").unsorted(),
        Column::optional("kind", "Kind", true).unsorted(),
    ];
    if of.is_none() {
        columns.push(Column::optional("organization", "Organization", true).unsorted());
    }
    columns.extend([
        Column::optional("extension", "Extension", true).unsorted(),
        Column::optional("number", "Number", true).unsorted(),
        Column::optional("serial", "Serial number", false).unsorted(),
        Column::optional("reference", "Reference", false).unsorted(),
        Column::optional("owner", "Belongs to", true).unsorted(),
        Column::fixed("units", "Units").number().unsorted(),
    ]);
    ListView {
        path,
        export,
        search: "Name, e-mail, extension, number, serial",
        sort: "name".into(),
        noun: ("holder", "holders"),
        columns,
        filters: vec![
            kinds(),
            Filter::new(
                "select",
                "units",
                "Units",
                &[
                    ("", "With and without units"),
                    ("with", "With units"),
                    ("without", "Without units"),
                ],
            ),
            Filter::new("toggle", "left", "Those who left", &[]),
        ],
        ..ListView::default()
    }
}

/// A filter by what holders are.
pub fn kinds() -> Filter {
    let kinds = [
        ("", "All"),
        ("user", "Users"),
        ("device", "Devices"),
        ("screen", "Screens"),
        ("extension", "Extensions"),
    ];
    Filter::new("tabs", "kind", "Kind", &kinds)
}

/// What a holder is, as a badge.
pub fn badge(kind: Kind) -> Badge {
    let icon = match kind {
        Kind::User => "user",
        Kind::Device => "box",
        Kind::Screen => "system",
        Kind::Extension => "phone",
    };
    Badge {
        tone: "mute",
        icon,
        label: kind.label().into(),
    }
}
