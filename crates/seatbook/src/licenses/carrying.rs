//! Every statement about pools that go from one license to another, and about licenses as parts of service plans.

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{model::Pool, queries::NewLicense};
use crate::error::Result;

/// Holds a pool's row until the end of the transaction; gives the license and the product that it is of.
pub async fn hold(tx: &mut Tx<'_>, pool_id: Uuid) -> Result<(Uuid, Uuid)> {
    let sql = "UPDATE pool SET version = version WHERE id = $1 RETURNING license_id, product_id";
    Ok(tx.query_one(sql, &[&pool_id]).await?)
}

/// Makes a pool that of another license, with the units and the source that the license has, where it still has those
/// that were read and keeps what it uses; says its version.
pub async fn rehome(tx: &mut Tx<'_>, pool: &Pool, to: &NewLicense) -> Result<Option<i64>> {
    let (l, parent) = (&to.license, pool.parent_id.unwrap_or(pool.id));
    let sql = "UPDATE pool SET license_id = $2, parent_id = $3, quantity = $4, open = $5, starts_at = $6, ends_at = $7,
        sales_order = $8, sku_code = $9, product_id = $10, version = version + 1
        WHERE id = $1 AND license_id = $11 AND quantity = $12 AND allocated + assigned <= $4
          AND coalesce(parent_id, id) = $13 RETURNING version";
    let row: Option<(i64,)> = tx
        .query_opt(
            sql,
            &[
                &pool.id,
                &l.id,
                &l.source_pool_id,
                &l.quantity,
                &l.is_open(),
                &l.starts_at,
                &l.ends_at,
                &l.sales_order,
                &l.sku_code,
                &to.product_id,
                &pool.license_id,
                &pool.quantity,
                &parent,
            ],
        )
        .await?;
    Ok(row.map(|(version,)| version))
}

/// Files the shares below a pool, which are of the license `old_id`, under the license that the pool is of now; gives
/// id, organization and version of each.
pub async fn move_shares(
    tx: &mut Tx<'_>,
    (pool_id, old_id): (Uuid, Uuid),
    to: &NewLicense,
) -> Result<Vec<(Uuid, Uuid, i64)>> {
    let l = &to.license;
    let sql = "WITH RECURSIVE below (id) AS (
          SELECT id FROM pool WHERE parent_id = $1 AND license_id = $2
          UNION ALL SELECT c.id FROM pool c JOIN below b ON c.parent_id = b.id WHERE c.license_id = $2)
        UPDATE pool SET license_id = $3, open = $4, starts_at = $5, ends_at = $6, sales_order = $7, sku_code = $8,
          product_id = $9, version = version + 1
        WHERE id IN (SELECT id FROM below) RETURNING id, organization_id, version";
    let params: [&dyn Param; 9] = [
        &pool_id,
        &old_id,
        &l.id,
        &l.is_open(),
        &l.starts_at,
        &l.ends_at,
        &l.sales_order,
        &l.sku_code,
        &to.product_id,
    ];
    Ok(tx.query(sql, &params).await?)
}

/// Gives a license whose own pool went an empty one, which is closed.
pub async fn insert_empty(
    tx: &mut Tx<'_>,
    (id, parent_id): (Uuid, Option<Uuid>),
    license_id: Uuid,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned, open,
        starts_at, ends_at, sales_order, sku_code, product_id, created_at, version)
        SELECT $1, l.id, l.organization_id, $2, 0, 0, 0, FALSE, l.starts_at, l.ends_at, l.sales_order, s.code,
        l.product_id, $4, 1 FROM license l JOIN sku s ON s.id = l.sku_id WHERE l.id = $3";
    tx.execute(sql, &[&id, &parent_id, &license_id, &now])
        .await?;
    Ok(())
}

/// Removes an empty pool; `false` where it has units, or somebody decided about them.
pub async fn delete_empty(tx: &mut Tx<'_>, id: Uuid) -> Result<bool> {
    let sql = "DELETE FROM pool WHERE id = $1 AND quantity = 0 AND NOT EXISTS
        (SELECT 1 FROM pool c WHERE c.parent_id = pool.id)";
    Ok(tx.execute(sql, &[&id]).await? == 1)
}

/// Removes a license whose pool went back to another one.
pub async fn delete_license(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute("DELETE FROM license_search_text WHERE id = $1", &[&id])
        .await?;
    tx.execute("DELETE FROM license WHERE id = $1", &[&id])
        .await?;
    Ok(())
}

/// Marks a license as left over from a service plan, or takes the mark away.
pub async fn set_unbundled(tx: &mut Tx<'_>, id: Uuid, unbundled: bool) -> Result<()> {
    let sql = "UPDATE license SET unbundled = $2, version = version + 1 WHERE id = $1";
    tx.execute(sql, &[&id, &unbundled]).await?;
    Ok(())
}

/// The product that a license is of.
pub async fn product_of(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Uuid> {
    let sql = "SELECT product_id FROM license WHERE id = $1";
    Ok(tx.query_one::<(Uuid,)>(sql, &[&license_id]).await?.0)
}

/// The version at which a row stands in the journal.
pub async fn last_version(tx: &mut Tx<'_>, noun: &str, row_id: Uuid) -> Result<i64> {
    let sql = "SELECT coalesce(max(version), 0) FROM change WHERE noun = $1 AND row_id = $2";
    Ok(tx.query_one::<(i64,)>(sql, &[&noun, &row_id]).await?.0)
}

/// Says of which plan licenses are parts, and up to which of its compositions somebody has decided about them.
pub async fn settle(
    tx: &mut Tx<'_>,
    license_ids: &[Uuid],
    (plan_id, composition): (Uuid, i64),
) -> Result<()> {
    let sql = "UPDATE license SET plan_id = $2, settled_composition = $3 WHERE id = $1";
    for id in license_ids {
        tx.execute(sql, &[id, &plan_id, &composition]).await?;
    }
    Ok(())
}

/// Lets licenses be parts of nothing: what an undo does before it removes them.
pub async fn release(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<()> {
    let sql = "UPDATE license SET plan_id = NULL, settled_composition = NULL WHERE id = $1";
    for id in license_ids {
        tx.execute(sql, &[id]).await?;
    }
    Ok(())
}

/// Of licenses whose own pools these are, the first that waits for a decision about its plan: the license, and id and
/// name of the plan. A share of one is not the license.
pub async fn locked(tx: &mut Tx<'_>, pool_ids: &[Uuid]) -> Result<Option<(Uuid, Uuid, String)>> {
    if pool_ids.is_empty() {
        return Ok(None);
    }
    let params: Vec<&dyn Param> = pool_ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!(
        "SELECT l.id, s.id, s.name FROM pool p
         JOIN license l ON l.id = p.license_id AND l.organization_id = p.organization_id
         JOIN service_plan s ON s.id = l.plan_id AND s.composition > l.settled_composition
         WHERE p.id IN {} AND l.standing = 'issued' AND l.unbundled = FALSE ORDER BY l.id LIMIT 1",
        placeholders(1, pool_ids.len())
    );
    Ok(tx.query_opt(&sql, &params).await?)
}
