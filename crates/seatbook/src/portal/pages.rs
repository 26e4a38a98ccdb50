//! What the portal shows.

use askama::Template;

use crate::console::badges::{self, Badge};
use crate::console::format::{self, Due, Moment};
use crate::console::layout::Shell;
use crate::licenses::model::Pool;
use crate::sales::pages::RequestRow;

/// `/portal`: what a customer has, and what it can do.
#[derive(Template)]
#[template(path = "portal/show.html")]
pub struct PortalPage {
    /// The frame.
    pub shell: Shell,
    /// The organization's id.
    pub organization_id: String,
    /// What it has, what ends first before the rest.
    pub licenses: Vec<LicenseCard>,
    /// Whether it has more than are shown.
    pub more: bool,
    /// What it asked for, the newest first.
    pub requests: Vec<RequestRow>,
    /// Whether this person may redeem.
    pub may_redeem: bool,
    /// Whether this person may ask for units.
    pub may_request: bool,
    /// Whether this person may assign.
    pub may_assign: bool,
    /// What was typed, and what is wrong with it.
    pub typed: String,
    /// Why the code was not taken.
    pub refused: Option<String>,
}

/// One license of the customer.
#[derive(Clone, Debug, Default)]
pub struct LicenseCard {
    /// The license.
    pub id: String,
    /// The product.
    pub product: String,
    /// The SKU's code.
    pub plan: String,
    /// Units.
    pub quantity: i64,
    /// Units in use.
    pub used: i64,
    /// Units free to assign.
    pub available: i64,
    /// The unit: ("screen", "screens").
    pub unit: (String, String),
    /// The last day.
    pub end: Due,
    /// The lifecycle.
    pub status: Badge,
}

/// One license as a card.
pub fn card(pool: &Pool, moment: &Moment) -> LicenseCard {
    let near = i32::try_from(pool.expiring_days).unwrap_or(i32::MAX);
    LicenseCard {
        id: pool.license_id.to_string(),
        product: pool.product_name.clone(),
        plan: pool.sku_code.clone(),
        quantity: pool.quantity,
        used: pool.allocated + pool.assigned,
        available: pool.available(moment.now),
        unit: (pool.unit.clone(), pool.units.clone()),
        end: format::due(pool.end_date.map(|day| day.0), moment.today, near),
        status: badges::lifecycle(pool.state(moment.now).as_str()),
    }
}
