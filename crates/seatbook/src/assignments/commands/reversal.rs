//! Taking changes of assignments back. What was bound is freed; what ended is not opened again but has a successor,
//! of the same units, for the same holder.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{
    changed_meanwhile, count_add_ons, hand::hand_over, record_new, record_pool, settle,
    unassign::free,
};
use crate::{
    assignments::{
        model::{Binding, Ending},
        queries, records,
    },
    error::{Error, Result},
    gate::Tx,
    holders,
    journal::{Change, reversal::Reversals},
    licenses::pools,
    scope::Permission,
};

/// What taking back some entries does to assignments and holders.
#[derive(Clone, Debug, Default)]
pub struct Restore {
    /// Assignments that were made.
    pub made: Vec<Uuid>,
    /// Assignments that ended.
    pub ended: Vec<Uuid>,
    /// Holders that were made.
    pub holders: Vec<Uuid>,
    /// Whose devices and extensions were.
    pub owners: Vec<(Uuid, Option<Uuid>)>,
}

impl Restore {
    /// What these changes come to.
    pub fn of(rows: &Reversals) -> Restore {
        let mut restore = Restore::default();
        let of = |noun: &str| rows.get(noun).map(Vec::as_slice).unwrap_or_default();
        for row in of("assignment") {
            let ended = is_set(&row.after, "ended_at");
            match row.made {
                true if !ended => restore.made.push(row.row_id),
                false if ended => restore.ended.push(row.row_id),
                _ => {}
            }
        }
        for row in of("holder") {
            let was = row.before.get("owner_id");
            match (row.made, was) {
                (true, _) => restore.holders.push(row.row_id),
                (false, Some(was)) => {
                    let owner = was.as_str().and_then(|id| id.parse().ok());
                    restore.owners.push((row.row_id, owner));
                }
                (false, None) => {}
            }
        }
        restore
    }

    /// Does it: all of it, or it is refused.
    pub async fn put_back(&self, tx: &mut Tx<'_>) -> Result<()> {
        let made = queries::bindings(tx, &self.made).await?;
        let ended = queries::bindings(tx, &self.ended).await?;
        let mut organizations: Vec<Uuid> = made
            .iter()
            .chain(&ended)
            .map(|binding| binding.organization_id)
            .collect();
        organizations.sort_unstable();
        organizations.dedup();
        for organization_id in organizations {
            tx.require(Permission::AssignmentsSet, organization_id)
                .await?;
        }
        if !made.is_empty() {
            free(tx, made, Ending::Undone).await?;
        }
        // Owners first: a unit comes back to whoever it belongs to now.
        for (id, owner_id) in &self.owners {
            let found = holders::queries::find(tx, *id).await?;
            let holder = found.filter(|holder| holder.left_at.is_none());
            hand_over(tx, &holder.ok_or_else(gone)?, *owner_id, None).await?;
        }
        succeed(tx, ended).await?;
        leave(tx, &self.holders).await
    }
}

fn is_set(fields: &Map<String, Value>, name: &str) -> bool {
    fields.get(name).is_some_and(|value| !value.is_null())
}

/// Opens successors of ended assignments: their units are taken again, from the same pools.
async fn succeed(tx: &mut Tx<'_>, ended: Vec<Binding>) -> Result<()> {
    if ended.is_empty() {
        return Ok(());
    }
    take(tx, &ended).await?;
    follow(tx, ended).await.map(drop)
}

