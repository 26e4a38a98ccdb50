//! What the first page shows.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::charts::{Bar, Kpi};
use crate::console::format::Due;
use crate::console::layout::Shell;

/// `/`.
#[derive(Template)]
#[template(path = "overview/overview.html")]
pub struct OverviewPage {
    /// The frame.
    pub shell: Shell,
    /// What to do first, on a new installation; empty once all is done.
    pub steps: Vec<FirstStep>,
    /// Licenses, units, available, expiring soon.
    pub kpis: Vec<Kpi>,
    /// Units by product, most first; `used` is what is assigned or in use.
    pub products: Vec<Bar>,
    /// The licenses that end next.
    pub expiring: Vec<ExpiringRow>,
    /// The latest changes.
    pub changes: Vec<RecentChange>,
}

/// One of the first steps.
#[derive(Clone, Debug, Default)]
pub struct FirstStep {
    /// What to do.
    pub title: String,
    /// Why, in a sentence.
    pub text: String,
    /// The way to do it: (label, address).
    pub action: (String, String),
    /// Another way, such as an import; both empty for none.
    pub other: (String, String),
    /// Whether it is done.
    pub done: bool,
}

/// One license that ends soon.
#[derive(Clone, Debug, Default)]
pub struct ExpiringRow {
    /// The license.
    pub id: String,
    /// The SKU's code.
    pub sku: String,
    /// The sales order.
    pub sales_order: String,
    /// Units in use.
    pub in_use: i64,
    /// All units.
    pub quantity: i64,
    /// Last day.
    pub end: Due,
    /// Lifecycle.
    pub status: Badge,
}

/// One change of late.
#[derive(Clone, Debug, Default)]
pub struct RecentChange {
    /// The journal entry.
    pub id: String,
    /// Who.
    pub who: String,
    /// What, as a sentence.
    pub what: String,
    /// When, in words.
    pub when: String,
}

impl OverviewPage {
    /// Whether the book holds something to show.
    pub fn filled(&self) -> bool {
        !self.kpis.is_empty()
    }
}
