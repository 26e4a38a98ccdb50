//! Deciding: pausing and terminating reach every pool, and the licenses drawn from them; deleting leaves nothing.
//! Units that were drawn from a pool are counted there as allocated; their license never outlives the one they came
//! from, is held while that one is not open, and gives back what is free when it ends.

use std::collections::VecDeque;

use rules::lifecycle::Standing;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    authorize, copy_into_own, copy_into_pools, current, edit::check_unlocked, record, stale,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        carrying,
        model::License,
        pools,
        queries::{self, count_change},
    },
    scope::Permission,
};

/// Pauses a license, or lets it go on. The clock goes on meanwhile.
#[derive(Clone, Debug, Serialize)]
pub struct PauseLicense {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Paused from now on, or no more.
    pub paused: bool,
}

impl Command for PauseLicense {
    const NAME: &'static str = "licenses.pause";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let found = queries::get(tx, self.id).await?;
        authorize(tx, &found, Permission::LicensesPause).await?;
        let before = current(found, self.version)?;
        if before.standing != Standing::Issued {
            return Err(Error::conflict(
                "license.ended",
                "Only an issued license can be paused or resumed.",
            ));
        }
        decide(
            tx,
            License {
                paused: self.paused,
                ..before.clone()
            },
            before,
        )
        .await
    }
}

/// Ends a license now. Bindings stay recorded; nothing new begins; it is not undone. Of a drawn license the free
/// units go back to the pool they came from.
#[derive(Clone, Debug, Serialize)]
pub struct TerminateLicense {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for TerminateLicense {
    const NAME: &'static str = "licenses.terminate";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let found = queries::get(tx, self.id).await?;
        authorize(tx, &found, Permission::LicensesTerminate).await?;
        let before = current(found, self.version)?;
        check_unlocked(tx, &[before.pool_id]).await?;
        terminate(tx, before).await
    }
}

/// Ends a license now, for a command that has asked for the permission.
pub async fn terminate(tx: &mut Tx<'_>, before: License) -> Result<License> {
    if matches!(before.standing, Standing::Terminated | Standing::Superseded) {
        let message = "This license has ended already.";
        return Err(Error::conflict("license.ended", message));
    }
    let decided = License {
        standing: Standing::Terminated,
        ..before.clone()
    };
    let after = decide(tx, decided, before).await?;
    give_back(tx, after).await
}

/// Removes a license that was never used.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteLicense {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for DeleteLicense {
    const NAME: &'static str = "licenses.delete";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let found = queries::get(tx, self.id).await?;
        authorize(tx, &found, Permission::LicensesTerminate).await?;
        let before = current(found, self.version)?;
        if before.used {
            return Err(was_used());
        }
        check_unlocked(tx, &[before.pool_id]).await?;
        if let Some(source_pool_id) = before.source_pool_id {
            draw(tx, source_pool_id, -before.quantity).await?;
        }
        if !queries::delete(tx, &before).await? {
            return Err(was_used());
        }
        let organization_id = Some(before.organization_id);
        let row = |noun, row_id, version, before| Change {
            noun,
            row_id,
            version,
            organization_id,
            before,
            after: None,
        };
        tx.changed(row(
            "license",
            before.id,
            before.version + 1,
            Some(serde_json::to_value(&before)?),
        ));
        let pool = json!({"quantity": before.quantity});
        let version = carrying::last_version(tx, "pool", before.pool_id).await? + 1;
        tx.changed(row("pool", before.pool_id, version, Some(pool)));
        Ok(())
    }
}

fn was_used() -> Error {
    let message = "This license was used, so it stays on record. Terminate it instead.";
    Error::conflict("license.used", message)
}

/// Writes what was decided, closes or opens the pools, records all of it.
pub(super) async fn decide(tx: &mut Tx<'_>, decided: License, before: License) -> Result<License> {
    queries::set_standing(tx, &decided)
        .await?
        .ok_or_else(|| stale(&before))?;
    let after = queries::get(tx, before.id).await?;
    copy_into_pools(tx, &before, &after).await?;
    record(tx, &before, &after)?;
    Ok(after)
}

/// Draws `units` from a pool, or gives them back where they are negative: one conditional UPDATE.
pub async fn draw(tx: &mut Tx<'_>, pool_id: Uuid, units: i64) -> Result<()> {
    let now = tx.now();
    let Some((_, allocated, _, version)) = pools::take(tx, pool_id, units, units > 0, now).await?
    else {
        return Err(not_drawn(tx, pool_id, units).await);
    };
    let pool = pools::find(tx, pool_id)
        .await?
        .ok_or_else(Error::not_found)?;
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: Some(pool.organization_id),
        before: Some(json!({"allocated": allocated - units})),
        after: Some(json!({"allocated": allocated})),
    });
    queries::mark_used(tx, pool.license_id).await
}

