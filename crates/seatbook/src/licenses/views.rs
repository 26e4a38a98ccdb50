//! Rows of the book as the license pages show them.

use jiff::{civil::Date, tz::TimeZone};
use rules::lifecycle::State;
use store::Timestamp;

use super::{
    model::Pool,
    pages::{LicenseGroup, LicenseRow},
    pools::Totals,
};
use crate::console::{
    badges,
    charts::Kpi,
    format,
};

/// The moment a page is looked at, in the reader's zone.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Now.
    pub now: Timestamp,
    /// The day it is there.
    pub today: Date,
    /// Where.
    pub zone: TimeZone,
}

impl Moment {
    /// The moment `now` in a zone; UTC where the zone is unknown to this machine.
    pub fn new(now: Timestamp, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let today = now.get().to_zoned(zone.clone()).date();
        Moment { now, today, zone }
    }
}

/// One pool as a row of the list.
pub fn row(pool: &Pool, moment: &Moment) -> LicenseRow {
    let state = pool.state(moment.now);
    let mut marks = Vec::new();
    let days = u16::try_from(pool.expiring_days).unwrap_or(u16::MAX);
    let ends = pool.ends_at.map(Timestamp::get);
    if state == State::Active && rules::lifecycle::expiring_soon(ends, moment.now.get(), days) {
        marks.push(badges::lifecycle("expiring_soon"));
    }
    if pool.assigned > 0 && !matches!(state, State::Active | State::Grace) {
        marks.push(badges::lifecycle("exceeded"));
    }
    LicenseRow {
        id: pool.license_id.to_string(),
        pool_id: pool.id.to_string(),
        sku: pool.sku_code.clone(),
        product: pool.product_name.clone(),
        sales_order: pool.sales_order.clone().unwrap_or_default(),
        kind: pool.sku_type.clone().unwrap_or_default(),
        tier: pool.sku_tier.clone().unwrap_or_default(),
        class: pool.sku_class.clone().unwrap_or_default(),
        start: format::date(pool.start_date.0),
        end: format::due(pool.end_date.map(|end| end.0), moment.today, i32::from(days)),
        quantity: pool.quantity,
        available: pool.available(moment.now),
        assigned: pool.allocated,
        status: badges::lifecycle(state.as_str()),
        marks,
        allocatable: state.may_allocate(),
    }
}

/// The rows under headings, which follow the order of the rows.
pub fn groups(pools: &[Pool], by_sku: bool, moment: &Moment) -> Vec<LicenseGroup> {
    let mut groups: Vec<LicenseGroup> = Vec::new();
    for pool in pools {
        let (title, note) = if by_sku {
            (pool.sku_code.clone(), pool.product_name.clone())
        } else {
            let reference = pool.support_reference.clone().map(|reference| format!("Support reference {reference}"));
            (pool.sales_order.clone().unwrap_or_else(|| "No sales order".into()), reference.unwrap_or_default())
        };
        let row = row(pool, moment);
        if groups.last().is_none_or(|group| group.title != title) {
            groups.push(LicenseGroup { title, note, ..LicenseGroup::default() });
        }
        if let Some(group) = groups.last_mut() {
            group.quantity += row.quantity;
            group.available += row.available;
            group.rows.push(row);
        }
    }
    groups
}

/// The figures on top of the list.
pub fn kpis(totals: Totals) -> Vec<Kpi> {
    let kpi = |label: &str, value: i64, note: &str, tone, href: &str| Kpi {
        label: label.into(),
        value: format::number(value),
        note: note.into(),
        tone,
        href: href.into(),
        ..Kpi::default()
    };
    let soon = if totals.expiring > 0 { "warn" } else { "mute" };
    vec![
        kpi("Licenses", totals.licenses, "", "mute", "/licenses"),
        kpi("Units", totals.quantity, "", "mute", "/licenses?sort=-quantity"),
        Kpi {
            part: totals.available,
            whole: totals.quantity,
            ..kpi("Available", totals.available, "of active licenses", "mute", "/licenses?status=active")
        },
        kpi("Expiring soon", totals.expiring, "", soon, "/licenses?status=expiring_soon"),
    ]
}
