//! What these pages ask beyond the queries of the rooms above.

use std::collections::{BTreeMap, BTreeSet};

use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::{
    error::Result,
    licenses::{model::Pool, pools},
    plan_subscriptions::queries::open_pools,
    plans::model::Component,
};

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

/// The seller's open pools of each component, no more of one than a form lists.
pub async fn sources(
    tx: &mut Tx<'_>,
    seller_id: Uuid,
    components: &[Component],
    now: Timestamp,
) -> Result<Vec<Vec<Pool>>> {
    let products: Vec<Uuid> = components.iter().map(|it| it.product_id).collect();
    let open = open_pools(tx, seller_id, &products, now).await?;
    let of = |product_id: Uuid| {
        let ids = open.iter().filter(move |it| it.1 == product_id);
        ids.map(|it| it.0).take(LISTED as usize)
    };
    let ids: BTreeSet<Uuid> = products.iter().copied().flat_map(of).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let found = pools::of_ids(tx, &ids).await?;
    let found: BTreeMap<Uuid, Pool> = found.into_iter().map(|it| (it.id, it)).collect();
    let pools = |product_id| of(product_id).filter_map(|id| found.get(&id).cloned());
    Ok(products.iter().map(|id| pools(*id).collect()).collect())
}

/// Whom to ask at an organization: name and address of whoever has acted for it longest.
pub async fn contact(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Option<(String, String)>> {
    let sql = "SELECT p.name, p.email FROM membership m JOIN person p ON p.id = m.person_id
        WHERE m.organization_id = $1 AND m.active = TRUE AND p.active = TRUE ORDER BY m.id LIMIT 1";
    Ok(tx.query_opt(sql, &[&organization_id]).await?)
}
