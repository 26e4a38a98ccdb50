//! What the pages of subscriptions show.

use askama::Template;

use super::{model::Subscription, queries::Candidate};
use crate::console::badges::{self, Badge};
use crate::console::fields::Field;
use crate::console::format::{self, Due, Moment};
use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};
use crate::organizations::tabs::Tabs;

/// `/organizations/{id}/subscriptions`: what an organization holds, seen from its renewal.
#[derive(Template)]
#[template(path = "subscriptions/list.html", blocks = ["rows"])]
pub struct SubscriptionsPage {
    /// The frame.
    pub shell: Shell,
    /// The organization: id and name.
    pub organization: (String, String),
    /// The tabs over its pages.
    pub tabs: Tabs,
    /// Whether this person may bring licenses to another last day.
    pub may_edit: bool,
    /// Search, filter, pages; start from [`subscription_list`].
    pub list: ListView,
    /// The rows.
    pub rows: Vec<SubscriptionRow>,
}

/// One subscription.
#[derive(Clone, Debug, Default)]
pub struct SubscriptionRow {
    /// What the eye opens: the pool, or the assignment whose UUID was looked for.
    pub id: String,
    /// The SKU's code.
    pub sku: String,
    /// The product's name.
    pub product: String,
    /// All units.
    pub total: i64,
    /// Units bound to holders here, and passed on.
    pub assigned: i64,
    /// Units that can be used today.
    pub available: i64,
    /// The day it renews.
    pub renewal: Due,
    /// Whether it renews by itself, and how much of it does not.
    pub auto_renewal: Badge,
    /// The last day of the term.
    pub expiry: Due,
    /// The license's lifecycle.
    pub status: Badge,
}

/// The list's columns, filters and words; complete it with `read` and the page's cursors.
pub fn subscription_list(organization_id: uuid::Uuid) -> ListView {
    ListView {
        path: format!("/organizations/{organization_id}/subscriptions"),
        export: format!("/exports?list=subscriptions&of={organization_id}"),
        search: "UUID, SKU, product, sales order",
        sort: "end".into(),
        noun: ("subscription", "subscriptions"),
        columns: vec![
            Column::fixed("sku", "Subscription").unsorted(),
            Column::fixed("total", "Total").number().unsorted(),
            Column::fixed("assigned", "Assigned").number().unsorted(),
            Column::fixed("available", "Available").number().unsorted(),
            Column::fixed("renewal", "Renewal date").unsorted(),
            Column::fixed("auto", "Auto-renewal").unsorted(),
            Column::fixed("end", "Expiry").unsorted(),
            Column::fixed("status", "Status").unsorted(),
        ],
        filters: vec![Filter::new(
            "tabs",
            "status",
            "Status",
            &[
                ("", "All"),
                ("active", "Active"),
                ("expiring_soon", "Expiring soon"),
                ("expired", "Expired"),
            ],
        )],
        ..ListView::default()
    }
}

/// `/subscriptions/{id}`: one subscription, who uses it, and what can be ended or taken back.
#[derive(Template)]
#[template(path = "subscriptions/show.html")]
pub struct SubscriptionPage {
    /// The frame.
    pub shell: Shell,
    /// The organization: id and name.
    pub organization: (String, String),
    /// The subscription as a row.
    pub row: SubscriptionRow,
    /// The pool.
    pub pool_id: String,
    /// Its license.
    pub license_id: String,
    /// Whether the license is the organization's own.
    pub own: bool,
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// Units passed on.
    pub allocated: i64,
    /// Units free, whatever the license's state.
    pub free: i64,
    /// Units that do not renew.
    pub lapsing: i64,
    /// Until when that can be taken back; empty for never.
    pub reactivate_until: String,
    /// Further facts: (name, value).
    pub facts: Vec<(String, String)>,
    /// The unit whose UUID led here.
    pub found: Option<UnitRow>,
    /// Who uses units, the newest first.
    pub units: Vec<UnitRow>,
    /// What was terminated and can be brought back.
    pub gone: Vec<UnitRow>,
    /// Whether this person may see who uses units.
    pub shows_units: bool,
    /// Whether this person may end and take back.
    pub may_end: bool,
    /// Whether anything is left to end.
    pub running: bool,
    /// Whether there is a renewal to stop.
    pub renews: bool,
}

