//! What is said anew of a subscription that runs: its last day, whether it renews, and when that is announced. Its
//! licenses are changed by others.

use store::Date;
use uuid::Uuid;

use super::{changed_meanwhile, record};
use crate::{
    error::{Error, Kind, Result},
    gate::Tx,
    plan_subscriptions::{
        model::{PlanSubscription, Standing},
        queries,
    },
    scope::Permission,
};

/// What can be said anew of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The last day.
    pub end_date: Date,
    /// Whether it renews.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
}

impl PlanSubscription {
    /// What holds now.
    pub fn terms(&self) -> Terms {
        Terms {
            end_date: self.end_date,
            auto_renews: self.auto_renews,
            notice_days: self.notice_days,
        }
    }
}

/// The subscription, for somebody who sells to its customer: 404 for who does not see it.
pub async fn permitted(tx: &mut Tx<'_>, id: Uuid) -> Result<PlanSubscription> {
    let found = queries::get(tx, id).await?;
    tx.require(Permission::LicensesRead, found.organization_id)
        .await?;
    tx.require_above(Permission::LicensesSell, found.seller_id)
        .await?;
    Ok(found)
}

/// Whether it is still what the editor saw; anything where the editor did not say.
pub fn check_version(found: &PlanSubscription, version: Option<i64>) -> Result<()> {
    if version.is_none_or(|version| version == found.version) {
        return Ok(());
    }
    let message = "Somebody changed this service plan in the meantime; look at it again.";
    Err(Error::new(Kind::Stale, "version.stale", message).with("version", found.version))
}

/// What another plan took the place of, or what was ended, stays as it was.
pub fn check_open(found: &PlanSubscription) -> Result<()> {
    if found.standing == Standing::Running {
        return Ok(());
    }
    Err(ended(found))
}

/// The customer has nothing of the plan that could become something else.
pub fn ended(found: &PlanSubscription) -> Error {
    let message = format!(
        "{} does not have “{}” any more.",
        found.organization_name, found.plan_name
    );
    let ended = Error::conflict("plan_subscription.ended", message);
    match found.successor_id {
        Some(id) => ended.with("successor_id", id.to_string()),
        None => ended,
    }
}

/// Writes and records what is said anew. A change of its licenses alone counts as one of the subscription too: whoever
/// edits it with an older version is told.
pub async fn amend(
    tx: &mut Tx<'_>,
    before: &PlanSubscription,
    terms: Terms,
) -> Result<PlanSubscription> {
    if !queries::set_terms(tx, before.id, before.version, terms).await? {
        return Err(changed_meanwhile());
    }
    let after = PlanSubscription {
        end_date: terms.end_date,
        auto_renews: terms.auto_renews,
        notice_days: terms.notice_days,
        version: before.version + 1,
        ..before.clone()
    };
    record(tx, before, &after)?;
    Ok(after)
}
