//! Every statement about service plans.

use store::Tx;
use uuid::Uuid;

use super::model::{Component, ServicePlan};
use crate::error::Result;

const PLAN: &str = "SELECT id, code, name, edition, billing, term, auto_renews, notice_days, full_plan_id, end_of_sale,
    end_of_life, composition, created_at, version FROM service_plan";

/// The plan.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<ServicePlan>> {
    Ok(tx
        .query_opt(&format!("{PLAN} WHERE id = $1"), &[&id])
        .await?)
}

/// What a composition of a plan is made of, in order.
pub async fn components(
    tx: &mut Tx<'_>,
    plan_id: Uuid,
    composition: i64,
) -> Result<Vec<Component>> {
    let sql = "SELECT c.position, c.sku_id, s.code, s.product_id, p.name, p.unit, p.units, c.units
        FROM service_plan_component c JOIN sku s ON s.id = c.sku_id JOIN product p ON p.id = s.product_id
        WHERE c.plan_id = $1 AND c.composition = $2 ORDER BY c.position";
    Ok(tx.query(sql, &[&plan_id, &composition]).await?)
}
