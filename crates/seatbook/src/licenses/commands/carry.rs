//! Carrying: a pool becomes that of another license, with all that is bound and passed on from it, and back again.
//! No binding is touched: it stays with its pool, and the pool has the dates, the SKU and the license of the new one.

use rules::lifecycle::Standing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Birth, check_within,
    decide::{decide, spread},
    record,
};
use crate::{
    error::{Error, Result},
    gate::Tx,
    journal::Change,
    licenses::{
        carrying,
        model::{License, Pool},
        pools,
        queries::{self, NewLicense},
    },
};

/// What a pool was before it was carried: what it takes to carry it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    /// The pool.
    pub pool_id: Uuid,
    /// The license it was of.
    pub license_id: Uuid,
    /// The pool its units had come from.
    pub parent_id: Option<Uuid>,
    /// Units it had.
    pub quantity: i64,
    /// The empty pool that the old license has instead, where this was its own.
    pub replacement_id: Option<Uuid>,
}

/// Writes a license that takes over a pool as it is: with its bindings, its shares, and the quantity of the new
/// license, which is not below what is in use. An old license whose own pool it was is superseded.
///
/// The caller has given the units back to where they came from, and drawn the new ones.
pub async fn carry(tx: &mut Tx<'_>, pool: &Pool, birth: Birth) -> Result<(License, Origin)> {
    let old = queries::get(tx, pool.license_id).await?;
    let mut new = birth.deliver(tx);
    new.license.pool_id = pool.id;
    new.license.follows_id = Some(old.id);
    queries::insert_alone(tx, &new).await?;
    rehome(tx, pool, &new).await?;
    let own = old.organization_id == pool.organization_id;
    let replacement_id = match own {
        true => Some(replace(tx, &old, pool.parent_id).await?),
        false => None,
    };
    move_shares(tx, (pool.id, old.id), &new).await?;
    let license = queries::get(tx, new.license.id).await?;
    if license.allocated + license.assigned > 0 {
        queries::mark_used(tx, license.id).await?;
    }
    record_birth(tx, &license)?;
    if own {
        let left = queries::get(tx, old.id).await?;
        supersede(tx, left).await?;
    }
    check_within(tx, &license).await?;
    spread(tx, license.id, !license.is_open()).await?;
    let origin = Origin {
        pool_id: pool.id,
        license_id: old.id,
        parent_id: pool.parent_id,
        quantity: pool.quantity,
        replacement_id,
    };
    Ok((license, origin))
}

/// Carries a pool back to the license it was of, which is in force again, and removes the one that had taken over.
///
/// The caller has moved the units back to where they were.
pub async fn carry_back(tx: &mut Tx<'_>, origin: &Origin, taken: &License) -> Result<()> {
    let old = queries::get(tx, origin.license_id).await?;
    let own = origin.replacement_id.is_some();
    let restored = License {
        standing: if own { Standing::Issued } else { old.standing },
        source_pool_id: origin.parent_id,
        quantity: origin.quantity,
        ..old.clone()
    };
    let home = NewLicense {
        product_id: carrying::product_of(tx, old.id).await?,
        license: restored,
        price: None,
        over_at: None,
        expiring_at: None,
        renews: false,
    };
    if let Some(empty_id) = origin.replacement_id {
        if !carrying::delete_empty(tx, empty_id).await? {
            return Err(changed_meanwhile());
        }
        let what = json!({"quantity": 0});
        record_gone(tx, "pool", (empty_id, old.organization_id), what).await?;
    }
    let pool = pools::find(tx, origin.pool_id).await?;
    rehome(tx, &pool.ok_or_else(changed_meanwhile)?, &home).await?;
    move_shares(tx, (origin.pool_id, taken.id), &home).await?;
    if own {
        decide(tx, home.license.clone(), old).await?;
    }
    spread(tx, origin.license_id, !home.license.is_open()).await?;
    carrying::delete_license(tx, taken.id).await?;
    let what = serde_json::to_value(taken)?;
    record_gone(tx, "license", (taken.id, taken.organization_id), what).await
}