/// Opens successors of ended assignments whose pools count their units already: the same units for the same
/// holders. An add-on whose base ended with it follows the base's successor.
pub async fn follow(tx: &mut Tx<'_>, mut ended: Vec<Binding>) -> Result<Vec<Binding>> {
    // Bases first, so that their add-ons find them.
    ended.sort_by_key(|binding| (binding.base_id.is_some(), binding.id));
    let mut successors: BTreeMap<Uuid, Uuid> = BTreeMap::new();
    let mut add_ons: BTreeMap<Uuid, i64> = BTreeMap::new();
    let mut holders: BTreeMap<Uuid, i64> = BTreeMap::new();
    let users = users_now(tx, &ended).await?;
    let mut new: Vec<Binding> = Vec::with_capacity(ended.len());
    for old in ended {
        let id = tx.new_id();
        successors.insert(old.id, id);
        let base_id = old
            .base_id
            .map(|base| successors.get(&base).copied().unwrap_or(base));
        *holders.entry(old.holder_id).or_default() += 1;
        let user_id = users.get(&old.holder_id).copied().flatten();
        // Counted by nothing, and held: they are there, and do not leave at this moment.
        holders.extend(
            user_id
                .filter(|id| !holders.contains_key(id))
                .map(|id| (id, 0)),
        );
        if let Some(base_id) = base_id {
            *add_ons.entry(base_id).or_default() += 1;
        }
        new.push(Binding {
            id,
            base_id,
            user_id,
            add_ons: 0,
            follows_id: Some(old.id),
            ended: false,
            version: 1,
            ..old
        });
    }
    for binding in &mut new {
        binding.add_ons = add_ons.remove(&binding.id).unwrap_or_default();
    }
    let deltas: Vec<(Uuid, i64)> = holders.into_iter().collect();
    if holders::records::count_bindings(tx, &deltas).await? != deltas.len() as u64 {
        return Err(gone());
    }
    recount(tx, add_ons).await?;
    settle(tx, &mut new).await?;
    let now = tx.now();
    if records::insert(tx, &new, now).await? != new.len() as u64 {
        let message = "A holder has another unit of the product by now.";
        return Err(Error::conflict("assignment.exists", message));
    }
    for binding in &new {
        record_new(tx, binding);
    }
    Ok(new)
}

/// The people behind the holders of these assignments, as it is now: it may have changed since they ended.
async fn users_now(tx: &mut Tx<'_>, ended: &[Binding]) -> Result<BTreeMap<Uuid, Option<Uuid>>> {
    let mut ids: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for binding in ended {
        let of = ids.entry(binding.organization_id).or_default();
        of.push(binding.holder_id);
    }
    let mut users = BTreeMap::new();
    for (organization_id, mut ids) in ids {
        ids.sort_unstable();
        ids.dedup();
        let found = holders::queries::of_ids(tx, organization_id, &ids).await?;
        users.extend(found.iter().map(|holder| (holder.id, holder.user_id())));
    }
    Ok(users)
}

async fn take(tx: &mut Tx<'_>, ended: &[Binding]) -> Result<()> {
    let mut wanted: BTreeMap<Uuid, (Uuid, i64)> = BTreeMap::new();
    for binding in ended {
        let (_, units) = wanted
            .entry(binding.pool_id)
            .or_insert((binding.organization_id, 0));
        *units += binding.units;
    }
    let now = tx.now();
    for (pool_id, (organization_id, units)) in wanted {
        let Some((balance, _)) = pools::bind(tx, pool_id, units, now).await? else {
            let message =
                "The units that were freed are used by others now, or their license has ended.";
            return Err(Error::conflict("pool.exhausted", message)
                .with("pool_id", pool_id.to_string())
                .with("wanted", units));
        };
        record_pool(tx, (pool_id, organization_id), balance, units);
    }
    Ok(())
}

/// Bases that stayed have their add-ons again.
async fn recount(tx: &mut Tx<'_>, add_ons: BTreeMap<Uuid, i64>) -> Result<()> {
    let ids: Vec<Uuid> = add_ons.keys().copied().collect();
    let bases = queries::bindings(tx, &ids).await?;
    let counted = bases.into_iter().map(|base| {
        let delta = add_ons.get(&base.id).copied().unwrap_or_default();
        (base, delta)
    });
    count_add_ons(tx, counted.collect()).await
}

/// Extensions that were made for units stay on record, as gone; their digits are free again.
async fn leave(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<()> {
    let now = tx.now();
    let left = holders::records::leave(tx, ids, now).await?;
    if left.len() != ids.len() {
        return Err(changed_meanwhile());
    }
    for (id, organization_id, version) in left {
        tx.changed(Change {
            noun: "holder",
            row_id: id,
            version,
            organization_id: Some(organization_id),
            before: Some(json!({"left_at": null})),
            after: Some(json!({"left_at": now})),
        });
    }
    Ok(())
}

fn gone() -> Error {
    let message = "A holder, or the base of an add-on, is not there any more.";
    Error::conflict("assignment.changed", message)
}