/// One bound unit, or one that was.
#[derive(Clone, Debug, Default)]
pub struct UnitRow {
    /// The assignment.
    pub id: String,
    /// Who holds it.
    pub holder: String,
    /// The person behind it, or what else is worth a small line.
    pub note: String,
    /// Units.
    pub units: i64,
    /// Add-ons bound to it.
    pub add_ons: i64,
    /// Since when, or since when not any more.
    pub at: String,
    /// When it was last used; "never" where nobody saw it.
    pub used: String,
    /// Whether it ended.
    pub ended: bool,
    /// Whether it can be brought back.
    pub reactivable: bool,
    /// Whether it ends at the renewal, or would lose its unit.
    pub loses: bool,
}

/// `/subscriptions/{id}/reduction`: who would lose a unit, by rule or by hand.
#[derive(Template)]
#[template(path = "subscriptions/planner.html")]
pub struct PlannerPage {
    /// The frame.
    pub shell: Shell,
    /// The subscription: id and SKU.
    pub subscription: (String, String),
    /// Its organization: id and name.
    pub organization: (String, String),
    /// The unit: ("device", "devices").
    pub unit: (String, String),
    /// Units now.
    pub total: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units in use.
    pub assigned: i64,
    /// Units free.
    pub free: i64,
    /// What is asked: quantity, rule, when.
    pub fields: Vec<Field>,
    /// What was planned; nothing before a quantity was given.
    pub plan: Option<Planned>,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// A plan, as the page shows it.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// Units afterwards.
    pub quantity: i64,
    /// Units in use that must be freed.
    pub to_free: i64,
    /// At the renewal; else at once.
    pub at_renewal: bool,
    /// Whoever may give way, in the order of the rule, ticked where they do.
    pub candidates: Vec<UnitRow>,
    /// How many more there are who are not listed.
    pub more: bool,
}

/// One subscription as a row.
pub fn row(it: &Subscription, moment: &Moment) -> SubscriptionRow {
    let day =
        |day: Option<store::Date>, near| format::due(day.map(|day| day.0), moment.today, near);
    let notice = i32::try_from(it.notice_days).unwrap_or(i32::MAX);
    SubscriptionRow {
        id: it.id.to_string(),
        sku: it.sku_code.clone(),
        product: it.product_name.clone(),
        total: it.total,
        assigned: it.assigned + it.allocated,
        available: it.available,
        renewal: day(it.renewal_date, 0),
        auto_renewal: auto_renewal(it),
        expiry: day(it.expiry_date, notice),
        status: badges::lifecycle(it.status.as_str()),
    }
}

fn auto_renewal(it: &Subscription) -> Badge {
    let (tone, icon, label) = match (
        it.expiry_date.is_some(),
        it.renewal_date.is_some(),
        it.lapsing,
    ) {
        (false, ..) => ("mute", "info", "No end".to_owned()),
        (true, false, _) => ("warn", "stop", "Off".into()),
        (true, true, 0) => ("good", "check", "On".into()),
        (true, true, less) => (
            "warn",
            "warning",
            format!("On, {} fewer", format::number(less)),
        ),
    };
    Badge { tone, icon, label }
}

/// One bound unit as a row.
pub fn unit_row(unit: &Candidate, moment: &Moment, loses: bool) -> UnitRow {
    let ago = |at: jiff::Timestamp| format::ago(at, moment.now.get());
    UnitRow {
        id: unit.binding.id.to_string(),
        holder: unit.holder_name.clone(),
        note: unit.user_name.clone().unwrap_or_default(),
        units: unit.binding.units,
        add_ons: unit.add_ons,
        at: ago(unit.binding.assigned),
        used: unit.binding.used.map_or_else(|| "never".into(), ago),
        loses,
        ..UnitRow::default()
    }
}

/// What else is said of a subscription.
pub fn facts(it: &Subscription) -> Vec<(String, String)> {
    let date = |day: Option<store::Date>| day.map_or_else(|| "–".into(), |day| format::date(day.0));
    vec![
        (
            "Sales order".into(),
            it.sales_order.clone().unwrap_or_else(|| "–".into()),
        ),
        (
            "Notice".into(),
            format::count(it.notice_days, "day before", "days before"),
        ),
        ("Next term announced".into(), date(it.notice_date)),
    ]
}
