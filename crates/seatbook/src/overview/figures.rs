//! Figures of the first page.

use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::error::Result;

/// How far a new book has come.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    /// Somebody stands below the provider.
    pub organizations: bool,
    /// The catalog has a SKU.
    pub catalog: bool,
    /// A license was issued.
    pub licenses: bool,
}

/// Looks whether there is anything of each kind.
pub async fn begun(tx: &mut Tx<'_>) -> Result<Begun> {
    let sql = "SELECT EXISTS (SELECT 1 FROM organization_node WHERE parent_id IS NOT NULL),
        EXISTS (SELECT 1 FROM sku), EXISTS (SELECT 1 FROM license)";
    let (organizations, catalog, licenses) = tx.query_one(sql, &[]).await?;
    Ok(Begun {
        organizations,
        catalog,
        licenses,
    })
}

/// Units of an organization by product, the most first: name, units, units passed on or in use. What is over
/// for good is left out.
pub async fn products(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<(String, i64, i64)>> {
    let sql = "SELECT r.name, CAST(sum(p.quantity) AS BIGINT), CAST(sum(p.allocated + p.assigned) AS BIGINT)
        FROM pool p JOIN license l ON l.id = p.license_id JOIN product r ON r.id = l.product_id
        WHERE p.organization_id = $1 AND p.quantity > 0 AND l.standing = 'issued'
          AND (l.over_at IS NULL OR l.over_at > $2)
        GROUP BY r.id, r.name ORDER BY 2 DESC, r.name LIMIT $3";
    Ok(tx.query(sql, &[&organization_id, &now, &limit]).await?)
}
