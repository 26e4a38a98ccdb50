//! Every statement about what holds for an organization's extensions.

use store::Tx;
use uuid::Uuid;

use crate::error::Result;

/// Whether an organization's direct numbers use units, and the version of that decision; 0 where nobody made one.
pub async fn counts_numbers(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<(bool, i64)> {
    let sql = "SELECT counts_numbers, version FROM extension_policy WHERE organization_id = $1";
    let row: Option<(bool, i64)> = tx.query_opt(sql, &[&organization_id]).await?;
    Ok(row.unwrap_or((true, 0)))
}

/// Writes the decision over version `version`; says the new one, or nothing where it was another.
pub async fn set_counts_numbers(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    (counts, version): (bool, i64),
) -> Result<Option<i64>> {
    let sql = "INSERT INTO extension_policy (organization_id, counts_numbers, version) VALUES ($1, $2, 1)
        ON CONFLICT (organization_id) DO UPDATE SET counts_numbers = excluded.counts_numbers,
        version = extension_policy.version + 1 WHERE extension_policy.version = $3 RETURNING version";
    let row: Option<(i64,)> = tx
        .query_opt(sql, &[&organization_id, &counts, &version])
        .await?;
    Ok(row.map(|(version,)| version))
}
