//! What an organization will hold on a day to come: what it holds today, with what is scheduled until then. Renewals
//! with the units that were said for them, units that do not renew, and organizations that leave.

mod outlook;
mod shares;

use std::collections::{BTreeSet, HashMap};

use rules::lifecycle::Standing;
use store::{Date, Tx};
use uuid::Uuid;

use self::{
    outlook::Outlook,
    shares::{Decided, Share, decided, shares},
};
use super::{day::Day, list::MOST, tracks::too_large};
use crate::{
    error::Result,
    licenses::{model::Pool, pools},
};

/// Ids bound in one statement.
const AT_ONCE: usize = 500;

/// The pools that an organization will have when a day is over, if nobody decides anything until then.
pub async fn pools(tx: &mut Tx<'_>, organization_id: Uuid, day: &Day) -> Result<Vec<Pool>> {
    let sql = "SELECT id FROM pool WHERE organization_id = $1 AND (quantity > 0 OR parent_id IS NULL) LIMIT $2";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &(MOST + 1)]).await?;
    if ids.len() as i64 > MOST {
        return Err(too_large());
    }
    let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
    let mut held = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        held.extend(pools::of_ids(tx, some).await?);
    }
    let shares = shares(tx, &ids, day).await?;
    let mut licenses: BTreeSet<Uuid> = held.iter().map(|pool| pool.license_id).collect();
    licenses.extend(shares.iter().map(|share| share.license_id));
    let outlook = Outlook::read(tx, licenses).await?;
    let own: HashMap<Uuid, Decided> = decided(tx, &ids).await?;
    let leaves = leaves(tx, organization_id, day).await?;
    let mut below: HashMap<Uuid, Vec<Share>> = HashMap::new();
    for share in shares {
        below.entry(share.source_id).or_default().push(share);
    }
    for pool in &mut held {
        let below = below.remove(&pool.id).unwrap_or_default();
        for share in &below {
            share.gives_back(pool, outlook.renews_until(share.license_id, day.date)?);
        }
        let renewed = outlook.renews_until(pool.license_id, day.date)?;
        outlook.renew(pool, (own.get(&pool.id), renewed), day)?;
        for share in &below {
            share.takes_more(pool, outlook.renews_until(share.license_id, day.date)?);
        }
        if leaves {
            leave(pool);
        }
    }
    held.retain(|pool| pool.quantity > 0 || pool.parent_id.is_none());
    Ok(held)
}

/// The pools below one, as customers will have them when a day is over: organization, units, units in use.
pub async fn below(tx: &mut Tx<'_>, pool_id: Uuid, day: &Day) -> Result<Vec<(Uuid, i64, i64)>> {
    let sql = "SELECT id FROM pool WHERE parent_id = $1 AND quantity > 0
        AND license_id = (SELECT license_id FROM pool WHERE id = $1) LIMIT $2";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&pool_id, &(MOST + 1)]).await?;
    if ids.len() as i64 > MOST {
        return Err(too_large());
    }
    let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
    let mut below = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        below.extend(pools::of_ids(tx, some).await?);
    }
    let changed = shares(tx, &[pool_id], day).await?;
    let licenses = below.iter().map(|pool| pool.license_id).collect();
    let outlook = Outlook::read(tx, licenses).await?;
    let mut customers = Vec::with_capacity(below.len());
    for mut pool in below {
        if let Some(share) = changed.iter().find(|share| share.id == pool.id) {
            let renewed = outlook.renews_until(share.license_id, day.date)?;
            let gone = share.lost(renewed);
            pool.assigned -= (gone - pool.free).max(0);
            pool.quantity -= gone;
        }
        customers.push((
            pool.organization_id,
            pool.quantity,
            pool.allocated + pool.assigned,
        ));
    }
    customers.retain(|(_, quantity, _)| *quantity > 0);
    Ok(customers)
}

/// Whether an organization, or one it is below of, leaves by the day.
async fn leaves(tx: &mut Tx<'_>, organization_id: Uuid, day: &Day) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM offboarding f JOIN organization_closure c ON c.ancestor_id = f.organization_id
        WHERE c.descendant_id = $1 AND f.ended_at IS NULL AND f.leaves_on <= $2)";
    let row: (bool,) = tx
        .query_one(sql, &[&organization_id, &Date(day.date)])
        .await?;
    Ok(row.0)
}

/// Shares return whole, bindings end with them, and own licenses are over.
fn leave(pool: &mut Pool) {
    if pool.parent_id.is_some() {
        (pool.quantity, pool.allocated, pool.assigned, pool.free) = (0, 0, 0, 0);
        return;
    }
    pool.standing = Standing::Terminated;
    pool.free += pool.assigned;
    pool.assigned = 0;
}
