//! Freeing units: of assignments that are named, with the add-ons bound to them; exchanging the add-ons of a base.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Assign, changed_meanwhile, count_add_ons, record_end, record_pool};
use crate::{
    assignments::{
        model::{Binding, Ending, Freed, Made, Mode, Wanted},
        queries, records,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    holders,
    licenses::pools,
    scope::Permission,
};

/// Frees the units of assignments: all of them, or none. Add-ons go with their base.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unassign {
    /// Which; base assignments or add-ons.
    pub ids: Vec<Uuid>,
}

impl Command for Unassign {
    const NAME: &'static str = "assignments.unassign";
    type Outcome = Freed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Freed> {
        if self.ids.is_empty() || self.ids.len() > super::MOST_ROWS {
            let message = format!("Free 1 to {} assignments at once.", super::MOST_ROWS);
            return Err(Error::invalid("ids", "rows.out_of_range", message));
        }
        let mut named = self.ids.clone();
        named.sort_unstable();
        named.dedup();
        let found = queries::bindings(tx, &named).await?;
        let mut organizations: Vec<Uuid> = found.iter().map(|it| it.organization_id).collect();
        organizations.sort_unstable();
        organizations.dedup();
        if found.len() != named.len() {
            organizations.clear();
        }
        if organizations.is_empty() {
            return Err(Error::not_found());
        }
        for organization_id in organizations {
            tx.require(Permission::AssignmentsSet, organization_id)
                .await?;
        }
        if let Some(ended) = found.iter().find(|binding| binding.ended) {
            let message = "This assignment has ended already.";
            return Err(
                Error::conflict("assignment.ended", message).with("id", ended.id.to_string())
            );
        }
        free(tx, found, Ending::Unassigned).await
    }
}

/// Exchanges add-ons of a base assignment: some are freed, then others are bound; all of it, or nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetAddOns {
    /// The base assignment.
    pub id: Uuid,
    /// Assignments of add-ons to free.
    pub remove: Vec<Uuid>,
    /// Add-on products to bind.
    pub add: Vec<Uuid>,
}

impl Command for SetAddOns {
    const NAME: &'static str = "assignments.set_add_ons";
    type Outcome = Made;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Made> {
        let found = queries::bindings(tx, &[self.id]).await?.pop();
        let base = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::AssignmentsSet, base.organization_id)
            .await?;
        if !self.remove.is_empty() {
            let bound = queries::open_add_ons(tx, &[base.id]).await?;
            let named = |add_on: &Binding| self.remove.contains(&add_on.id);
            let leaving: Vec<Binding> = bound.into_iter().filter(named).collect();
            if !self
                .remove
                .iter()
                .all(|id| leaving.iter().any(|it| it.id == *id))
            {
                return Err(changed_meanwhile());
            }
            free(tx, leaving, Ending::Unassigned).await?;
        }
        if self.add.is_empty() {
            return Ok(Made::default());
        }
        let wanted = |product_id: &Uuid| Wanted {
            product_id: *product_id,
            base_id: Some(self.id),
            units: 1,
            ..Wanted::default()
        };
        let binding = Assign {
            organization_id: base.organization_id,
            rows: self.add.iter().map(wanted).collect(),
            mode: Mode::All,
        };
        binding.run(tx).await
    }
}

/// Ends open assignments with the add-ons bound to them, and gives their units back. For commands that have asked
/// for their permission.
pub async fn free(tx: &mut Tx<'_>, ending: Vec<Binding>, why: Ending) -> Result<Freed> {
    let ending = with_add_ons(tx, ending).await?;
    give_back(tx, &ending).await?;
    end(tx, &ending, why).await
}

/// These assignments and the open add-ons bound to them, each once, by id.
pub async fn with_add_ons(tx: &mut store::Tx<'_>, mut named: Vec<Binding>) -> Result<Vec<Binding>> {
    let ids: Vec<Uuid> = named.iter().map(|binding| binding.id).collect();
    named.extend(queries::open_add_ons(tx, &ids).await?);
    named.sort_by_key(|binding| binding.id);
    named.dedup_by_key(|binding| binding.id);
    Ok(named)
}

/// Ends open assignments, given with all their add-ons, whose pools count their units no more.
pub async fn end(tx: &mut Tx<'_>, ending: &[Binding], why: Ending) -> Result<Freed> {
    let mut holders: BTreeMap<Uuid, i64> = BTreeMap::new();
    for binding in ending {
        *holders.entry(binding.holder_id).or_default() -= 1;
    }
    let deltas: Vec<(Uuid, i64)> = holders.into_iter().collect();
    if holders::records::count_bindings(tx, &deltas).await? != deltas.len() as u64 {
        return Err(changed_meanwhile());
    }
    let gone: Vec<Uuid> = ending.iter().map(|binding| binding.id).collect();
    uncount_add_ons(tx, ending, &gone).await?;
    let now = tx.now();
    let ended = records::end(tx, &gone, why, now).await?;
    // An add-on that was bound since, or an end that somebody else was faster with, is seen here.
    let late = queries::open_add_ons(tx, &gone).await?;
    if ended.len() != ending.len() || !late.is_empty() {
        return Err(changed_meanwhile());
    }
    let versions: BTreeMap<Uuid, i64> = ended.into_iter().collect();
    for binding in ending {
        let version = versions.get(&binding.id).copied();
        record_end(tx, binding, version.ok_or_else(changed_meanwhile)?, why);
    }
    let gone_with_base = |binding: &&Binding| {
        let base = binding.base_id;
        base.is_some_and(|base| gone.binary_search(&base).is_ok())
    };
    Ok(Freed {
        units: ending.iter().map(|binding| binding.units).sum(),
        add_ons: ending.iter().filter(gone_with_base).count() as i64,
        ended: gone,
    })
}

async fn give_back(tx: &mut Tx<'_>, ending: &[Binding]) -> Result<()> {
    let mut pools: BTreeMap<Uuid, (Uuid, i64)> = BTreeMap::new();
    for binding in ending {
        let (_, units) = pools
            .entry(binding.pool_id)
            .or_insert((binding.organization_id, 0));
        *units += binding.units;
    }
    for (pool_id, (organization_id, units)) in pools {
        let balance = pools::unbind(tx, pool_id, units).await?;
        let balance = balance.ok_or_else(changed_meanwhile)?;
        record_pool(tx, (pool_id, organization_id), balance, -units);
    }
    Ok(())
}

/// A base that stays counts its add-ons that go.
async fn uncount_add_ons(tx: &mut Tx<'_>, ending: &[Binding], gone: &[Uuid]) -> Result<()> {
    let mut staying: BTreeMap<Uuid, i64> = BTreeMap::new();
    for binding in ending {
        if let Some(base_id) = binding
            .base_id
            .filter(|base| gone.binary_search(base).is_err())
        {
            *staying.entry(base_id).or_default() -= 1;
        }
    }
    let ids: Vec<Uuid> = staying.keys().copied().collect();
    let bases = queries::bindings(tx, &ids).await?;
    let counted = bases.into_iter().map(|base| {
        let delta = staying.get(&base.id).copied().unwrap_or_default();
        (base, delta)
    });
    count_add_ons(tx, counted.collect()).await
}
