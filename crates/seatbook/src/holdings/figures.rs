//! What one organization holds, added up.

use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{places::GATHERED, pools::size};
use crate::error::Result;

/// Units of one organization's pools: how many licenses, units, free units of active ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Pools.
    pub licenses: i64,
    /// Units in them.
    pub quantity: i64,
    /// Free units of active licenses.
    pub available: i64,
    /// Active licenses near their end.
    pub expiring: i64,
}

/// How much an organization holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holdings {
    /// Added up.
    Few(Totals),
    /// So many pools that adding them up would keep everybody waiting: how many, as far as that was counted.
    Many(i64),
}

/// What one organization holds, added up where that is soon done.
pub async fn holdings(tx: &mut Tx<'_>, organization_id: Uuid, now: Timestamp) -> Result<Holdings> {
    let size = size(tx, organization_id).await?;
    holdings_of(tx, (organization_id, size), now).await
}

/// The same, where somebody has asked how many pools there are.
pub async fn holdings_of(
    tx: &mut Tx<'_>,
    (organization_id, size): (Uuid, i64),
    now: Timestamp,
) -> Result<Holdings> {
    match size {
        many if many > GATHERED => Ok(Holdings::Many(many)),
        _ => Ok(Holdings::Few(totals(tx, organization_id, now).await?)),
    }
}

async fn totals(tx: &mut Tx<'_>, organization_id: Uuid, now: Timestamp) -> Result<Totals> {
    let active = "l.standing = 'issued' AND l.paused = FALSE AND l.held = FALSE AND l.awaits_activation = FALSE
        AND l.starts_at <= $2 AND (l.ends_at IS NULL OR l.ends_at > $2)";
    let sql = format!(
        "SELECT count(*), CAST(coalesce(sum(p.quantity), 0) AS BIGINT),
         CAST(coalesce(sum(p.quantity - p.allocated - p.assigned) FILTER (WHERE {active}), 0) AS BIGINT),
         count(*) FILTER (WHERE {active} AND l.expiring_at <= $2)
         FROM pool p JOIN license l ON l.id = p.license_id
         WHERE p.organization_id = $1 AND (p.quantity > 0 OR p.parent_id IS NULL) AND l.standing = 'issued'"
    );
    let row: (i64, i64, i64, i64) = tx.query_one(&sql, &[&organization_id, &now]).await?;
    Ok(Totals {
        licenses: row.0,
        quantity: row.1,
        available: row.2,
        expiring: row.3,
    })
}
