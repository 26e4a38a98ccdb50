//! What these pages ask beyond the queries of the rooms above.

use store::{Param, Timestamp, Tx};
use uuid::Uuid;

use crate::error::Result;

/// Licenses listed in one block of the Licenses tab.
pub const LISTED: i64 = 100;

/// What is left over of plans that an organization has no more: licenses that are not over, those that end first before
/// the others.
pub async fn left_over(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM license WHERE organization_id = $1 AND unbundled = TRUE AND standing = 'issued'
        AND (over_at IS NULL OR over_at > $2) ORDER BY (ends_at IS NULL), ends_at, id LIMIT $3";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &now, &LISTED]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Pools of an organization that belong to no plan it has, and are not over; one more than are listed.
pub async fn apart(tx: &mut Tx<'_>, organization_id: Uuid, now: Timestamp) -> Result<Vec<Uuid>> {
    let sql = "SELECT p.id FROM pool p JOIN license l ON l.id = p.license_id
        WHERE p.organization_id = $1 AND p.quantity > 0 AND l.standing = 'issued'
          AND (l.over_at IS NULL OR l.over_at > $2)
          AND (l.unbundled = FALSE OR l.organization_id <> $1)
          AND NOT EXISTS (SELECT 1 FROM plan_subscription_part t JOIN plan_subscription q ON q.id = t.subscription_id
            WHERE t.license_id = l.id AND q.organization_id = $1 AND q.standing = 'running')
        ORDER BY (p.ends_at IS NULL), p.ends_at, p.id LIMIT $3";
    let most = LISTED + 1;
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&organization_id, &now, &most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Pools of a seller from which units of a product can be drawn now, those that end first before the others.
pub async fn open_pools(
    tx: &mut Tx<'_>,
    (seller_id, product_id): (Uuid, Uuid),
    now: Timestamp,
) -> Result<Vec<Uuid>> {
    let sql = "SELECT p.id FROM pool p WHERE p.organization_id = $1 AND p.product_id = $2 AND p.open = TRUE
          AND p.starts_at <= $3 AND (p.ends_at IS NULL OR p.ends_at > $3) AND p.quantity > p.allocated + p.assigned
        ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id LIMIT $4";
    let params: [&dyn Param; 4] = [&seller_id, &product_id, &now, &LISTED];
    let rows: Vec<(Uuid,)> = tx.query(sql, &params).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whom to ask at an organization: name and address of whoever has acted for it longest.
pub async fn contact(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Option<(String, String)>> {
    let sql = "SELECT p.name, p.email FROM membership m JOIN person p ON p.id = m.person_id
        WHERE m.organization_id = $1 AND m.active = TRUE AND p.active = TRUE ORDER BY m.id LIMIT 1";
    Ok(tx.query_opt(sql, &[&organization_id]).await?)
}
