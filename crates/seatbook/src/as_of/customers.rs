//! Those a pool was passed to, on another day.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;
use store::{Param, Tx, placeholders};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    coming,
    day::{Day, Where},
    list::{MOST, plain},
    past,
    tracks::too_large,
};
use crate::{error::Result, licenses::model::Pool};

/// What a customer had, or will have, of a pool.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CustomerAsOf)]
pub struct CustomerThen {
    /// The organization.
    pub organization_id: Uuid,
    /// What it is called today.
    pub name: String,
    /// Units it had.
    pub quantity: i64,
    /// Of those, units that were passed on or bound there.
    pub in_use: i64,
}

/// Those a pool was passed to, for somebody who has found it visible; by name.
pub async fn read(tx: &mut Tx<'_>, pool: &Pool, day: &Day) -> Result<Vec<CustomerThen>> {
    let shares: Vec<(Uuid, i64, i64)> = match day.lies {
        Where::Past => before(tx, pool, day).await?,
        Where::Now | Where::Ahead => {
            let shares = coming::below(tx, pool.id, day).await?.into_iter();
            let share = |it: Pool| (it.organization_id, it.quantity, it.allocated + it.assigned);
            shares.map(share).collect()
        }
    };
    let ids: Vec<Uuid> = shares.iter().map(|share| share.0).collect();
    let names = names(tx, &ids).await?;
    let named = |(organization_id, quantity, in_use): (Uuid, i64, i64)| CustomerThen {
        name: names.get(&organization_id).cloned().unwrap_or_default(),
        organization_id,
        quantity,
        in_use,
    };
    let mut customers: Vec<CustomerThen> = shares.into_iter().map(named).collect();
    customers.sort_by_cached_key(|it| (plain(&it.name), it.organization_id));
    Ok(customers)
}

/// The shares of a pool on a past day. Those that left it since, for another license with it or for another pool, still
/// belong to its license of then or of today.
async fn before(tx: &mut Tx<'_>, pool: &Pool, day: &Day) -> Result<Vec<(Uuid, i64, i64)>> {
    let then = past::as_they_were(tx, vec![pool.id], day).await?;
    let mut licenses = BTreeSet::from([pool.license_id]);
    licenses.extend(then.first().map(|then| then.license_id));
    let mut ids = BTreeSet::new();
    for license_id in &licenses {
        let sql = "SELECT id FROM pool WHERE license_id = $1 AND parent_id IS NOT NULL LIMIT $2";
        let found: Vec<(Uuid,)> = tx.query(sql, &[license_id, &(MOST + 1)]).await?;
        ids.extend(found.into_iter().map(|(id,)| id));
    }
    if ids.len() as i64 > MOST {
        return Err(too_large());
    }
    let mut shares = past::as_they_were(tx, ids.into_iter().collect(), day).await?;
    let license_id = then.first().map(|then| then.license_id);
    shares.retain(|it| {
        it.parent_id == Some(pool.id) && Some(it.license_id) == license_id && it.balance.0 > 0
    });
    let share = |it: past::Then| {
        (
            it.organization_id,
            it.balance.0,
            it.balance.1 + it.balance.2,
        )
    };
    Ok(shares.into_iter().map(share).collect())
}

async fn names(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let mut names = HashMap::with_capacity(ids.len());
    for some in ids.chunks(500) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT id, name FROM organization WHERE id IN {}",
            placeholders(1, some.len())
        );
        let found: Vec<(Uuid, String)> = tx.query(&sql, &params).await?;
        names.extend(found);
    }
    Ok(names)
}
