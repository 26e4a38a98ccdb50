//! Every statement about pools. Quantities change by one conditional UPDATE each, never by read-then-write:
//! read-then-write with the CHECK in place was measured to grant 640 units of 100.

use store::{FromRow, Param, Row, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    model::{License, MAX_UNITS, Pool},
    rows::POOL,
};
use crate::{
    error::Result,
    scope::{Permission, Scope, queries::below_any},
};

/// The pool, whoever asks: for commands that have asked for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Pool>> {
    Ok(tx
        .query_opt(&format!("{POOL} WHERE p.id = $1"), &[&id])
        .await?)
}

/// The pool, where the scope can see its organization.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Pool>> {
    let roots = scope.roots(Permission::LicensesRead);
    let mut select = Select::new(POOL);
    select.and("p.id = ?", &id);
    below_any(&mut select, "p.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// What an organization holds of a license.
pub async fn find_at(
    tx: &mut Tx<'_>,
    scope: &Scope,
    license_id: Uuid,
    organization_id: Uuid,
) -> Result<Option<Pool>> {
    let roots = scope.roots(Permission::LicensesRead);
    let mut select = Select::new(POOL);
    select
        .and("p.license_id = ?", &license_id)
        .and("p.organization_id = ?", &organization_id);
    below_any(&mut select, "p.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Who received units of a pool, the most first: organization, name, kind, units, units in use there.
pub type Received = (Uuid, String, String, i64, i64);

/// The largest shares of a pool.
pub async fn largest_shares(tx: &mut Tx<'_>, pool_id: Uuid, limit: i64) -> Result<Vec<Received>> {
    let sql = "SELECT o.id, o.name, o.kind, p.quantity, p.allocated + p.assigned
        FROM pool p JOIN organization o ON o.id = p.organization_id
        WHERE p.parent_id = $1 AND p.quantity > 0 AND p.license_id = (SELECT license_id FROM pool WHERE id = $1)
        ORDER BY p.quantity DESC, o.name LIMIT $2";
    Ok(tx.query(sql, &[&pool_id, &limit]).await?)
}

/// How many organizations have units of a pool.
pub async fn count_shares(tx: &mut Tx<'_>, pool_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM pool WHERE parent_id = $1 AND quantity > 0
        AND license_id = (SELECT license_id FROM pool WHERE id = $1)";
    Ok(tx.query_one::<(i64,)>(sql, &[&pool_id]).await?.0)
}

/// The pools of these ids, in no order, for callers that have found them visible.
pub async fn of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Pool>> {
    if ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!("{POOL} WHERE p.id IN {}", placeholders(1, ids.len()));
    Ok(tx.query(&sql, &params).await?)
}

/// The pools of an organization from which units of a product can be drawn now.
const DRAWABLE: &str =
    " WHERE p.organization_id = $1 AND p.product_id = $2 AND p.open = TRUE AND p.starts_at <= $3
    AND (p.ends_at IS NULL OR p.ends_at > $3)";

/// Of the pools of a product at an organization that are active and have that many units free, the one that ends
/// first; then by start, then by id.
pub async fn first_with(
    tx: &mut Tx<'_>,
    (organization_id, product_id, units): (Uuid, Uuid, i64),
    now: Timestamp,
) -> Result<Option<Pool>> {
    let sql = format!(
        "{POOL}{DRAWABLE} AND p.quantity - p.allocated - p.assigned >= $4
         ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id LIMIT 1"
    );
    let params: [&dyn Param; 4] = [&organization_id, &product_id, &now, &units];
    Ok(tx.query_opt(&sql, &params).await?)
}

/// The most units of a product that one active pool of an organization has free.
pub async fn most_free(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    product_id: Uuid,
    now: Timestamp,
) -> Result<i64> {
    let sql = format!(
        "SELECT coalesce(max(p.quantity - p.allocated - p.assigned), 0) FROM pool p{DRAWABLE}"
    );
    let row: (i64,) = tx
        .query_one(&sql, &[&organization_id, &product_id, &now])
        .await?;
    Ok(row.0)
}

/// The active pools of an organization that have units free, those that end first before the others.
pub async fn with_free(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Pool>> {
    let sql = format!(
        "{POOL} WHERE p.organization_id = $1 AND p.open = TRUE AND p.starts_at <= $2
         AND (p.ends_at IS NULL OR p.ends_at > $2) AND p.quantity > p.allocated + p.assigned
         ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id LIMIT $3"
    );
    Ok(tx.query(&sql, &[&organization_id, &now, &limit]).await?)
}

/// A pool as a change left it.
pub type PoolState = (Uuid, Uuid, i64, bool, Timestamp, Option<Timestamp>);

/// Copies dates and openness into every pool of a license; gives each pool as it is now.
pub async fn copy_facts(
    tx: &mut Tx<'_>,
    license_id: Uuid,
    open: bool,
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
) -> Result<Vec<PoolState>> {
    let sql = "UPDATE pool SET open = $2, starts_at = $3, ends_at = $4, version = version + 1 WHERE license_id = $1
        RETURNING id, organization_id, version, open, starts_at, ends_at";
    Ok(tx
        .query(sql, &[&license_id, &open, &starts_at, &ends_at])
        .await?)
}

/// Moves a license's own pool to its new owner, with its dates and openness; gives the pool's version.
pub async fn move_root(tx: &mut Tx<'_>, license: &License) -> Result<i64> {
    let sql = "UPDATE pool SET organization_id = $2, open = $3, starts_at = $4, ends_at = $5, version = version + 1
        WHERE id = $1 RETURNING version";
    let row: (i64,) = tx
        .query_one(
            sql,
            &[
                &license.pool_id,
                &license.organization_id,
                &license.is_open(),
                &license.starts_at,
                &license.ends_at,
            ],
        )
        .await?;
    Ok(row.0)
}

/// Changes the units of a root pool by `delta`, never below what is in use. Gives quantity and version.
pub async fn change_quantity(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    delta: i64,
) -> Result<Option<(i64, i64)>> {
    let sql = "UPDATE pool SET quantity = quantity + $2, version = version + 1
        WHERE id = $1 AND allocated + assigned <= quantity + $2 AND quantity + $2 <= $3 RETURNING quantity, version";
    Ok(tx.query_opt(sql, &[&pool_id, &delta, &MAX_UNITS]).await?)
}

/// The balance a change left in a pool: quantity, allocated, assigned, version.
pub type Balance = (i64, i64, i64, i64);

/// Passes `net` units on from a pool, or takes them back: one conditional UPDATE, never read-then-write.
/// Nothing changes where that many are not free, or, when any share grows, where the license is not open
/// or has ended or the organization is suspended.
pub async fn take(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    net: i64,
    grows: bool,
    now: Timestamp,
) -> Result<Option<Balance>> {
    let gates = if grows {
        "AND open = TRUE AND (ends_at IS NULL OR ends_at > $3) AND NOT EXISTS
         (SELECT 1 FROM organization_node n WHERE n.id = pool.organization_id AND n.blocked = TRUE)"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE pool SET allocated = allocated + $2, version = version + 1
         WHERE id = $1 AND allocated + assigned + $2 <= quantity AND allocated + $2 >= 0 {gates}
         RETURNING quantity, allocated, assigned, version"
    );
    let params: [&dyn Param; 3] = [&pool_id, &net, &now];
    Ok(tx
        .query_opt(&sql, if grows { &params } else { &params[..2] })
        .await?)
}

/// Gives `delta` units to a child's pool, or takes them from it, where it still has `seen` (any quantity
/// where there is none) and keeps what it uses.
pub async fn give(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    delta: i64,
    seen: Option<i64>,
) -> Result<Option<Balance>> {
    let gate = if seen.is_some() {
        "AND quantity = $3"
    } else {
        ""
    };
    let sql = format!(
        "UPDATE pool SET quantity = quantity + $2, version = version + 1
         WHERE id = $1 AND quantity + $2 >= allocated + assigned {gate}
         RETURNING quantity, allocated, assigned, version"
    );
    let seen_value = seen.unwrap_or_default();
    let params: [&dyn Param; 3] = [&pool_id, &delta, &seen_value];
    Ok(tx
        .query_opt(
            &sql,
            if seen.is_some() {
                &params
            } else {
                &params[..2]
            },
        )
        .await?)
}

/// Gives units to a pool that was emptied under another parent; nothing where it is not empty.
pub async fn adopt(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    parent_id: Uuid,
    units: i64,
) -> Result<Option<i64>> {
    let sql = "UPDATE pool SET parent_id = $2, quantity = $3, version = version + 1
        WHERE id = $1 AND quantity = 0 AND allocated = 0 AND assigned = 0 AND parent_id IS NOT NULL
        RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&pool_id, &parent_id, &units]).await?;
    Ok(row.map(|(version,)| version))
}

/// Binds `units` of a pool to holders: one conditional UPDATE. Nothing changes where that many are not free, the
/// license is not active now, or the organization is suspended. The license is the one that the pool is of now.
pub async fn bind(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    units: i64,
    now: Timestamp,
) -> Result<Option<(Balance, Uuid)>> {
    let sql = "UPDATE pool SET assigned = assigned + $2, version = version + 1
         WHERE id = $1 AND allocated + assigned + $2 <= quantity AND open = TRUE AND starts_at <= $3
           AND (ends_at IS NULL OR ends_at > $3) AND NOT EXISTS
         (SELECT 1 FROM organization_node n WHERE n.id = pool.organization_id AND n.blocked = TRUE)
         RETURNING quantity, allocated, assigned, version, license_id";
    let row: Option<(i64, i64, i64, i64, Uuid)> =
        tx.query_opt(sql, &[&pool_id, &units, &now]).await?;
    Ok(row.map(|(quantity, allocated, assigned, version, of)| {
        ((quantity, allocated, assigned, version), of)
    }))
}

/// Frees `units` that were bound to holders; the state of the license does not matter.
pub async fn unbind(tx: &mut Tx<'_>, pool_id: Uuid, units: i64) -> Result<Option<Balance>> {
    let sql = "UPDATE pool SET assigned = assigned - $2, version = version + 1
         WHERE id = $1 AND assigned >= $2 RETURNING quantity, allocated, assigned, version";
    Ok(tx.query_opt(sql, &[&pool_id, &units]).await?)
}

/// What is taken from a pool in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lowering {
    /// Units that leave it: for its parent, or out of the book.
    pub units: i64,
    /// Units that children give back to it.
    pub returned: i64,
    /// Units that holders give back to it.
    pub freed: i64,
}

/// A pool as a lowering left it.
#[derive(Clone, Copy, Debug)]
pub struct Lowered {
    /// Whose.
    pub organization_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// The pool its units came from.
    pub parent_id: Option<Uuid>,
    /// Units.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound.
    pub assigned: i64,
    /// Counts its changes.
    pub version: i64,
    /// It is the license's own pool, so the license's quantity is its.
    pub own: bool,
}

impl FromRow for Lowered {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Lowered {
            organization_id: row.get(0)?,
            license_id: row.get(1)?,
            parent_id: row.get(2)?,
            quantity: row.get(3)?,
            allocated: row.get(4)?,
            assigned: row.get(5)?,
            version: row.get(6)?,
            own: row.get(7)?,
        })
    }
}