/// Ends a license whose place another one takes.
pub async fn supersede(tx: &mut Tx<'_>, before: License) -> Result<License> {
    if before.standing != Standing::Issued {
        let message = "This license has ended already.";
        return Err(Error::conflict("license.ended", message));
    }
    let standing = Standing::Superseded;
    let decided = License {
        standing,
        ..before.clone()
    };
    decide(tx, decided, before).await
}

/// Marks a license as left over from a service plan, or takes the mark away.
pub async fn unbundle(tx: &mut Tx<'_>, before: License, unbundled: bool) -> Result<License> {
    carrying::set_unbundled(tx, before.id, unbundled).await?;
    let after = queries::get(tx, before.id).await?;
    record(tx, &before, &after)?;
    Ok(after)
}

/// Makes a pool that of another license: one conditional UPDATE, where it is still what was read and keeps what it
/// uses.
async fn rehome(tx: &mut Tx<'_>, pool: &Pool, to: &NewLicense) -> Result<()> {
    let moved = carrying::rehome(tx, pool, to).await?;
    let version = moved.ok_or_else(changed_meanwhile)?;
    let new = &to.license;
    tx.changed(Change {
        noun: "pool",
        row_id: pool.id,
        version,
        organization_id: Some(pool.organization_id),
        before: Some(json!({
            "license_id": pool.license_id, "parent_id": pool.parent_id, "quantity": pool.quantity,
            "starts_at": pool.starts_at, "ends_at": pool.ends_at,
        })),
        after: Some(json!({
            "license_id": new.id, "parent_id": new.source_pool_id, "quantity": new.quantity,
            "starts_at": new.starts_at, "ends_at": new.ends_at, "open": new.is_open(),
        })),
    });
    Ok(())
}

/// The shares below a carried pool go with it.
async fn move_shares(
    tx: &mut Tx<'_>,
    (pool_id, old_id): (Uuid, Uuid),
    to: &NewLicense,
) -> Result<()> {
    let new = &to.license;
    let moved = carrying::move_shares(tx, (pool_id, old_id), to).await?;
    for (id, organization_id, version) in moved {
        tx.changed(Change {
            noun: "pool",
            row_id: id,
            version,
            organization_id: Some(organization_id),
            before: Some(json!({"license_id": old_id})),
            after: Some(json!({
                "license_id": new.id, "starts_at": new.starts_at, "ends_at": new.ends_at, "open": new.is_open(),
            })),
        });
    }
    Ok(())
}

/// Gives a license whose own pool went an empty one: every license has one.
async fn replace(tx: &mut Tx<'_>, old: &License, parent_id: Option<Uuid>) -> Result<Uuid> {
    let (id, now) = (tx.new_id(), tx.now());
    carrying::insert_empty(tx, (id, parent_id), old.id, now).await?;
    tx.changed(Change {
        noun: "pool",
        row_id: id,
        version: 1,
        organization_id: Some(old.organization_id),
        before: None,
        after: Some(json!({
            "license_id": old.id, "organization_id": old.organization_id, "parent_id": parent_id,
            "quantity": 0, "allocated": 0, "assigned": 0,
        })),
    });
    Ok(id)
}

fn record_birth(tx: &mut Tx<'_>, license: &License) -> Result<()> {
    tx.changed(Change {
        noun: "license",
        row_id: license.id,
        version: 1,
        organization_id: Some(license.organization_id),
        before: None,
        after: Some(serde_json::to_value(license)?),
    });
    Ok(())
}

async fn record_gone(
    tx: &mut Tx<'_>,
    noun: &'static str,
    (row_id, organization_id): (Uuid, Uuid),
    before: Value,
) -> Result<()> {
    let version = carrying::last_version(tx, noun, row_id).await? + 1;
    tx.changed(Change {
        noun,
        row_id,
        version,
        organization_id: Some(organization_id),
        before: Some(before),
        after: None,
    });
    Ok(())
}

/// Somebody else was faster: what was read is no longer so. Asking again is safe.
fn changed_meanwhile() -> Error {
    let message = "Somebody changed these units at the same moment; please look again.";
    Error::conflict("subscription.changed", message)
}
