//! What the pages over one organization's units show.

use askama::Template;
use uuid::Uuid;

use crate::console::badges::Badge;
use crate::console::fields::Field;
use crate::console::format::Due;
use crate::console::layout::Shell;
use crate::console::table::{Column, ListView};
use crate::holders::pages::kinds;
use crate::organizations::tabs::Tabs;

/// `/organizations/{id}/information`.
#[derive(Template)]
#[template(path = "configuration/information.html")]
pub struct InformationPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// Whether it pays by licenses.
    pub counts_licenses: bool,
    /// Whether this person may change that.
    pub may_edit: bool,
    /// Whether this person may see who uses what.
    pub may_configure: bool,
    /// One row for each product.
    pub rows: Vec<StockRow>,
}

/// What an organization has of one product.
#[derive(Clone, Debug, Default)]
pub struct StockRow {
    /// The product.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// Whether it stands by itself.
    pub is_base: bool,
    /// "Base" or "Add-on".
    pub kind: &'static str,
    /// Units of its own, of active licenses.
    pub own: i64,
    /// Units of them in use.
    pub assigned: i64,
    /// Units of them that are free.
    pub free: i64,
    /// Units in use of licenses that are not active.
    pub stranded: i64,
}

/// `/organizations/{id}/configuration`.
#[derive(Template)]
#[template(path = "configuration/list.html", blocks = ["rows"])]
pub struct ConfigurationPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// Search, filters, columns, pages; start from `configuration_list`.
    pub list: ListView,
    /// Licenses with free units, on the first page; above units in use, the first of them.
    pub free: Vec<FreeRow>,
    /// How many there are in all.
    pub free_count: i64,
    /// Whether this person looks after several organizations.
    pub changes_place: bool,
    /// Units in use.
    pub rows: Vec<LineRow>,
    /// Whether it pays by licenses.
    pub counts_licenses: bool,
    /// Whether it has no units at all yet.
    pub none_yet: bool,
    /// The user it is narrowed to: (id, name).
    pub user: Option<(String, String)>,
    /// Whether some of it can be configured by file, by this person.
    pub has_extensions: bool,
    /// Whether this person may assign and unassign.
    pub may_assign: bool,
    /// Whether the reader may terminate units.
    pub may_end: bool,
    /// Whether this person may change the organization.
    pub may_edit: bool,
    /// Whether this person may pass units on to it.
    pub may_allocate: bool,
}

/// A license with free units.
#[derive(Clone, Debug, Default)]
pub struct FreeRow {
    /// The pool.
    pub pool_id: String,
    /// The license.
    pub license_id: String,
    /// The product's name.
    pub product: String,
    /// The SKU's code.
    pub sku: String,
    /// The sales order; may be empty.
    pub sales_order: String,
    /// Whether its units are assigned to holders, not bound to a base.
    pub is_base: bool,
    /// "12 users".
    pub free: String,
    /// Its last day.
    pub end: Due,
}

/// A base unit in use.
#[derive(Clone, Debug, Default)]
pub struct LineRow {
    /// The assignment.
    pub id: String,
    /// The product's name.
    pub product: String,
    /// Units.
    pub units: i64,
    /// The user behind it; empty for nobody.
    pub user: String,
    /// The user's id; empty for nobody.
    pub user_id: String,
    /// The holder's id.
    pub holder_id: String,
    /// The device or screen that uses it; empty where the user does.
    pub through: String,
    /// Whoever has it, for a sentence: the user, or the device or extension that nobody has.
    pub holder: String,
    /// The extension; may be empty.
    pub extension: String,
    /// The direct number; may be empty.
    pub number: String,
    /// Names of its add-ons.
    pub add_ons: Vec<String>,
    /// Since when.
    pub since: String,
    /// Whether its license has ended.
    pub has_ended: bool,
}

