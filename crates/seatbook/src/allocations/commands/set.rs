//! The grid: the changed rows of a pool's shares, all at once or none.

use rules::shares::{self, Delta, SharePlan};
use serde::{Deserialize, Serialize};
use store::{Lane, Place};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{give, refusals, take};
use crate::{
    allocations::{
        model::{Child, PoolBalance, Share, Source},
        queries,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    scope::Permission,
};

/// More rows than this hold up the writer too long for one command.
const MOST_ROWS: usize = 10_000;

/// One row of the grid.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedShare {
    /// The child organization.
    pub organization_id: Uuid,
    /// The quantity you saw; 0 for a new row. A row that somebody changed meanwhile is refused.
    pub seen: i64,
    /// The quantity it shall have; 0 takes all back.
    pub quantity: i64,
}

/// Splits a pool among child organizations: the changed rows of the grid at once.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetAllocations {
    /// The pool whose units are passed on.
    pub pool_id: Uuid,
    /// The rows that change.
    pub rows: Vec<WantedShare>,
}

impl Command for SetAllocations {
    const NAME: &'static str = "allocations.set";
    type Outcome = PoolBalance;

    fn place(&self) -> Place {
        let lane = if self.rows.len() > 100 {
            Lane::Bulk
        } else {
            Lane::Interactive
        };
        // Many rows lock many pools, so they have their transaction for themselves.
        let shard = (self.rows.len() <= 8).then_some(self.pool_id.as_u128());
        Place {
            lane,
            shard,
            pipelined: false,
        }
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<PoolBalance> {
        let source = queries::find_source(tx, self.pool_id)
            .await?
            .ok_or_else(Error::not_found)?;
        tx.require(Permission::AllocationsSet, source.organization_id)
            .await?;
        self.count()?;
        let named: Vec<Uuid> = self.rows.iter().map(|row| row.organization_id).collect();
        let children = queries::find_children(tx, &source, &named).await?;
        let plan = self.plan(&source, &children, &named)?;
        let grows = plan.deltas.iter().any(|delta| delta.delta > 0);
        let (quantity, allocated, assigned, _) =
            take(tx, self.pool_id, &source, plan.net(), grows).await?;
        let mut deltas: Vec<(&Child, &Delta<Uuid>)> = plan
            .deltas
            .iter()
            .filter_map(|delta| {
                Some((
                    children
                        .iter()
                        .find(|child| child.organization_id == delta.organization)?,
                    delta,
                ))
            })
            .collect();
        // Locks are taken in the order of pools' ids; new pools come last, as their ids are the youngest.
        deltas.sort_by_key(|(child, _)| (child.pool_id.is_none(), child.pool_id));
        let mut changed = Vec::with_capacity(deltas.len());
        for (child, delta) in deltas {
            if delta.delta > 0 && child.blocked {
                return Err(refusals::suspended(child.organization_id));
            }
            let quantity = give(
                tx,
                (self.pool_id, &source),
                child,
                delta.delta,
                Some(delta.before),
            )
            .await?;
            changed.push(Share {
                organization_id: child.organization_id,
                before: delta.before,
                quantity,
            });
        }
        let free = quantity - allocated - assigned;
        Ok(PoolBalance {
            pool_id: self.pool_id,
            quantity,
            allocated,
            assigned,
            free,
            changed,
        })
    }
}

impl SetAllocations {
    /// Judges the rows against the pool: what changes by how much, or everything that is wrong with them.
    fn plan(&self, source: &Source, children: &[Child], named: &[Uuid]) -> Result<SharePlan<Uuid>> {
        for (row, id) in named.iter().enumerate() {
            let child = children.iter().find(|child| child.organization_id == *id);
            let ours = child.filter(|child| child.takes_from(self.pool_id));
            ours.ok_or_else(|| refusals::no_child(row))?;
        }
        // Shares that no row names stay: for the sum they weigh like units that are bound.
        let listed: i64 = children.iter().map(|child| child.quantity).sum();
        let pool = shares::Pool {
            quantity: source.quantity,
            assigned: source.assigned + source.allocated - listed,
            children: children
                .iter()
                .map(|child| shares::Child {
                    organization: child.organization_id,
                    quantity: child.quantity,
                    in_use: child.in_use,
                })
                .collect(),
        };
        let wanted: Vec<shares::Wanted<Uuid>> = self
            .rows
            .iter()
            .map(|row| shares::Wanted {
                organization: row.organization_id,
                seen: row.seen,
                quantity: row.quantity,
            })
            .collect();
        let plan =
            shares::plan(&pool, &wanted).map_err(|breaches| refusals::of_plan(&breaches, named))?;
        match plan.is_empty() {
            true => Err(Error::invalid(
                "rows",
                "rows.unchanged",
                "These shares are what they were.",
            )),
            false => Ok(plan),
        }
    }

    /// Whether sums and rows would be accepted now. The job that applies them checks again.
    pub async fn check(&self, tx: &mut store::Tx<'_>) -> Result<()> {
        self.count()?;
        let source = queries::find_source(tx, self.pool_id)
            .await?
            .ok_or_else(Error::not_found)?;
        let named: Vec<Uuid> = self.rows.iter().map(|row| row.organization_id).collect();
        let children = queries::find_children(tx, &source, &named).await?;
        self.plan(&source, &children, &named).map(drop)
    }

    fn count(&self) -> Result<()> {
        if (1..=MOST_ROWS).contains(&self.rows.len()) {
            return Ok(());
        }
        Err(Error::invalid(
            "rows",
            "rows.out_of_range",
            format!("Send 1 to {MOST_ROWS} rows."),
        ))
    }
}
