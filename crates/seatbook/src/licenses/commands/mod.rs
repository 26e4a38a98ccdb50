//! The verbs of licenses.

mod edit;
mod issue;

pub use edit::{DeleteLicense, EditLicense, PauseLicense, TerminateLicense};
pub use issue::IssueLicense;

use jiff::tz::TimeZone;
use rules::term::{self, Validity};
use serde_json::json;
use store::{Date, Timestamp};

use super::{model::License, pools, queries::Dates};
use crate::{
    error::{Error, Kind, Result},
    gate::Tx,
    journal::Change,
};

/// Computes a license's dates from its first day: the last day by the SKU's validity, unless one is given.
pub(super) fn dates(
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

/// The last day of a license that starts on `start`.
pub(super) fn end_date(start: Date, validity: Option<Validity>) -> Result<Option<Date>> {
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

pub(super) fn stale(found: &License) -> Error {
    let message = "Somebody changed this license in the meantime; look at it again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", json!(found.version))
}

/// Records what became of a license: only the fields that differ.
pub(super) fn record(tx: &mut Tx<'_>, before: &License, after: &License) -> Result<()> {
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

/// Copies a license's dates and openness into its pools, and records each.
pub(super) async fn copy_into_pools(
    tx: &mut Tx<'_>,
    before: &License,
    after: &License,
) -> Result<()> {
    let open = after.standing == rules::lifecycle::Standing::Issued
        && !after.paused
        && !after.awaits_activation;
    let pools = pools::copy_facts(tx, after.id, open, after.starts_at, after.ends_at).await?;
    let was_open = before.standing == rules::lifecycle::Standing::Issued
        && !before.paused
        && !before.awaits_activation;
    for (id, organization_id, version, open, starts_at, ends_at) in pools {
        tx.changed(Change {
            noun: "pool",
            row_id: id,
            version,
            organization_id: Some(organization_id),
            before: Some(
                json!({"open": was_open, "starts_at": before.starts_at, "ends_at": before.ends_at}),
            ),
            after: Some(json!({"open": open, "starts_at": starts_at, "ends_at": ends_at})),
        });
    }
    Ok(())
}
