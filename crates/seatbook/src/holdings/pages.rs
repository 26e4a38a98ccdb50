//! What the page of licenses shows.

use askama::Template;

use crate::console::charts::Kpi;
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};
use crate::licensing::handlers::LicenseRow;

/// `/licenses`: everything the organization holds, by sales order or SKU.
#[derive(Template)]
#[template(path = "holdings/list.html", blocks = ["rows"])]
pub struct LicensesPage {
    /// The frame, with job banners.
    pub shell: Shell,
    /// Search, filters, columns, pages; start from `license_list`.
    pub list: ListView,
    /// Licenses, units, available, expiring soon.
    pub kpis: Vec<Kpi>,
    /// The rows under their headings.
    pub groups: Vec<LicenseGroup>,
    /// The product, or the month of end, that the list is narrowed to besides its filters; empty for none.
    pub only: String,
    /// Whether the organization has no license at all yet.
    pub none_yet: bool,
    /// Whether this person may issue licenses.
    pub may_issue: bool,
    /// Whether this person may pass units on.
    pub may_allocate: bool,
    /// Whether this person may change licenses.
    pub may_edit: bool,
}

/// The licenses of one sales order, or of one SKU.
#[derive(Clone, Debug, Default)]
pub struct LicenseGroup {
    /// The sales order's number or the SKU's code; "No sales order" where there is none.
    pub title: String,
    /// The support reference, or the product.
    pub note: String,
    /// Units of the group's licenses on this page.
    pub quantity: i64,
    /// Units available of them.
    pub available: i64,
    /// The licenses.
    pub rows: Vec<LicenseRow>,
}

/// The list's columns, filters and words; complete it with `read` and the page's cursors.
pub fn license_list() -> ListView {
    ListView {
        path: "/licenses".into(),
        export: "/exports?list=licenses".into(),
        search: "Sales order, SKU, product",
        sort: "order".into(),
        noun: ("license", "licenses"),
        columns: vec![
            Column::fixed("sku", "SKU"),
            Column::optional("order", "Sales order", false),
            Column::optional("product", "Product", false),
            Column::optional("type", "Type", true),
            Column::optional("tier", "Tier", true),
            Column::optional("class", "Class", true),
            Column::optional("start", "Start", true),
            Column::optional("end", "End", true),
            Column::fixed("quantity", "Quantity").number(),
            Column::fixed("available", "Available").number(),
            Column::fixed("assigned", "Assigned").number(),
            Column::optional("status", "Status", true).unsorted(),
        ],
        filters: vec![
            Filter::new(
                "tabs",
                "status",
                "Status",
                &[
                    ("", "All"),
                    ("active", "Active"),
                    ("expiring_soon", "Expiring soon"),
                    ("scheduled", "Scheduled"),
                    ("expired", "Expired"),
                ],
            ),
            Filter::new(
                "view",
                "group",
                "Group by",
                &[("order", "By sales order"), ("sku", "By SKU")],
            ),
        ],
        ..ListView::default()
    }
}
