//! Handing a license over to its owner: by the seller's hand, or because somebody redeemed its code.

use jiff::tz::TimeZone;
use serde_json::json;
use uuid::Uuid;

use super::sell::{find_customer, last_day};
use crate::{
    error::{Error, Result},
    gate::Tx,
    journal::Change,
    licenses::{
        commands::{check_within, dates, find_sku, record, stale, within},
        model::License,
        pools,
        queries::{self, Ownership},
    },
};

/// Gives a license that waits for one its owner: from now on it is theirs, in their zone, and its term begins
/// today where the SKU says so. `redeemed` says that the customer did it, so the license counts as used.
///
/// The caller has asked for the permission, or holds the code.
pub(super) async fn hand_over(
    tx: &mut Tx<'_>,
    before: &License,
    customer_id: Uuid,
    redeemed: bool,
) -> Result<License> {
    let seller_id = before.seller_id.ok_or_else(Error::not_found)?;
    if !before.awaits_activation {
        let message = "This license has its owner already.";
        return Err(Error::conflict("license.has_owner", message));
    }
    if before.state(tx.now()).is_over() {
        let message = "This license has ended, so it is given to nobody.";
        return Err(Error::conflict("license.ended", message));
    }
    let owner = find_customer(tx, seller_id, customer_id).await?;
    let sku = find_sku(tx, before.sku_id).await?;
    let source = match before.source_pool_id {
        Some(pool_id) => pools::find(tx, pool_id).await?,
        None => None,
    };
    let zone = TimeZone::get(&owner.time_zone).map_err(Error::internal)?;
    let (start, end) = if sku.starts_at_activation {
        let today = tx.today(&zone);
        (today, last_day(today, &sku, source.as_ref())?)
    } else {
        (before.start_date, before.end_date)
    };
    let dates = dates(start, end, &zone, sku.grace_days, before.expiring_days)?;
    let dates = within(dates, source.as_ref());
    let ownership = Ownership {
        organization_id: owner.id,
        time_zone: &owner.time_zone,
        dates: &dates,
        activated_at: tx.now(),
        used: redeemed,
    };
    queries::set_owner(tx, before, &ownership)
        .await?
        .ok_or_else(|| stale(before))?;
    // The license is read together with the pool at its owner, so that has to move first.
    let owned = License {
        organization_id: owner.id,
        starts_at: dates.starts_at,
        ends_at: dates.ends_at,
        awaits_activation: false,
        ..before.clone()
    };
    let version = pools::move_root(tx, &owned).await?;
    let after = queries::get(tx, before.id).await?;
    record_pool(tx, before, &after, version);
    queries::index(tx, &after).await?;
    record(tx, before, &after)?;
    check_within(tx, &after).await?;
    Ok(after)
}

fn record_pool(tx: &mut Tx<'_>, before: &License, after: &License, version: i64) {
    let facts = |license: &License| {
        json!({
            "organization_id": license.organization_id, "open": license.is_open(),
            "starts_at": license.starts_at, "ends_at": license.ends_at,
        })
    };
    tx.changed(Change {
        noun: "pool",
        row_id: after.pool_id,
        version,
        organization_id: Some(after.organization_id),
        before: Some(facts(before)),
        after: Some(facts(after)),
    });
}
