//! Every SQL statement about requests.

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::UnitRequest;
use crate::error::Result;

const REQUEST: &str = "SELECT q.id, q.organization_id, o.name, q.partner_id, q.sku_id, s.code, p.name, p.unit, p.units,
    q.quantity, q.note, q.state, q.answer, q.license_id, q.created_at, q.decided_at, q.version
    FROM unit_request q JOIN organization o ON o.id = q.organization_id
    JOIN sku s ON s.id = q.sku_id JOIN product p ON p.id = s.product_id";

/// The request, whoever asks.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<UnitRequest>> {
    Ok(tx
        .query_opt(&format!("{REQUEST} WHERE q.id = $1"), &[&id])
        .await?)
}

/// Which requests: what an organization asked for, or what it is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// Those of a customer.
    Of(Uuid),
    /// Those that wait, or waited, for this organization's word.
    For(Uuid),
}

/// Requests, the newest first, behind an id.
pub async fn list(
    tx: &mut Tx<'_>,
    whose: Whose,
    state: Option<&str>,
    (after, limit): (Option<Uuid>, i64),
) -> Result<Vec<UnitRequest>> {
    let mut select = Select::new(REQUEST);
    match &whose {
        Whose::Of(id) => select.and("q.organization_id = ?", id),
        Whose::For(id) => select.and("q.partner_id = ?", id),
    };
    if let Some(state) = &state {
        select.and("q.state = ?", state);
    }
    if let Some(after) = &after {
        select.and("q.id < ?", after);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY q.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// How many wait, of a customer or for an organization.
pub async fn count_waiting(tx: &mut Tx<'_>, whose: Whose) -> Result<i64> {
    let (column, id) = match whose {
        Whose::Of(id) => ("organization_id", id),
        Whose::For(id) => ("partner_id", id),
    };
    let sql =
        format!("SELECT count(*) FROM unit_request WHERE {column} = $1 AND state = 'waiting'");
    Ok(tx.query_one::<(i64,)>(&sql, &[&id]).await?.0)
}

/// A request about to be written.
pub struct NewRequest<'a> {
    /// Its id.
    pub id: Uuid,
    /// The customer.
    pub organization_id: Uuid,
    /// Who decides.
    pub partner_id: Uuid,
    /// What is wanted.
    pub sku_id: Uuid,
    /// How many.
    pub quantity: i64,
    /// What for.
    pub note: &'a Option<String>,
    /// Who asks.
    pub person_id: Uuid,
    /// When.
    pub now: Timestamp,
}

/// Writes a request.
pub async fn insert(tx: &mut Tx<'_>, new: &NewRequest<'_>) -> Result<()> {
    let sql = "INSERT INTO unit_request (id, organization_id, partner_id, sku_id, quantity, note, person_id, state,
        created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, 1)";
    tx.execute(
        sql,
        &[
            &new.id,
            &new.organization_id,
            &new.partner_id,
            &new.sku_id,
            &new.quantity,
            new.note,
            &new.person_id,
            &new.now,
        ],
    )
    .await?;
    Ok(())
}

/// What became of a request.
pub struct Decision<'a> {
    /// `approved`, `refused` or `withdrawn`.
    pub state: &'static str,
    /// What was said to it.
    pub answer: &'a Option<String>,
    /// The license it led to.
    pub license_id: Option<Uuid>,
    /// Who decided.
    pub person_id: Uuid,
    /// When.
    pub now: Timestamp,
}

/// Decides a request that waits; `false` where somebody did.
pub async fn decide(tx: &mut Tx<'_>, id: Uuid, decision: &Decision<'_>) -> Result<bool> {
    let sql = "UPDATE unit_request SET state = $2, answer = $3, license_id = $4, decided_by = $5, decided_at = $6,
        version = version + 1 WHERE id = $1 AND state = 'waiting'";
    let rows = tx
        .execute(
            sql,
            &[
                &id,
                &decision.state,
                decision.answer,
                &decision.license_id,
                &decision.person_id,
                &decision.now,
            ],
        )
        .await?;
    Ok(rows == 1)
}
