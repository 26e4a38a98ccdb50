//! Units that stop at once, and those that come back: the pool gets them again, and the holder a new record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    MOST_ENDED, changed_meanwhile, check_editions, check_running, lower, once, record_license,
};
use crate::{
    assignments::{
        self,
        commands::{end, follow, with_add_ons},
        model::{Binding, Ending},
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        commands::check_unlocked,
        model::{MAX_UNITS, Pool},
        pools::{self, Lowered},
    },
    scope::Permission,
    subscriptions::{
        model::{Reactivated, Terminated},
        queries,
    },
};

/// Units of a pool that nobody uses.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolUnits {
    /// The pool.
    pub pool_id: Uuid,
    /// How many of its free units.
    pub units: i64,
}

/// Stops units at once: bound ones are freed and leave with their binding, add-ons with their base; free ones are
/// named by pool and number. All of it, or none.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Terminate {
    /// Assignments, base or add-on.
    pub assignment_ids: Vec<Uuid>,
    /// Free units.
    pub pools: Vec<PoolUnits>,
}

impl Command for Terminate {
    const NAME: &'static str = "subscriptions.terminate";
    type Outcome = Terminated;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Terminated> {
        let named: Vec<Uuid> = once(self.assignment_ids.iter().copied())
            .into_iter()
            .collect();
        if named.is_empty() && self.pools.is_empty() || named.len() as i64 > MOST_ENDED {
            let message = format!("Terminate 1 to {MOST_ENDED} assignments, or units of pools.");
            return Err(Error::invalid("ids", "rows.out_of_range", message));
        }
        let found = assignments::queries::bindings(tx, &named).await?;
        let known = self.pools(tx, &found).await?;
        if found.len() != named.len() {
            return Err(Error::not_found());
        }
        for organization_id in once(known.values().map(|pool| pool.organization_id)) {
            tx.require(Permission::SubscriptionsEnd, organization_id)
                .await?;
        }
        if let Some(ended) = found.iter().find(|binding| binding.ended) {
            let message = "This assignment has ended already.";
            return Err(
                Error::conflict("assignment.ended", message).with("id", ended.id.to_string())
            );
        }
        let ending = with_add_ons(tx, found).await?;
        let leaving = self.leaving(tx, &ending, known).await?;
        let pools: Vec<&Pool> = leaving.iter().map(|(pool, _)| pool).collect();
        check_editions(tx, &pools).await?;
        let ids: Vec<Uuid> = pools.iter().map(|pool| pool.id).collect();
        check_unlocked(tx, &ids).await?;
        let pools = lower(tx, &ending, &leaving).await?;
        let freed = end(tx, &ending, Ending::Terminated).await?;
        Ok(Terminated {
            ended: freed.ended,
            add_ons: freed.add_ons,
            units: pools.iter().map(|pool| pool.units).sum(),
            pools,
        })
    }
}

impl Terminate {
    /// The pools of what was named.
    async fn pools(&self, tx: &mut Tx<'_>, found: &[Binding]) -> Result<BTreeMap<Uuid, Pool>> {
        let bound = found.iter().map(|binding| binding.pool_id);
        let named = self.pools.iter().map(|pool| pool.pool_id);
        read_pools(tx, once(bound.chain(named)).into_iter().collect()).await
    }

    /// How many units leave which pool: those of the bindings that end, and the free ones that were named.
    async fn leaving(
        &self,
        tx: &mut Tx<'_>,
        ending: &[Binding],
        mut known: BTreeMap<Uuid, Pool>,
    ) -> Result<Vec<(Pool, i64)>> {
        let mut units: BTreeMap<Uuid, i64> = BTreeMap::new();
        for (place, pool) in self.pools.iter().enumerate() {
            if !(1..=MAX_UNITS).contains(&pool.units) {
                let (field, message) = (format!("pools[{place}].units"), "Say how many units.");
                return Err(Error::invalid(field, "units.out_of_range", message));
            }
            *units.entry(pool.pool_id).or_default() += pool.units;
        }
        for binding in ending {
            *units.entry(binding.pool_id).or_default() += binding.units;
        }
        // An add-on that goes with its base has a pool of its own.
        let unread = units.keys().filter(|id| !known.contains_key(*id));
        known.extend(read_pools(tx, unread.copied().collect()).await?);
        let mut leaving = Vec::with_capacity(units.len());
        for (id, units) in units {
            let pool = known.remove(&id).ok_or_else(Error::not_found)?;
            check_running(&pool)?;
            leaving.push((pool, units));
        }
        Ok(leaving)
    }
}

/// These pools, or 404 where one is not there.
async fn read_pools(tx: &mut Tx<'_>, ids: Vec<Uuid>) -> Result<BTreeMap<Uuid, Pool>> {
    let found = pools::of_ids(tx, &ids).await?;
    match found.len() == ids.len() {
        true => Ok(found.into_iter().map(|pool| (pool.id, pool)).collect()),
        false => Err(Error::not_found()),
    }
}

/// Brings a terminated assignment back, with the add-ons that ended with it, as long as its units still stand to the
/// disposal of whoever they went back to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reactivate {
    /// The assignment that was terminated.
    pub id: Uuid,
    /// Days of grace after it ended.
    pub days: i64,
}

