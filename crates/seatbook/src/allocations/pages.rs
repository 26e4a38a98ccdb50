//! What the allocation pages show: the grid that passes units on, and who has how many.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::fields::Choice;
use crate::console::layout::Shell;
use crate::console::table::ListView;

/// `/pools/{id}/allocations`: the update-assignment page.
#[derive(Template)]
#[template(path = "allocations/edit.html")]
pub struct AllocationPage {
    /// The frame.
    pub shell: Shell,
    /// The pool units are taken from.
    pub pool_id: String,
    /// The license's facts: sales order, SKU, product, start, end, owner … as (name, value).
    pub facts: Vec<(String, String)>,
    /// The license's state.
    pub status: Badge,
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// All units of this pool.
    pub quantity: i64,
    /// Units passed on to tenants, saved.
    pub assigned: i64,
    /// Units in use by the organization's own holders, saved.
    pub in_use: i64,
    /// The tenants: those that have units, and rows just added or refused.
    pub rows: Vec<ShareRow>,
    /// How many tenants have units; more than `rows` where the page does not show all.
    pub tenant_count: i64,
    /// The first tenants to choose from, for a new row; the module asks `/pools/{id}/tenants?q=`.
    pub choices: Vec<Choice>,
    /// What was searched among the tenants, without script.
    pub find: String,
    /// By how many units the sum is above the total; 0 when it is not.
    pub excess: i64,
    /// Why the last try was refused, where it is not the sum.
    pub error: Option<String>,
    /// The form's own number, so that sending it twice changes nothing twice.
    pub idempotency_key: String,
}

/// One tenant in the grid.
#[derive(Clone, Debug, Default)]
pub struct ShareRow {
    /// The row's key in the form: the organization's id, or one of its own for a row just added.
    pub key: String,
    /// The tenant; empty in a new row without a choice.
    pub organization_id: String,
    /// The tenant's name.
    pub name: String,
    /// Where it stands: "Customer of Nordlicht Partners"; may be empty.
    pub place: String,
    /// What is in the quantity field.
    pub quantity: String,
    /// What the book said when the page was built.
    pub seen: i64,
    /// Units that tenant has passed on or uses itself; the share cannot go below.
    pub floor: i64,
    /// Whether the row was added on this page.
    pub added: bool,
    /// Whether the row is to be removed.
    pub removed: bool,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What someone else saved meanwhile.
    pub conflict: Option<Conflict>,
}

/// A row that changed under the editor's hands; `ShareRow::seen` holds the new value already.
#[derive(Clone, Debug, Default)]
pub struct Conflict {
    /// Who changed it; empty where that may not be seen.
    pub who: String,
    /// When, in words.
    pub when: String,
    /// What this page had shown.
    pub before: i64,
    /// What is saved now.
    pub now: i64,
    /// What this person had entered.
    pub mine: i64,
}

impl AllocationPage {
    /// What is left with nothing changed.
    pub fn free(&self) -> i64 {
        self.quantity - self.assigned - self.in_use
    }

    /// What is left with the rows as they stand in the form.
    pub fn remaining(&self) -> i64 {
        self.free() - self.rows.iter().map(ShareRow::change).sum::<i64>()
    }

    /// What is passed on with the rows as they stand in the form.
    pub fn assigned_now(&self) -> i64 {
        self.assigned + self.rows.iter().map(ShareRow::change).sum::<i64>()
    }
}

impl ShareRow {
    /// What the form asks for.
    pub fn wanted(&self) -> i64 {
        if self.removed {
            0
        } else {
            self.quantity.trim().parse().unwrap_or(0)
        }
    }

    /// The difference from what is saved.
    pub fn change(&self) -> i64 {
        self.wanted() - self.seen
    }
}

/// The answer to `/pools/{id}/tenants?q=`: tenants to pick, for the combobox.
#[derive(Template)]
#[template(path = "allocations/tenants.html")]
pub struct TenantOptions {
    /// At most 20 tenants.
    pub options: Vec<TenantOption>,
    /// Whether more match.
    pub more: bool,
}

/// One tenant to pick.
#[derive(Clone, Debug, Default)]
pub struct TenantOption {
    /// The tenant.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Partner or customer.
    pub kind: String,
    /// What it has of this license already.
    pub seen: i64,
    /// What it has passed on or uses of that.
    pub floor: i64,
}

/// `/pools/{id}/shares`: who received how many, to read; a drawer from the licenses page.
#[derive(Template)]
#[template(path = "allocations/shares.html", blocks = ["sheet", "rows"])]
pub struct SharesPage {
    /// The frame.
    pub shell: Shell,
    /// The pool.
    pub pool_id: String,
    /// The SKU's code.
    pub sku: String,
    /// The sales order.
    pub sales_order: String,
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// All units of the pool.
    pub quantity: i64,
    /// Units passed on.
    pub assigned: i64,
    /// Units available.
    pub available: i64,
    /// Search and pages.
    pub list: ListView,
    /// The tenants.
    pub rows: Vec<ShareLine>,
    /// Whether this person may change them.
    pub may_allocate: bool,
}

/// One tenant with its units.
#[derive(Clone, Debug, Default)]
pub struct ShareLine {
    /// The tenant.
    pub organization_id: String,
    /// Its name.
    pub name: String,
    /// Partner or customer.
    pub kind: String,
    /// Units received.
    pub quantity: i64,
    /// Units of them passed on or in use.
    pub in_use: i64,
}
