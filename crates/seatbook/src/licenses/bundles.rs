//! Every statement about licenses as parts of service plans.

use store::{Param, Tx, placeholders};
use uuid::Uuid;

use crate::error::Result;

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