impl Command for Reactivate {
    const NAME: &'static str = "subscriptions.reactivate";
    type Outcome = Reactivated;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Reactivated> {
        let found = assignments::queries::bindings(tx, &[self.id]).await?.pop();
        let named = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::SubscriptionsEnd, named.organization_id)
            .await?;
        let ended_at = self.check(tx).await?;
        let mut ids = vec![named.id];
        let whole = (named.id, named.holder_id);
        ids.extend(queries::ended_with(tx, whole, ended_at).await?);
        let back = assignments::queries::bindings(tx, &ids).await?;
        if let Some(base_id) = named.base_id {
            check_base(tx, base_id).await?;
        }
        take_back(tx, &back).await?;
        // Asked again now that the pools are held: two who bring the same unit back meet there.
        self.check(tx).await?;
        let units = back.iter().map(|binding| binding.units).sum();
        let mut new = follow(tx, back).await?;
        new.sort_by_key(|binding| (binding.base_id.is_some(), binding.id));
        Ok(Reactivated {
            assignment_ids: new.iter().map(|binding| binding.id).collect(),
            units,
        })
    }
}

impl Reactivate {
    /// It was terminated, not long ago, and nobody brought it back yet. Gives when it ended.
    async fn check(&self, tx: &mut Tx<'_>) -> Result<Timestamp> {
        let found = queries::ending(tx, self.id).await?;
        let (ending, ended_at, followed) = found.ok_or_else(Error::not_found)?;
        let Some(ended_at) = ended_at.filter(|_| ending.as_deref() == Some("terminated")) else {
            let message = "This assignment was not terminated, so there is nothing to bring back.";
            return Err(Error::conflict("subscription.not_ended", message));
        };
        if followed {
            let message = "This unit was brought back already.";
            return Err(Error::conflict("reactivation.done", message));
        }
        let until = ended_at.plus_seconds(self.days * 86_400);
        if until <= tx.now() {
            let message = format!(
                "It was terminated more than {} days ago and stays terminated.",
                self.days
            );
            return Err(Error::conflict("reactivation.too_late", message)
                .with("reactivate_until", json!(until)));
        }
        Ok(ended_at)
    }
}

/// An add-on comes back to a base that is there.
async fn check_base(tx: &mut Tx<'_>, base_id: Uuid) -> Result<()> {
    let base = assignments::queries::bindings(tx, &[base_id]).await?.pop();
    if base.is_none_or(|base| base.ended) {
        let message = "The base it was bound to has ended; bring that back first.";
        return Err(
            Error::conflict("reactivation.no_base", message).with("base_id", base_id.to_string())
        );
    }
    Ok(())
}

/// Takes the units from where they went, into the pools they left, in the order of ids.
async fn take_back(tx: &mut Tx<'_>, back: &[Binding]) -> Result<()> {
    let mut own: BTreeMap<Uuid, i64> = BTreeMap::new();
    for binding in back {
        *own.entry(binding.pool_id).or_default() += binding.units;
    }
    let mut steps: BTreeMap<Uuid, Step> = BTreeMap::new();
    let ids: Vec<Uuid> = own.keys().copied().collect();
    check_unlocked(tx, &ids).await?;
    let mut known = read_pools(tx, ids).await?;
    for (pool_id, units) in own {
        let pool = known.remove(&pool_id).ok_or_else(Error::not_found)?;
        check_running(&pool)?;
        let step = steps.entry(pool_id).or_default();
        (step.given, step.parent_id) = (units, pool.parent_id);
        if let Some(parent_id) = pool.parent_id {
            steps.entry(parent_id).or_default().taken += units;
        }
    }
    for (pool_id, step) in steps {
        if step.taken > 0 {
            take(tx, pool_id, step.taken).await?;
        }
        if step.given > 0 {
            give(tx, pool_id, &step).await?;
        }
    }
    Ok(())
}

/// What coming back does to one pool.
#[derive(Clone, Copy, Default)]
struct Step {
    /// Units that it passes on again.
    taken: i64,
    /// Units that it gets, and that are bound there.
    given: i64,
    /// Where those come from.
    parent_id: Option<Uuid>,
}

/// Passes units on again from the pool they went back to.
async fn take(tx: &mut Tx<'_>, pool_id: Uuid, units: i64) -> Result<()> {
    let now = tx.now();
    let Some((_, allocated, _, version)) = pools::take(tx, pool_id, units, true, now).await? else {
        let message = "The units went back to whom they came from, and are used by others now.";
        return Err(Error::conflict("pool.exhausted", message).with("wanted", units));
    };
    let pool = pools::find(tx, pool_id).await?;
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: pool.map(|pool| pool.organization_id),
        before: Some(json!({"allocated": allocated - units})),
        after: Some(json!({"allocated": allocated})),
    });
    Ok(())
}

/// Gives a pool its units again, bound.
async fn give(tx: &mut Tx<'_>, pool_id: Uuid, step: &Step) -> Result<()> {
    let (units, now) = (step.given, tx.now());
    let Some(after) = pools::restore(tx, pool_id, units, now).await? else {
        let message = "Its license is not active now, so nothing comes back.";
        return Err(Error::conflict("pool.closed", message));
    };
    let Lowered {
        quantity, assigned, ..
    } = after;
    if after.parent_id != step.parent_id {
        return Err(changed_meanwhile());
    }
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(json!({"quantity": quantity - units, "assigned": assigned - units})),
        after: Some(json!({"quantity": quantity, "assigned": assigned})),
    });
    if !after.own {
        return Ok(());
    }
    let whose = (after.license_id, after.organization_id);
    record_license(tx, whose, (quantity - units, quantity)).await
}
