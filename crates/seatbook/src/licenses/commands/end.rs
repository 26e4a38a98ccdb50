//! Pausing, terminating, deleting.

use rules::lifecycle::Standing;
use serde::Serialize;
use uuid::Uuid;

use super::{copy_into_pools, current, record, stale};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{model::License, queries},
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
        tx.require(Permission::LicensesPause, found.organization_id)
            .await?;
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

/// Ends a license now. Bindings stay recorded; nothing new begins; it is not undone.
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
        tx.require(Permission::LicensesTerminate, found.organization_id)
            .await?;
        let before = current(found, self.version)?;
        if matches!(before.standing, Standing::Terminated | Standing::Superseded) {
            return Err(Error::conflict(
                "license.ended",
                "This license has ended already.",
            ));
        }
        decide(
            tx,
            License {
                standing: Standing::Terminated,
                ..before.clone()
            },
            before,
        )
        .await
    }
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
        tx.require(Permission::LicensesTerminate, found.organization_id)
            .await?;
        let before = current(found, self.version)?;
        if before.used || !queries::delete(tx, &before).await? {
            let message = "This license was used, so it stays on record. Terminate it instead.";
            return Err(Error::conflict("license.used", message));
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
        let pool = serde_json::json!({"quantity": before.quantity});
        let versions: Option<(i64,)> = tx
            .query_opt(
                "SELECT max(version) FROM change WHERE noun = 'pool' AND row_id = $1",
                &[&before.pool_id],
            )
            .await?;
        let version = versions.map_or(1, |(version,)| version) + 1;
        tx.changed(row("pool", before.pool_id, version, Some(pool)));
        Ok(())
    }
}

/// Writes what was decided, closes or opens the pools, records all of it.
async fn decide(tx: &mut Tx<'_>, decided: License, before: License) -> Result<License> {
    queries::set_standing(tx, &decided)
        .await?
        .ok_or_else(|| stale(&before))?;
    let after = queries::get(tx, before.id).await?;
    copy_into_pools(tx, &before, &after).await?;
    record(tx, &before, &after)?;
    Ok(after)
}
