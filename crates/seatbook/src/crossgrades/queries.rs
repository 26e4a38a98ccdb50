//! Every statement about crossgrades.

use store::{Json, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Money, Record};
use crate::error::{Error, Result};

/// Keeps what became of each overlap, and the money.
pub async fn insert(
    tx: &mut Tx<'_>,
    (id, organization_id): (Uuid, Uuid),
    (record, money): (&Record, &Money),
    now: Timestamp,
) -> Result<()> {
    let steps = Json(serde_json::to_value(record)?);
    let money = Json(serde_json::to_value(money)?);
    let sql = "INSERT INTO crossgrade (id, organization_id, steps, money, created_at, version)
        VALUES ($1, $2, $3, $4, $5, 1)";
    tx.execute(sql, &[&id, &organization_id, &steps, &money, &now])
        .await?;
    Ok(())
}

/// What became of each overlap when a subscription began, and the money; none where it began without a crossgrade.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<(Record, Money)>> {
    let sql = "SELECT steps, money FROM crossgrade WHERE id = $1";
    let row: Option<(Json, Json)> = tx.query_opt(sql, &[&id]).await?;
    match row {
        Some((record, money)) => Ok(Some((
            serde_json::from_value(record.0)?,
            serde_json::from_value(money.0)?,
        ))),
        None => Ok(None),
    }
}

/// Forgets a crossgrade that was taken back.
pub async fn delete(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute("DELETE FROM crossgrade WHERE id = $1", &[&id])
        .await?;
    Ok(())
}

/// The price of one unit of a license for its term, whoever asks.
pub async fn price_of(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Option<(i64, String)>> {
    let sql = "SELECT price_minor, currency FROM license WHERE id = $1";
    let row: Option<(Option<i64>, Option<String>)> = tx.query_opt(sql, &[&license_id]).await?;
    let (price, currency) = row.ok_or_else(Error::not_found)?;
    Ok(price.zip(currency))
}
