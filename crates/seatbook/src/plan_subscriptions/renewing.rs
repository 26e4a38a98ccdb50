//! The term of a service plan that a customer has moves on with its licenses. What renews, and when, is not decided here.

use rules::term::Validity;
use serde_json::json;
use store::{Date, FromRow, Row, Tx};
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    gate,
    journal::Change,
};

/// A service plan that a customer has, as far as its term goes.
#[derive(Clone, Debug)]
pub struct Running {
    /// Its id.
    pub id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// Who sold it.
    pub seller_id: Uuid,
    /// The first day of its present term.
    pub start_date: Date,
    /// The last day.
    pub end_date: Date,
    /// Whether it renews.
    pub auto_renews: bool,
    /// How long one term is.
    pub term: Validity,
    /// Counts its changes.
    pub version: i64,
}

impl FromRow for Running {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let term: String = row.get(6)?;
        Ok(Running {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            seller_id: row.get(2)?,
            start_date: row.get(3)?,
            end_date: row.get(4)?,
            auto_renews: row.get(5)?,
            term: term
                .parse()
                .map_err(|_| store::Error::Value(format!("term {term:?}")))?,
            version: row.get(7)?,
        })
    }
}

/// What a customer has of a plan, while it runs.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Running>> {
    let sql = "SELECT b.id, b.organization_id, b.seller_id, b.start_date, b.end_date, b.auto_renews, s.term, b.version
        FROM plan_subscription b JOIN service_plan s ON s.id = b.plan_id WHERE b.id = $1 AND b.standing = 'running'";
    Ok(tx.query_opt(sql, &[&id]).await?)
}

/// The licenses it is made of.
pub async fn parts(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT license_id FROM plan_subscription_part WHERE subscription_id = $1 ORDER BY license_id";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes and records its next term, over the version that was read.
pub async fn set_term(
    tx: &mut gate::Tx<'_>,
    before: &Running,
    (start_date, end_date): (Date, Date),
) -> Result<()> {
    let sql = "UPDATE plan_subscription SET start_date = $3, end_date = $4, version = version + 1
        WHERE id = $1 AND version = $2 AND standing = 'running'";
    let rows = tx
        .execute(sql, &[&before.id, &before.version, &start_date, &end_date])
        .await?;
    if rows != 1 {
        let message = "Somebody changed this plan at the same moment; please look again.";
        return Err(Error::conflict("renewal.changed", message));
    }
    tx.changed(Change {
        noun: "plan_subscription",
        row_id: before.id,
        version: before.version + 1,
        organization_id: Some(before.organization_id),
        before: Some(json!({"start_date": before.start_date, "end_date": before.end_date})),
        after: Some(json!({"start_date": start_date, "end_date": end_date})),
    });
    Ok(())
}
