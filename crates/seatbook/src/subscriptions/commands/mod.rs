//! The verbs of subscriptions, and what they share: taking units from pools.

mod reduce;
mod renewal;
mod units;

pub use reduce::{Reduce, accepted, plan};
pub use renewal::{EditSubscription, Resubscribe, Unsubscribe, carry_decision, lapse, renew_whole};
pub use units::{PoolUnits, Reactivate, Terminate};

use std::collections::{BTreeMap, BTreeSet};

use rules::lifecycle::Standing;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::model::LoweredPool;
use crate::{
    assignments::model::Binding,
    error::{Error, Result},
    gate::Tx,
    journal::Change,
    licenses::{
        self,
        model::Pool,
        pools::{self, Lowered, Lowering},
    },
};

/// The most bindings that one command ends.
pub const MOST_ENDED: i64 = 5_000;

/// Takes units from pools, and back into them what bindings free: one conditional UPDATE a pool, in the order of
/// ids. Units that were received go back to the pool they came from; own ones lower the license.
pub async fn lower(
    tx: &mut Tx<'_>,
    freed: &[Binding],
    lowered: &[(Pool, i64)],
) -> Result<Vec<LoweredPool>> {
    let mut steps: BTreeMap<Uuid, Lowering> = BTreeMap::new();
    for binding in freed {
        steps.entry(binding.pool_id).or_default().freed += binding.units;
    }
    for (pool, units) in lowered {
        steps.entry(pool.id).or_default().units += units;
        if let Some(parent_id) = pool.parent_id {
            steps.entry(parent_id).or_default().returned += units;
        }
    }
    let mut done = Vec::with_capacity(lowered.len());
    let mut licenses: BTreeMap<(Uuid, Uuid), LoweredPool> = BTreeMap::new();
    for (pool_id, step) in steps {
        let Some(now) = pools::lower(tx, pool_id, &step).await? else {
            return Err(not_lowered(tx, freed, lowered).await);
        };
        record_pool(tx, (pool_id, now), &step);
        if step.units == 0 {
            continue;
        }
        // A share that was emptied and given by another parent meanwhile would go back to the wrong one.
        let read = lowered.iter().find(|(pool, _)| pool.id == pool_id);
        if read.is_some_and(|(pool, _)| pool.parent_id != now.parent_id) {
            return Err(changed_meanwhile());
        }
        let left = LoweredPool {
            pool_id,
            units: step.units,
            quantity: now.quantity,
            returned_to: now.parent_id,
        };
        if now.own {
            licenses.insert((now.license_id, now.organization_id), left.clone());
        }
        done.push(left);
    }
    for (whose, own) in licenses {
        record_license(tx, whose, (own.quantity + own.units, own.quantity)).await?;
    }
    Ok(done)
}

/// Records the figures of a pool that changed.
fn record_pool(tx: &mut Tx<'_>, (pool_id, now): (Uuid, Lowered), step: &Lowering) {
    let (mut before, mut after) = (Map::new(), Map::new());
    for (name, value, less) in [
        ("quantity", now.quantity, step.units),
        ("allocated", now.allocated, step.returned),
        ("assigned", now.assigned, step.freed),
    ] {
        if less != 0 {
            before.insert(name.into(), json!(value + less));
            after.insert(name.into(), json!(value));
        }
    }
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version: now.version,
        organization_id: Some(now.organization_id),
        before: Some(Value::Object(before)),
        after: Some(Value::Object(after)),
    });
}

/// Records the units of a license that changed; whoever edits it with an older version is told.
async fn record_license(
    tx: &mut Tx<'_>,
    (license_id, organization_id): (Uuid, Uuid),
    (before, after): (i64, i64),
) -> Result<()> {
    let version = licenses::queries::count_change(tx, license_id).await?;
    tx.changed(Change {
        noun: "license",
        row_id: license_id,
        version,
        organization_id: Some(organization_id),
        before: Some(json!({"quantity": before})),
        after: Some(json!({"quantity": after})),
    });
    Ok(())
}

/// A pool did not give: more is in use than would be left, or somebody else was faster. The facts are read again,
/// so that what is said is what made the refusal, or newer.
async fn not_lowered(tx: &mut Tx<'_>, freed: &[Binding], lowered: &[(Pool, i64)]) -> Error {
    for (read, units) in lowered {
        let pool = match pools::find(tx, read.id).await {
            Ok(Some(pool)) => pool,
            Ok(None) => return Error::not_found(),
            Err(error) => return error,
        };
        let back = freed.iter().filter(|it| it.pool_id == pool.id);
        let wanted = units - back.map(|it| it.units).sum::<i64>();
        if wanted > pool.free {
            return below_use(&pool, wanted);
        }
    }
    changed_meanwhile()
}

fn below_use(pool: &Pool, wanted: i64) -> Error {
    let to_free = wanted - pool.free;
    let message = format!(
        "{wanted} {} shall go and {} are free; free {to_free} first, or choose who loses theirs.",
        pool.units, pool.free
    );
    Error::conflict("subscription.below_use", message)
        .with("pool_id", pool.id.to_string())
        .with("wanted", wanted)
        .with("free", pool.free)
        .with("to_free", to_free)
}

/// A license that stays as it was given keeps its units through these doors too; a share of one is not the license.
async fn check_editions(tx: &mut Tx<'_>, pools: &[&Pool]) -> Result<()> {
    let ids: Vec<Uuid> = once(pools.iter().map(|pool| pool.license_id))
        .into_iter()
        .collect();
    for license in licenses::queries::of_ids(tx, &ids).await? {
        if pools.iter().any(|pool| pool.id == license.pool_id) {
            licenses::commands::check_edition(&license)?;
        }
    }
    Ok(())
}

/// What has ended by decision has nothing left to end.
fn check_running(pool: &Pool) -> Result<()> {
    if matches!(pool.standing, Standing::Terminated | Standing::Superseded) {
        let message = "This license has ended already.";
        return Err(Error::conflict("license.ended", message)
            .with("license_id", pool.license_id.to_string()));
    }
    Ok(())
}

/// Each of these once, in order.
fn once(ids: impl IntoIterator<Item = Uuid>) -> BTreeSet<Uuid> {
    ids.into_iter().collect()
}

/// Somebody else was faster: what was read is no longer so. Asking again is safe.
fn changed_meanwhile() -> Error {
    let message = "Somebody changed these units at the same moment; please look again.";
    Error::conflict("subscription.changed", message)
}
