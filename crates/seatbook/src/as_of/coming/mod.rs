//! What an organization will hold on a day to come: what it holds today, with what is scheduled until then. Renewals
//! with the units that were said for them, units that do not renew, and organizations that leave.

mod outlook;
mod shares;

use std::collections::{BTreeSet, HashMap};

use rules::lifecycle::Standing;
use store::{Date, Select, Tx};
use uuid::Uuid;

use self::{
    outlook::Outlook,
    shares::{Share, decided, shares},
};
use super::{day::Day, list::MOST, tracks::too_large};
use crate::{
    error::Result,
    licenses::{model::Pool, pools},
    scope::queries::within_any,
};

/// Ids bound in one statement.
const AT_ONCE: usize = 500;

/// The pools that an organization will have when a day is over, if nobody decides anything until then.
pub async fn pools(tx: &mut Tx<'_>, organization_id: Uuid, day: &Day) -> Result<Vec<Pool>> {
    let sql = "SELECT id FROM pool WHERE organization_id = $1 AND (quantity > 0 OR parent_id IS NULL) LIMIT $2";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &(MOST + 1)]).await?;
    foretold(tx, ids.into_iter().map(|(id,)| id).collect(), day).await
}

/// The shares of a pool, as those it was passed to will have them when a day is over.
pub async fn below(tx: &mut Tx<'_>, pool_id: Uuid, day: &Day) -> Result<Vec<Pool>> {
    let sql = "SELECT id FROM pool WHERE parent_id = $1 AND quantity > 0
        AND license_id = (SELECT license_id FROM pool WHERE id = $1) LIMIT $2";
    let ids: Vec<(Uuid,)> = tx.query(sql, &[&pool_id, &(MOST + 1)]).await?;
    foretold(tx, ids.into_iter().map(|(id,)| id).collect(), day).await
}

/// These pools as they will be; those that will be empty are left out, but for licenses' own.
async fn foretold(tx: &mut Tx<'_>, ids: Vec<Uuid>, day: &Day) -> Result<Vec<Pool>> {
    if ids.len() as i64 > MOST {
        return Err(too_large());
    }
    let mut held = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        held.extend(pools::of_ids(tx, some).await?);
    }
    let mut licenses: BTreeSet<Uuid> = held.iter().map(|pool| pool.license_id).collect();
    let mut below: HashMap<Uuid, Vec<Share>> = HashMap::new();
    for share in shares(tx, &ids, day).await? {
        licenses.insert(share.license_id);
        below.entry(share.source_id).or_default().push(share);
    }
    let outlook = Outlook::read(tx, licenses).await?;
    let decided = decided(tx, &ids).await?;
    let leaving = leaving(tx, &held, day).await?;
    for pool in &mut held {
        let below = below.remove(&pool.id).unwrap_or_default();
        for share in &below {
            share.gives_back(pool, outlook.renews_until(share.license_id, day.date)?);
        }
        let renewed = outlook.renews_until(pool.license_id, day.date)?;
        outlook.renew(pool, (decided.get(&pool.id), renewed), day)?;
        for share in &below {
            share.takes_more(pool, outlook.renews_until(share.license_id, day.date)?);
        }
        if leaving.contains(&pool.organization_id) {
            leave(pool);
        }
    }
    held.retain(|pool| pool.quantity > 0 || pool.parent_id.is_none());
    Ok(held)
}

/// The organizations that leave by the day, or are below one that does.
async fn leaving(tx: &mut Tx<'_>, held: &[Pool], day: &Day) -> Result<BTreeSet<Uuid>> {
    let holders: BTreeSet<Uuid> = held.iter().map(|pool| pool.organization_id).collect();
    let holders: Vec<Uuid> = holders.into_iter().collect();
    let leaves_on = Date(day.date);
    let mut leaving = BTreeSet::new();
    for some in holders.chunks(AT_ONCE) {
        let mut select = Select::new(
            "SELECT c.descendant_id FROM offboarding f JOIN organization_closure c ON c.ancestor_id = f.organization_id",
        );
        select
            .and_raw("f.ended_at IS NULL")
            .and("f.leaves_on <= ?", &leaves_on);
        within_any(&mut select, "c.descendant_id", some);
        let found: Vec<(Uuid,)> = tx.query(&select.sql(""), select.params()).await?;
        leaving.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(leaving)
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
