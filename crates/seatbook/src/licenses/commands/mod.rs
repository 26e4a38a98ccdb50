//! The verbs of licenses.

mod carry;
mod decide;
mod edit;
mod issue;

pub use carry::{Origin, carry, carry_back, supersede, unbundle};
pub use decide::{
    DeleteLicense, PauseLicense, ReturnUnits, TerminateLicense, check_within, draw,
    outlives_source, terminate,
};
pub use edit::{EditLicense, change_quantity, check_edition, check_unlocked, locked, set_last_day};
pub use issue::{Birth, EXPIRING_DAYS, IssueLicense, check_facts, find_sku, tidy};

use jiff::tz::TimeZone;
use rules::term::{self, Validity};
use serde_json::json;
use store::{Date, Timestamp};

use super::{
    model::{License, Pool},
    pools,
    queries::Dates,
};
use crate::{
    error::{Error, Kind, Result},
    gate::Tx,
    journal::Change,
    scope::Permission,
};

/// Computes a license's dates from its first day: the last day by the SKU's validity, unless one is given.
pub fn dates(
    start: Date,
    end: Option<Date>,
    zone: &TimeZone,
    grace_days: i64,
    expiring_days: i64,
) -> Result<Dates> {
    let far = |_| {
        Error::invalid(
            "start_date",
            "out_of_calendar",
            "The dates leave the calendar.",
        )
    };
    let starts_at = Timestamp::new(term::first_instant(start.0, zone).map_err(far)?);
    let ends_at = match end {
        Some(end) => Some(Timestamp::new(
            term::exclusive_end_instant(end.0, zone).map_err(far)?,
        )),
        None => None,
    };
    let grace = u16::try_from(grace_days).unwrap_or_default();
    let grace_until = match end {
        Some(end) if grace > 0 => Some(Timestamp::new(
            term::grace_until(end.0, grace, zone).map_err(far)?,
        )),
        _ => None,
    };
    Ok(Dates {
        start_date: start,
        end_date: end,
        starts_at,
        ends_at,
        grace_until,
        over_at: ends_at.max(grace_until),
        expiring_at: ends_at.map(|end| end.plus_seconds(-expiring_days * 86_400)),
    })
}

/// How far apart two zones' days can be.
const ZONES_SECONDS: i64 = 26 * 3_600;

/// Holds the instants of a drawn license within those of the one it was drawn from, where only their zones set them
/// apart: its owner's day may begin before the other's, and end after it. Days that lie further outside stay there,
/// and are refused by [`check_within`].
pub fn within(dates: Dates, source: Option<&Pool>) -> Dates {
    let Some(source) = source else { return dates };
    let near = |one: Timestamp, other: Timestamp| one.plus_seconds(ZONES_SECONDS) > other;
    let starts_at =
        match dates.starts_at < source.starts_at && near(dates.starts_at, source.starts_at) {
            true => source.starts_at,
            false => dates.starts_at,
        };
    let ends_at = match (dates.ends_at, source.ends_at) {
        (Some(own), Some(end)) if own > end && near(end, own) => Some(end),
        (own, _) => own,
    };
    Dates {
        starts_at,
        ends_at,
        over_at: ends_at.max(dates.grace_until),
        ..dates
    }
}

/// The last day of a license that starts on `start`.
pub fn end_date(start: Date, validity: Option<Validity>) -> Result<Option<Date>> {
    let Some(validity) = validity else {
        return Ok(None);
    };
    let end = validity.end_from(start.0);
    end.map(|end| Some(Date(end))).map_err(|_| {
        Error::invalid(
            "start_date",
            "out_of_calendar",
            "The end leaves the calendar.",
        )
    })
}

/// The license, if its version is the one the editor saw.
pub(super) fn current(found: License, version: Option<i64>) -> Result<License> {
    match version {
        Some(version) if version != found.version => Err(stale(&found)),
        _ => Ok(found),
    }
}

/// The refusal of a write over another version than the one that was seen.
pub fn stale(found: &License) -> Error {
    let message = "Somebody changed this license in the meantime; look at it again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", json!(found.version))
}

/// Records what became of a license: only the fields that differ.
pub fn record(tx: &mut Tx<'_>, before: &License, after: &License) -> Result<()> {
    let (old, new) = crate::journal::difference(before, after)?;
    tx.changed(Change {
        noun: "license",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(old),
        after: Some(new),
    });
    Ok(())
}

/// Copies a license's dates and openness into its pools, and records each. Whether it is open reaches on into
/// the licenses that were drawn from them.
pub(super) async fn copy_into_pools(
    tx: &mut Tx<'_>,
    before: &License,
    after: &License,
) -> Result<()> {
    copy_into_own(tx, before, after).await?;
    if before.is_open() != after.is_open() {
        decide::spread(tx, after.id, !after.is_open()).await?;
    }
    Ok(())
}

async fn copy_into_own(tx: &mut Tx<'_>, before: &License, after: &License) -> Result<()> {
    let open = after.is_open();
    let pools = pools::copy_facts(tx, after.id, open, after.starts_at, after.ends_at).await?;
    for (id, organization_id, version, open, starts_at, ends_at) in pools {
        let was = json!({
            "open": before.is_open(), "starts_at": before.starts_at, "ends_at": before.ends_at,
        });
        tx.changed(Change {
            noun: "pool",
            row_id: id,
            version,
            organization_id: Some(organization_id),
            before: Some(was),
            after: Some(json!({"open": open, "starts_at": starts_at, "ends_at": ends_at})),
        });
    }
    Ok(())
}

/// Asks whether the caller may do this to a license: at its owner, which must be visible, and where somebody sold
/// it, at the seller too, whose word a license is.
pub async fn authorize(tx: &mut Tx<'_>, license: &License, permission: Permission) -> Result<()> {
    let Some(seller_id) = license.seller_id else {
        return tx.require(permission, license.organization_id).await;
    };
    tx.require(permission, license.organization_id).await?;
    tx.require_above(permission, seller_id).await
}
