//! The verbs of plan subscriptions.

mod amend;
mod assign;
pub mod order;
mod recompose;
mod remove;

pub use amend::{Terms, amend, check_open, check_version, ended, permitted};
pub use assign::{AssignPlan, begin, outline, overlapping};
pub use recompose::{Parts, decline, recompose};
pub use remove::{Remove, end, supersede};

use serde_json::to_value;
use uuid::Uuid;

use super::model::PlanSubscription;
use crate::{
    error::{Error, Result},
    gate::Tx,
    journal::{self, Change},
};

/// Records a new subscription, with the licenses that it is made of.
fn record_new(tx: &mut Tx<'_>, new: &PlanSubscription, license_ids: &[Uuid]) -> Result<()> {
    let mut after = to_value(new)?;
    after["license_ids"] = to_value(license_ids)?;
    tx.changed(Change {
        noun: "plan_subscription",
        row_id: new.id,
        version: 1,
        organization_id: Some(new.organization_id),
        before: None,
        after: Some(after),
    });
    Ok(())
}

/// Records what became of a subscription: only the fields that differ.
fn record(tx: &mut Tx<'_>, before: &PlanSubscription, after: &PlanSubscription) -> Result<()> {
    let (old, new) = journal::difference(before, after)?;
    tx.changed(Change {
        noun: "plan_subscription",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(old),
        after: Some(new),
    });
    Ok(())
}

/// Somebody else was faster: what was read is no longer so. Asking again is safe.
fn changed_meanwhile() -> Error {
    let message = "Somebody changed this service plan at the same moment; please look again.";
    Error::conflict("plan_subscription.changed", message)
}