/// Why a pool did not give: the facts are read again, so that what is said made the refusal, or is newer.
async fn not_drawn(tx: &mut Tx<'_>, pool_id: Uuid, units: i64) -> Error {
    let pool = match pools::find(tx, pool_id).await {
        Ok(Some(pool)) => pool,
        Ok(None) => return Error::not_found(),
        Err(error) => return error,
    };
    if pool.free < units {
        let message = format!(
            "{units} {} are wanted and {} are free.",
            pool.units, pool.free
        );
        return Error::conflict("pool.exhausted", message)
            .with("pool_id", pool_id.to_string())
            .with("wanted", units)
            .with("available", pool.free);
    }
    let message = "The license these units would come from is not active, so nothing can be drawn.";
    Error::conflict("pool.closed", message).with("pool_id", pool_id.to_string())
}

/// Records what became of the quantity of a license's own pool.
pub(super) fn record_quantity(
    tx: &mut Tx<'_>,
    license: &License,
    (before, after): (i64, i64),
    version: i64,
) {
    tx.changed(Change {
        noun: "pool",
        row_id: license.pool_id,
        version,
        organization_id: Some(license.organization_id),
        before: Some(json!({"quantity": before})),
        after: Some(json!({"quantity": after})),
    });
}

/// Holds every license drawn from the pools of this one, or lets them go on, and so on down to the last.
pub(super) async fn spread(tx: &mut Tx<'_>, license_id: Uuid, held: bool) -> Result<()> {
    let mut reached = VecDeque::from([(license_id, held)]);
    while let Some((source_id, held)) = reached.pop_front() {
        for before in queries::drawn_from(tx, source_id).await? {
            if before.held == held {
                continue;
            }
            queries::set_held(tx, before.id, held).await?;
            let after = queries::get(tx, before.id).await?;
            copy_into_own(tx, &before, &after).await?;
            record(tx, &before, &after)?;
            if before.is_open() != after.is_open() {
                reached.push_back((after.id, !after.is_open()));
            }
        }
    }
    Ok(())
}

/// Refuses dates with which a license would outlive the one it was drawn from, or one drawn from it would outlive
/// it: units cannot be used where they came from nothing.
pub async fn check_within(tx: &mut Tx<'_>, license: &License) -> Result<()> {
    let outside = queries::outlives(tx, license.id).await?;
    match outside {
        0 => Ok(()),
        _ => Err(outlives_source(outside)),
    }
}

/// The refusal of days beyond those of the license that units were drawn from.
pub fn outlives_source(licenses: i64) -> Error {
    let message =
        "Units that were drawn from another license stay within its dates; these would not.";
    Error::conflict("license.outlives_source", message).with("licenses", licenses)
}

/// Gives the free units of an ended license back to the pool they were drawn from.
#[derive(Clone, Debug, Serialize)]
pub struct ReturnUnits {
    /// Which.
    pub id: Uuid,
}

impl Command for ReturnUnits {
    const NAME: &'static str = "licenses.return";
    type Outcome = License;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<License> {
        let license = queries::get(tx, self.id).await?;
        authorize(tx, &license, Permission::LicensesSell).await?;
        if !license.state(tx.now()).is_over() {
            let message = "This license has not ended; lower its quantity to give units back.";
            return Err(Error::conflict("license.running", message));
        }
        give_back(tx, license).await
    }
}

/// Gives what is free of a drawn license back. Gives it as it is then.
pub(super) async fn give_back(tx: &mut Tx<'_>, license: License) -> Result<License> {
    let free = license.free();
    let Some(source_pool_id) = license.source_pool_id.filter(|_| free > 0) else {
        return Ok(license);
    };
    draw(tx, source_pool_id, -free).await?;
    let Some((now, version)) = pools::change_quantity(tx, license.pool_id, -free).await? else {
        let message = "Somebody changed these units at the same moment; please look again.";
        return Err(Error::conflict("subscription.changed", message));
    };
    record_quantity(tx, &license, (now + free, now), version);
    count_change(tx, license.id).await?;
    let after = queries::get(tx, license.id).await?;
    record(tx, &license, &after)?;
    Ok(after)
}
