//! The verbs of assignments.

mod assign;
mod facts;
mod hand;
mod judge;
mod reversal;
mod unassign;

pub use assign::{Assign, MOST_ROWS};
pub use hand::{DeleteHolder, HandOver, HolderLeaves, Reassign};
pub use judge::{Carry, Judgement, judge_rows};
pub use reversal::{Restore, follow};
pub use unassign::{SetAddOns, Unassign, end, free, with_add_ons};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Binding, Ending},
    records,
};
use crate::{
    error::{Error, Result},
    gate::Tx,
    holders,
    journal::Change,
    licenses::{carrying, pools::Balance},
};

/// Records a new assignment.
fn record_new(tx: &mut Tx<'_>, binding: &Binding) {
    tx.changed(Change {
        noun: "assignment",
        row_id: binding.id,
        version: binding.version,
        organization_id: Some(binding.organization_id),
        before: None,
        after: Some(binding.facts()),
    });
}

/// Records the end of an assignment.
fn record_end(tx: &mut Tx<'_>, binding: &Binding, version: i64, ending: Ending) {
    let at = tx.now();
    tx.changed(Change {
        noun: "assignment",
        row_id: binding.id,
        version,
        organization_id: Some(binding.organization_id),
        before: Some(json!({"ended_at": null})),
        after: Some(json!({"ended_at": at, "ending": ending})),
    });
}

/// Counts add-ons of bases, each by its number, and records it; refused where one ended meanwhile.
async fn count_add_ons(tx: &mut Tx<'_>, bases: Vec<(Binding, i64)>) -> Result<()> {
    let mut by_delta: BTreeMap<i64, Vec<Uuid>> = BTreeMap::new();
    for (base, delta) in &bases {
        by_delta.entry(*delta).or_default().push(base.id);
    }
    let mut counted: BTreeMap<Uuid, (i64, i64)> = BTreeMap::new();
    for (delta, ids) in by_delta {
        let rows = records::count_add_ons(tx, &ids, delta).await?;
        counted.extend(
            rows.into_iter()
                .map(|(id, now, version)| (id, (now, version))),
        );
    }
    for (base, delta) in &bases {
        let now = counted.get(&base.id).copied();
        record_add_ons(tx, base, now.ok_or_else(changed_meanwhile)?, *delta);
    }
    Ok(())
}

/// Records how many add-ons a base has now.
fn record_add_ons(tx: &mut Tx<'_>, base: &Binding, (now, version): (i64, i64), delta: i64) {
    tx.changed(Change {
        noun: "assignment",
        row_id: base.id,
        version,
        organization_id: Some(base.organization_id),
        before: Some(json!({"add_ons": now - delta})),
        after: Some(json!({"add_ons": now})),
    });
}

/// Counts bindings that go from one holder to another. The person behind them is counted by nothing, and held: they
/// are there, and do not leave at this moment.
async fn count_moved(
    tx: &mut Tx<'_>,
    (from, to): (Uuid, Uuid),
    user_id: Option<Uuid>,
    count: i64,
) -> Result<()> {
    let mut moves: BTreeMap<Uuid, i64> = user_id.into_iter().map(|id| (id, 0)).collect();
    *moves.entry(from).or_default() -= count;
    *moves.entry(to).or_default() += count;
    let moves: Vec<(Uuid, i64)> = moves.into_iter().collect();
    match holders::records::count_bindings(tx, &moves).await? == moves.len() as u64 {
        true => Ok(()),
        false => Err(changed_meanwhile()),
    }
}

/// Files new assignments under the license that their pool is of, which a crossgrade may have changed since the ones
/// they go on from were made. The pools are held: none of them changes its license before the assignments stand.
async fn settle(tx: &mut Tx<'_>, new: &mut [Binding]) -> Result<()> {
    let pools: BTreeSet<Uuid> = new.iter().map(|binding| binding.pool_id).collect();
    for pool_id in pools {
        let (license_id, product_id) = carrying::hold(tx, pool_id).await?;
        for binding in new.iter_mut().filter(|it| it.pool_id == pool_id) {
            if binding.product_id != product_id {
                return Err(changed_meanwhile());
            }
            binding.license_id = license_id;
        }
    }
    Ok(())
}

/// Records how many units of a pool are assigned now.
fn record_pool(
    tx: &mut Tx<'_>,
    (pool_id, organization_id): (Uuid, Uuid),
    balance: Balance,
    delta: i64,
) {
    let (_, _, assigned, version) = balance;
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: Some(organization_id),
        before: Some(json!({"assigned": assigned - delta})),
        after: Some(json!({"assigned": assigned})),
    });
}

/// Somebody else was faster: what was read is no longer so. Asking again is safe.
fn changed_meanwhile() -> Error {
    let message = "Somebody changed these assignments at the same moment; please look again.";
    Error::conflict("assignment.changed", message)
}