/// `/assignments/{id}/user`: who has a unit, and who shall.
#[derive(Template)]
#[template(path = "configuration/user.html", blocks = ["sheet"])]
pub struct UserPage {
    /// The frame.
    pub shell: Shell,
    /// The assignment.
    pub id: String,
    /// The product's name.
    pub product: String,
    /// License, extension, number, user as (name, value).
    pub facts: Vec<(String, String)>,
    /// The device or extension whose facts can be changed: (id, words of the link).
    pub change: Option<(String, &'static str)>,
    /// Whom it is handed to.
    pub field: Field,
    /// "Assign", where nobody has it, or "Reassign".
    pub label: &'static str,
    /// What goes along with it.
    pub note: String,
    /// Whether the user can be taken away while the extension or device keeps the unit.
    pub may_vacate: bool,
    /// Where Cancel leads.
    pub back: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// An add-on that can be bound, with what is free of it.
#[derive(Clone, Debug, Default)]
pub struct Offer {
    /// The product.
    pub product_id: String,
    /// Its name.
    pub name: String,
    /// Units that can be bound now.
    pub free: i64,
    /// Whether it was ticked.
    pub ticked: bool,
}

/// `/assignments/{id}/add-ons`: the add-ons of a base, and those that can be bound to it.
#[derive(Template)]
#[template(path = "configuration/add_ons.html", blocks = ["sheet"])]
pub struct AddOnsPage {
    /// The frame.
    pub shell: Shell,
    /// The base assignment.
    pub id: String,
    /// "Phone System for Anna Berg".
    pub whose: String,
    /// Those bound to it: assignment, name, whether it was marked to go.
    pub bound: Vec<(String, String, bool)>,
    /// Those that fit it and are not bound.
    pub offers: Vec<Offer>,
    /// Where Cancel leads.
    pub back: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/pools/{id}/assign`: a free unit to a holder.
#[derive(Template)]
#[template(path = "configuration/assign.html", blocks = ["sheet"])]
pub struct AssignPage {
    /// The frame.
    pub shell: Shell,
    /// The pool.
    pub pool_id: String,
    /// "Assign Phone System".
    pub title: String,
    /// What is free, and until when.
    pub lead: String,
    /// Holder; extension and number where the product has them.
    pub fields: Vec<Field>,
    /// Add-ons that fit it.
    pub offers: Vec<Offer>,
    /// Whether several holders can be given a unit at once.
    pub several: bool,
    /// Where a new holder is added.
    pub new_holder: String,
    /// Where Cancel leads.
    pub back: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/pools/{id}/assign-several`: free units to holders that are ticked.
#[derive(Template)]
#[template(path = "configuration/several.html", blocks = ["rows"])]
pub struct SeveralPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// Search, filters, pages; start from `several_list`.
    pub list: ListView,
    /// The pool.
    pub pool_id: String,
    /// The product's name.
    pub product: String,
    /// "12 users".
    pub free: String,
    /// Holders that have no unit of it.
    pub rows: Vec<HolderLine>,
}

/// A holder in few words.
#[derive(Clone, Debug, Default)]
pub struct HolderLine {
    /// The holder.
    pub id: String,
    /// Its name.
    pub name: String,
    /// "User", "Device" …
    pub kind: &'static str,
    /// E-mail, extension or serial number, whichever tells it apart.
    pub detail: String,
    /// Whose it is.
    pub owner: String,
}

/// The filters and words of the list of holders to give units to.
pub fn several_list(pool_id: Uuid) -> ListView {
    ListView {
        path: format!("/pools/{pool_id}/assign-several"),
        search: "Name, e-mail, extension, number, serial",
        sort: "name".into(),
        noun: ("holder without it", "holders without it"),
        columns: vec![
            Column::fixed("name", "Holder").unsorted(),
            Column::fixed("kind", "Kind").unsorted(),
            Column::fixed("owner", "Belongs to").unsorted(),
        ],
        filters: vec![kinds()],
        ..ListView::default()
    }
}

/// `/assignments/{id}`.
#[derive(Template)]
#[template(path = "configuration/assignment.html")]
pub struct AssignmentPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// The assignment.
    pub id: String,
    /// The product's name.
    pub product: String,
    /// Whoever has it, in words: "Anna Berg, extension 101".
    pub holder: String,
    /// Where the holder's page is.
    pub holder_href: String,
    /// In use, or how it ended.
    pub state: Badge,
    /// Facts as (name, value).
    pub facts: Vec<(String, String)>,
    /// Ids worth copying as (name, id).
    pub ids: Vec<(String, String)>,
    /// The base it is bound to, for an add-on: (id, name).
    pub base: Option<(String, String)>,
    /// Its add-ons: id, name, since when.
    pub add_ons: Vec<(String, String, String)>,
    /// Those it went on from, the latest first: id, whose, from when to when.
    pub chain: Vec<(String, String, String)>,
    /// The latest changes: when, who, what.
    pub changes: Vec<(String, String, String)>,
    /// Whether this person may change it.
    pub may_change: bool,
}

/// One unit of a holder, now or before.
#[derive(Clone, Debug, Default)]
pub struct UseRow {
    /// The assignment.
    pub id: String,
    /// The product's name.
    pub product: String,
    /// The device or extension through which a user has it; empty for none.
    pub through: String,
    /// Names of its add-ons.
    pub add_ons: Vec<String>,
    /// Since when, or from when to when.
    pub time: String,
    /// Why it ended; empty while it is open.
    pub ending: &'static str,
}

/// `/holders/{id}`.
#[derive(Template)]
#[template(path = "configuration/holder.html")]
pub struct HolderPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// The holder.
    pub id: String,
    /// Its name.
    pub name: String,
    /// User, device, screen or extension, as a badge.
    pub kind: Badge,
    /// When it left; empty while it is present.
    pub left: String,
    /// Facts as (name, value).
    pub facts: Vec<(String, String)>,
    /// Whose it is: (id, name).
    pub owner: Option<(String, String)>,
    /// Whether it can belong to somebody.
    pub ownable: bool,
    /// What belongs to it.
    pub belongings: Vec<HolderLine>,
    /// What it uses, and what belongs to it uses.
    pub uses: Vec<UseRow>,
    /// What it used before, the latest first.
    pub used: Vec<UseRow>,
    /// Whether this person may change it.
    pub may_edit: bool,
    /// Whether this person may let it leave, which frees its units.
    pub may_leave: bool,
    /// Whether this person may assign units.
    pub may_assign: bool,
}
