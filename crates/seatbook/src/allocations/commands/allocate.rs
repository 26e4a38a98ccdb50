//! Passing on by difference: what programs do, without having looked first.

use serde::Serialize;
use store::{Lane, Place};
use uuid::Uuid;

use super::{give, refusals, take};
use crate::{
    allocations::{
        model::{PoolBalance, Share},
        queries,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    scope::Permission,
};

/// Passes units of a pool on to one child, or takes them back where `units` is negative.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Allocate {
    /// The pool whose units are passed on.
    pub pool_id: Uuid,
    /// The child.
    pub organization_id: Uuid,
    /// How many more; negative takes back.
    pub units: i64,
}

impl Command for Allocate {
    const NAME: &'static str = "allocations.allocate";
    type Outcome = PoolBalance;

    fn place(&self) -> Place {
        Place {
            lane: Lane::Interactive,
            shard: Some(self.pool_id.as_u128()),
            pipelined: true,
        }
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<PoolBalance> {
        let source = queries::find_source(tx, self.pool_id)
            .await?
            .ok_or_else(Error::not_found)?;
        tx.require(Permission::AllocationsSet, source.organization_id)
            .await?;
        if self.units == 0 || self.units.abs() > rules::shares::MAX_UNITS {
            let message = "Pass on 1 to 999,999,999 units, or take as many back.";
            return Err(Error::invalid("units", "units.out_of_range", message));
        }
        let child = queries::find_children(tx, &source, &[self.organization_id])
            .await?
            .pop();
        let child = child.filter(|child| child.takes_from(self.pool_id));
        let no_child = || {
            let message = "There is no such organization directly below the pool's.";
            Error::invalid("organization_id", "allocation.no_child", message)
        };
        let child = child.ok_or_else(no_child)?;
        if self.units > 0 && child.blocked {
            return Err(refusals::suspended(child.organization_id));
        }
        // A child without a pool has nothing to update, so no condition would hold this back but the CHECK.
        if self.units < 0 && child.quantity + self.units < child.in_use {
            let left = child.quantity + self.units;
            return Err(refusals::below_use(
                child.organization_id,
                left,
                child.in_use,
            ));
        }
        let (quantity, allocated, assigned, _) =
            take(tx, self.pool_id, &source, self.units, self.units > 0).await?;
        let now = give(tx, (self.pool_id, &source), &child, self.units, None).await?;
        let share = Share {
            organization_id: child.organization_id,
            before: now - self.units,
            quantity: now,
        };
        let free = quantity - allocated - assigned;
        Ok(PoolBalance {
            pool_id: self.pool_id,
            quantity,
            allocated,
            assigned,
            free,
            changed: vec![share],
        })
    }
}