/// Takes units from a pool, together with those that come back to it meanwhile: one conditional UPDATE. Nothing
/// changes where what stays in use would be more than what is left.
pub async fn lower(tx: &mut Tx<'_>, pool_id: Uuid, lowering: &Lowering) -> Result<Option<Lowered>> {
    let sql = "UPDATE pool SET quantity = quantity - $2, allocated = allocated - $3, assigned = assigned - $4,
          version = version + 1
         WHERE id = $1 AND allocated >= $3 AND assigned >= $4
           AND allocated - $3 + assigned - $4 <= quantity - $2
         RETURNING organization_id, license_id, parent_id, quantity, allocated, assigned, version, EXISTS (SELECT 1 FROM license l
           WHERE l.id = pool.license_id AND l.organization_id = pool.organization_id)";
    let Lowering {
        units,
        returned,
        freed,
    } = lowering;
    Ok(tx
        .query_opt(sql, &[&pool_id, units, returned, freed])
        .await?)
}

/// Gives a pool `units` that were bound to a holder before, and binds them: what a termination took. Nothing
/// changes where the license is not active now or the organization is suspended.
pub async fn restore(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    units: i64,
    now: Timestamp,
) -> Result<Option<Lowered>> {
    let sql =
        "UPDATE pool SET quantity = quantity + $2, assigned = assigned + $2, version = version + 1
         WHERE id = $1 AND quantity + $2 <= $4 AND open = TRUE AND starts_at <= $3
           AND (ends_at IS NULL OR ends_at > $3) AND NOT EXISTS
         (SELECT 1 FROM organization_node n WHERE n.id = pool.organization_id AND n.blocked = TRUE)
         RETURNING organization_id, license_id, parent_id, quantity, allocated, assigned, version, EXISTS (SELECT 1 FROM license l
           WHERE l.id = pool.license_id AND l.organization_id = pool.organization_id)";
    Ok(tx
        .query_opt(sql, &[&pool_id, &units, &now, &MAX_UNITS])
        .await?)
}

/// A child's first pool of a license.
pub struct NewPool {
    /// Its id.
    pub id: Uuid,
    /// The pool its units come from.
    pub parent_id: Uuid,
    /// The child.
    pub organization_id: Uuid,
    /// Units.
    pub quantity: i64,
    /// When.
    pub now: Timestamp,
}

/// Writes a child's first pool, with the license's dates; `false` where it has one by now.
pub async fn insert_child(tx: &mut Tx<'_>, new: &NewPool) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open,
             starts_at, ends_at, sales_order, sku_code, product_id, created_at, version)
             SELECT $1, license_id, $3, id, $4, 0, 0, open, starts_at, ends_at, sales_order, sku_code, product_id, $5, 1
             FROM pool WHERE id = $2 ON CONFLICT (license_id, organization_id) DO NOTHING",
            &[&new.id, &new.parent_id, &new.organization_id, &new.quantity, &new.now],
        )
        .await?;
    Ok(rows == 1)
}
