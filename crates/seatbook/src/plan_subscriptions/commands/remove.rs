//! Ending a subscription: another takes its place, or it is taken back as if it had never been.

use serde::Serialize;
use uuid::Uuid;

use super::{changed_meanwhile, record};
use crate::{
    error::Result,
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        carrying::{last_version, release},
        commands::DeleteLicense,
    },
    plan_subscriptions::{
        model::{PlanSubscription, Standing},
        queries,
    },
    scope::Permission,
};

/// Lets another subscription take the place of this one, or none again where `successor_id` is.
pub async fn supersede(
    tx: &mut Tx<'_>,
    before: PlanSubscription,
    successor_id: Option<Uuid>,
) -> Result<PlanSubscription> {
    let standing = match successor_id {
        Some(_) => Standing::Superseded,
        None => Standing::Running,
    };
    decide(tx, before, (standing, successor_id)).await
}

/// Ends a subscription whose licenses end with it, for a command that has asked for the permission.
pub async fn end(tx: &mut Tx<'_>, before: PlanSubscription) -> Result<PlanSubscription> {
    decide(tx, before, (Standing::Ended, None)).await
}

async fn decide(
    tx: &mut Tx<'_>,
    before: PlanSubscription,
    (standing, successor_id): (Standing, Option<Uuid>),
) -> Result<PlanSubscription> {
    let after = PlanSubscription {
        standing,
        successor_id,
        ended_at: (standing != Standing::Running).then(|| tx.now()),
        version: before.version + 1,
        ..before.clone()
    };
    if !queries::set_standing(tx, &after, before.version).await? {
        return Err(changed_meanwhile());
    }
    record(tx, &before, &after)?;
    Ok(after)
}

/// Removes a subscription whose licenses were never used, and them with it: what an undo does.
#[derive(Clone, Debug, Serialize)]
pub struct Remove {
    /// Which.
    pub id: Uuid,
    /// Its licenses go with it; else they have gone already.
    pub with_licenses: bool,
}

impl Command for Remove {
    const NAME: &'static str = "plan_subscriptions.remove";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let before = queries::get(tx, self.id).await?;
        tx.require(Permission::LicensesSell, before.seller_id)
            .await?;
        let parts = queries::parts(tx, self.id).await?;
        let ids: Vec<Uuid> = parts.iter().map(|part| part.license.id).collect();
        release(tx, &ids).await?;
        queries::delete(tx, self.id).await?;
        for part in parts.iter().filter(|_| self.with_licenses) {
            let id = part.license.id;
            DeleteLicense { id, version: None }.run(tx).await?;
        }
        let version = last_version(tx, "plan_subscription", self.id).await? + 1;
        tx.changed(Change {
            noun: "plan_subscription",
            row_id: self.id,
            version,
            organization_id: Some(before.organization_id),
            before: Some(serde_json::to_value(&before)?),
            after: None,
        });
        Ok(())
    }
}
