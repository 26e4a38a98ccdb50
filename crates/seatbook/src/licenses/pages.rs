//! What the license pages show.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::fields::Field;
use crate::console::format::Due;
use crate::console::layout::Shell;

/// One license as the organization sees it: its own pool of it.
#[derive(Clone, Debug, Default)]
pub struct LicenseRow {
    /// The license.
    pub id: String,
    /// The pool that stands at this organization.
    pub pool_id: String,
    /// The SKU's code.
    pub sku: String,
    /// The product's name.
    pub product: String,
    /// The sales order; shown as a column when grouped by SKU.
    pub sales_order: String,
    /// The SKU's type.
    pub kind: String,
    /// The SKU's tier.
    pub tier: String,
    /// The SKU's class.
    pub class: String,
    /// First day.
    pub start: String,
    /// Last day and how far it is.
    pub end: Due,
    /// Units here.
    pub quantity: i64,
    /// Units neither passed on nor in use; 0 unless active today.
    pub available: i64,
    /// Units passed on to tenants.
    pub assigned: i64,
    /// Lifecycle, as `badges::lifecycle`.
    pub status: Badge,
    /// Derived marks beside it: expiring soon, exceeded.
    pub marks: Vec<Badge>,
    /// Whether units may be passed on now.
    pub allocatable: bool,
}

/// `/licenses/{id}`: one license, its pool here and who received units of it.
#[derive(Template)]
#[template(path = "licenses/show.html")]
pub struct LicensePage {
    /// The frame.
    pub shell: Shell,
    /// The license and its pool.
    pub row: LicenseRow,
    /// Name of the organization that owns it.
    pub owner: String,
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// Units in use by the organization's own holders.
    pub in_use: i64,
    /// The support reference.
    pub support_reference: String,
    /// The SKU's validity in words: "12 months".
    pub validity: String,
    /// The time zone its days are counted in.
    pub zone: String,
    /// Price with currency; empty where it may not be seen.
    pub price: String,
    /// Further attributes of the SKU: (name, value).
    pub attributes: Vec<(String, String)>,
    /// The tenants that received units, most first.
    pub shares: Vec<Share>,
    /// How many tenants there are in all.
    pub share_count: i64,
    /// The latest changes: (when, who, what).
    pub changes: Vec<(String, String, String)>,
    /// Whether this person may change it.
    pub may_edit: bool,
    /// Whether this person may pass units on.
    pub may_allocate: bool,
    /// Whether this person may pause, resume or terminate it.
    pub may_end: bool,
    /// Whether it was never used and can be deleted.
    pub deletable: bool,
}

/// What one tenant received.
#[derive(Clone, Debug, Default)]
pub struct Share {
    /// The tenant.
    pub organization_id: String,
    /// Its name.
    pub name: String,
    /// Partner or customer.
    pub kind: String,
    /// Units it received.
    pub quantity: i64,
    /// Units of them it has passed on or uses.
    pub in_use: i64,
}

/// `/licenses/{id}/edit`: reference, start, quantity.
#[derive(Template)]
#[template(path = "licenses/edit.html", blocks = ["sheet"])]
pub struct LicenseEditPage {
    /// The frame.
    pub shell: Shell,
    /// The license.
    pub id: String,
    /// Its version, sent back so that two editors cannot overwrite each other.
    pub version: i64,
    /// What is fixed: (owner, sales order, SKU …) as (name, value).
    pub fixed: Vec<(String, String)>,
    /// Support reference, start date, quantity.
    pub fields: Vec<Field>,
    /// The sales order that a new reference or start date reaches; empty for none.
    pub sales_order: String,
    /// How many other licenses stand on it.
    pub order_siblings: i64,
    /// Units passed on or in use, below which the quantity cannot go.
    pub in_use: i64,
    /// Where the end lies now, in words.
    pub end: String,
    /// Where to see who would lose a unit, if the quantity was refused for being below use; empty else.
    pub planner: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// `/licenses/new`: issuing a license.
#[derive(Template)]
#[template(path = "licenses/new.html", blocks = ["sheet", "preview"])]
pub struct LicenseNewPage {
    /// The frame.
    pub shell: Shell,
    /// Owner (a searchable select), SKU (a searchable select), quantity, sales order, reference, start.
    pub fields: Vec<Field>,
    /// What would be issued, once SKU and start are known: (name, value); empty before.
    pub preview: Vec<(String, String)>,
    /// Whether the catalog has no SKU yet.
    pub no_skus: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}
