//! The verbs of allocations.

mod allocate;
mod refusals;
mod request;
mod set;

pub use allocate::Allocate;
pub use request::{KIND, RequestAllocations};
pub use set::{SetAllocations, WantedShare};

use serde::Serialize;
use serde_json::json;
use store::Timestamp;
use uuid::Uuid;

use super::{
    model::{Child, Source},
    queries,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::pools::{self, Balance, NewPool},
    organizations::{commands::MoveOrganization, model::Organization},
};

/// Passes `net` units on from a pool and records it; refused where that many are not free.
async fn take(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    source: &Source,
    net: i64,
    grows: bool,
) -> Result<Balance> {
    let now: Timestamp = tx.now();
    let Some(balance) = pools::take(tx, pool_id, net, grows, now).await? else {
        return Err(refusals::not_taken(tx, pool_id, net).await);
    };
    let (_, allocated, _, version) = balance;
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: Some(source.organization_id),
        before: Some(json!({"allocated": allocated - net})),
        after: Some(json!({"allocated": allocated})),
    });
    if grows && !source.used {
        crate::licenses::queries::mark_used(tx, source.license_id).await?;
    }
    Ok(balance)
}

/// Gives `delta` units to a child and records it. Says what it has now.
async fn give(
    tx: &mut Tx<'_>,
    (from, source): (Uuid, &Source),
    child: &Child,
    delta: i64,
    seen: Option<i64>,
) -> Result<i64> {
    let mut child = *child;
    if child.pool_id.is_none() {
        if let Some(given) = start(tx, from, &child, delta).await? {
            return Ok(given);
        }
        // Another server has given it its first units meanwhile. Who has looked is told; a difference goes on top.
        let again = queries::find_children(tx, source, &[child.organization_id]).await?;
        let again = again
            .first()
            .filter(|it| seen.is_none() && it.takes_from(from));
        let changed = || refusals::changed(child.organization_id, 0, None, delta);
        child = *again.ok_or_else(changed)?;
    }
    let (child, pool_id) = (&child, child.pool_id.ok_or_else(Error::not_found)?);
    if child.parent_id != Some(from) {
        return adopt(tx, (from, pool_id), child, delta).await;
    }
    let Some((quantity, _, _, version)) = pools::give(tx, pool_id, delta, seen).await? else {
        return Err(refusals::not_given(tx, child, delta, seen).await);
    };
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: Some(child.organization_id),
        before: Some(json!({"quantity": quantity - delta})),
        after: Some(json!({"quantity": quantity})),
    });
    Ok(quantity)
}

/// Units for a pool that was emptied before its organization came here.
async fn adopt(
    tx: &mut Tx<'_>,
    (from, pool_id): (Uuid, Uuid),
    child: &Child,
    units: i64,
) -> Result<i64> {
    let adopted = pools::adopt(tx, pool_id, from, units).await?;
    let Some(version) = adopted else {
        return Err(refusals::not_given(tx, child, units, Some(0)).await);
    };
    tx.changed(Change {
        noun: "pool",
        row_id: pool_id,
        version,
        organization_id: Some(child.organization_id),
        before: Some(json!({"parent_id": child.parent_id, "quantity": 0})),
        after: Some(json!({"parent_id": from, "quantity": units})),
    });
    Ok(units)
}

/// A child's first units of a license; nothing where it has some by now.
async fn start(tx: &mut Tx<'_>, from: Uuid, child: &Child, units: i64) -> Result<Option<i64>> {
    let organization_id = child.organization_id;
    let new = NewPool {
        id: tx.new_id(),
        parent_id: from,
        organization_id,
        quantity: units,
        now: tx.now(),
    };
    if !pools::insert_child(tx, &new).await? {
        return Ok(None);
    }
    let after = json!({"parent_id": from, "organization_id": organization_id, "quantity": units, "allocated": 0, "assigned": 0});
    tx.changed(Change {
        noun: "pool",
        row_id: new.id,
        version: 1,
        organization_id: Some(organization_id),
        before: None,
        after: Some(after),
    });
    Ok(Some(units))
}

/// Puts an organization under another parent. One that holds units of a parent it would leave cannot move
/// until they are returned (product.md, "Moving and suspending"); own licenses and holders move along.
#[derive(Clone, Debug, Serialize)]
pub struct MoveHolder {
    /// Which, and where to.
    #[serde(flatten)]
    pub moving: MoveOrganization,
}

impl Command for MoveHolder {
    const NAME: &'static str = "organizations.move";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        let moving = &self.moving;
        let moved = moving.run(tx).await?;
        let (pools, units) =
            queries::held_from_left_ancestors(tx, moving.id, moving.parent_id).await?;
        if pools > 0 {
            let message = format!(
                "It holds {units} units of its present parent; return them before it moves."
            );
            let refused = Error::conflict("organization.holds_allocations", message);
            return Err(refused
                .with("pools", pools)
                .with("units", units)
                .with("organization_id", moving.id.to_string()));
        }
        Ok(moved)
    }
}
