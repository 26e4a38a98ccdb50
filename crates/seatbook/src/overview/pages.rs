//! What the first page shows.

use askama::Template;

use crate::console::badges::Badge;
use crate::console::charts::Kpi;
use crate::console::format::{self, Due};
use crate::console::layout::Shell;
use crate::figures::drawing::Trend;
use crate::figures::model::{Amount, MonthEnding, ProductFigures};
use crate::notices::queries::LowPool;

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
    /// "as of 14:03:11", where the figures are not of this moment.
    pub as_of: String,
    /// What waits for somebody.
    pub tasks: Vec<Task>,
    /// Units by product, most first.
    pub products: Vec<ProductBar>,
    /// Units week by week.
    pub trend: Trend,
    /// The products whose weeks can be shown: (id, name), the chosen one.
    pub choices: (Vec<(String, String)>, String),
    /// What ends, month by month; empty where nothing does.
    pub months: Vec<MonthRow>,
    /// Whether values are shown.
    pub shows_values: bool,
    /// Licenses that run low.
    pub low: Vec<LowRow>,
    /// The licenses that end next.
    pub expiring: Vec<ExpiringRow>,
    /// The latest changes; nothing where they are not the reader's to see.
    pub changes: Option<Vec<RecentChange>>,
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

/// Something that waits for somebody, with how much of it.
#[derive(Clone, Debug, Default)]
pub struct Task {
    /// "3 invoices are overdue".
    pub label: String,
    /// A few words under it, such as the amount; empty for none.
    pub note: String,
    /// Its rows.
    pub href: String,
    /// How it stands.
    pub badge: Badge,
}

/// The units of one product.
#[derive(Clone, Debug, Default)]
pub struct ProductBar {
    /// The product.
    pub label: String,
    /// Its active licenses.
    pub href: String,
    /// Units committed.
    pub total: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units assigned.
    pub assigned: i64,
    /// Units free.
    pub free: i64,
}

impl ProductBar {
    /// Units passed on or assigned.
    pub fn used(&self) -> i64 {
        self.allocated + self.assigned
    }
}

/// What ends in one month.
#[derive(Clone, Debug, Default)]
pub struct MonthRow {
    /// "November 2026".
    pub label: String,
    /// The licenses; empty where there are none.
    pub href: String,
    /// How many.
    pub licenses: i64,
    /// Units of them.
    pub quantity: i64,
    /// What they are worth, an amount for each currency.
    pub values: Vec<String>,
}

/// A license that runs low.
#[derive(Clone, Debug, Default)]
pub struct LowRow {
    /// The license.
    pub href: String,
    /// Its SKU's code.
    pub sku: String,
    /// The product.
    pub product: String,
    /// "3 of 200 devices".
    pub free: String,
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
    /// The first steps, and nothing else.
    pub fn of_steps(shell: Shell, steps: Vec<FirstStep>) -> OverviewPage {
        OverviewPage {
            shell,
            steps,
            kpis: vec![],
            as_of: String::new(),
            tasks: vec![],
            products: vec![],
            trend: Trend::default(),
            choices: (vec![], String::new()),
            months: vec![],
            shows_values: false,
            low: vec![],
            expiring: vec![],
            changes: None,
        }
    }

    /// Whether the book holds something to show.
    pub fn filled(&self) -> bool {
        !self.kpis.is_empty() || self.changes.is_some()
    }

    /// The longest bar, against which the others are drawn.
    pub fn longest(&self) -> i64 {
        let totals = self.products.iter().map(|bar| bar.total);
        totals.max().unwrap_or_default()
    }

    /// The month in which most units end.
    pub fn fullest(&self) -> i64 {
        let units = self.months.iter().map(|month| month.quantity);
        units.max().unwrap_or_default()
    }
}

/// What is held of a product, as its bar.
pub fn bar(held: &ProductFigures) -> ProductBar {
    ProductBar {
        label: held.product_name.clone(),
        href: format!("/licenses?status=active&product={}", held.product_id),
        total: held.quantity,
        allocated: held.allocated,
        assigned: held.assigned,
        free: held.free,
    }
}

/// What ends in a month, as its row.
pub fn month(ending: &MonthEnding) -> MonthRow {
    let first = format!("{}-01", ending.month).parse::<jiff::civil::Date>();
    let value = |it: &Amount| format::money(it.amount_minor, &it.currency);
    MonthRow {
        label: first.map_or_else(
            |_| ending.month.clone(),
            |day| day.strftime("%B %Y").to_string(),
        ),
        href: match ending.licenses {
            0 => String::new(),
            _ => format!("/licenses?status=active&sort=end&ends={}", ending.month),
        },
        licenses: ending.licenses,
        quantity: ending.quantity,
        values: ending.values.iter().map(value).collect(),
    }
}

/// A license that runs low, as its row.
pub fn low_row(low: &LowPool) -> LowRow {
    LowRow {
        href: format!("/licenses/{}", low.license_id),
        sku: low.sku_code.clone(),
        product: low.product_name.clone(),
        free: format!(
            "{} of {} {}",
            format::number(low.free),
            format::number(low.quantity),
            low.units
        ),
    }
}

/// How far a new book has come.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Somebody stands below the provider.
    pub organizations: bool,
    /// The catalog has a SKU.
    pub catalog: bool,
    /// A license was issued.
    pub licenses: bool,
}

/// The first steps, until all of them are done.
pub fn steps(begun: Begun) -> Vec<FirstStep> {
    if begun.organizations && begun.catalog && begun.licenses {
        return vec![];
    }
    let link = |label: &str, place: &str| (label.to_owned(), place.to_owned());
    vec![
        FirstStep {
            title: "Add your organizations".into(),
            text: "The partners and customers that receive licenses from you, one below the other."
                .into(),
            action: link("New organization", "/organizations/new"),
            other: link(
                "Import from a spreadsheet",
                "/imports/new?kind=organizations",
            ),
            done: begun.organizations,
        },
        FirstStep {
            title: "Fill the catalog".into(),
            text: "What can be licensed, in which unit, for how long: products and their SKUs."
                .into(),
            action: link("Go to the catalog", "/catalog"),
            other: link("Import a catalog", "/imports/new?kind=catalog"),
            done: begun.catalog,
        },
        FirstStep {
            title: "Issue a license".into(),
            text: "Units come into being here, and pass from you down to those who use them."
                .into(),
            action: link("Issue license", "/licenses/new"),
            other: link("Import licenses", "/imports/new?kind=licenses"),
            done: begun.licenses,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_stay_until_all_are_done() {
        let begun = |organizations, catalog, licenses| Begun {
            organizations,
            catalog,
            licenses,
        };
        assert!(steps(begun(true, true, true)).is_empty());
        let left = steps(begun(true, false, false));
        assert_eq!(
            left.iter().map(|step| step.done).collect::<Vec<_>>(),
            [true, false, false]
        );
    }
}
