//! Every statement about statements.

use std::collections::BTreeMap;

use store::{Date, Json, Param, Select, Timestamp, Tx};
use uuid::Uuid;

use super::{
    matching::Found,
    model::{Month, Statement, StatementRow, Stored},
};
use crate::{
    error::Result,
    files::Record,
    rows::cells::{Mapping, Staged},
    scope::{Permission, Scope, queries::below_any},
};

const COLUMNS: &str = "SELECT s.id, s.organization_id, s.month, s.file_name, s.headings, s.mapping, s.row_count, s.matched,
    s.created_at, s.version FROM statement s";

/// The statement, whoever asks: for commands that ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Statement>> {
    let sql = format!("{COLUMNS} WHERE s.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The statement about a month, for whoever has found the organization visible.
pub async fn find_of(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    month: Month,
) -> Result<Option<Statement>> {
    let sql = format!("{COLUMNS} WHERE s.organization_id = $1 AND s.month = $2");
    let first = Date(month.first());
    Ok(tx.query_opt(&sql, &[&organization_id, &first]).await?)
}

/// The statement, where the scope may import files for its organization.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Statement>> {
    let roots = scope.roots(Permission::ImportsRun);
    let mut select = Select::new(COLUMNS);
    select.and("s.id = ?", &id);
    below_any(&mut select, "s.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Statements that the scope can see, the newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Statement>> {
    let roots = scope.require(Permission::ImportsRun)?;
    let mut select = Select::new(COLUMNS);
    below_any(&mut select, "s.organization_id", &roots);
    if let Some(after) = &after {
        select.and("s.id < ?", after);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY s.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// Whether a scope may see what distributors charge an organization: rights held further up do not reach it.
pub fn is_priced(scope: &Scope, organization_id: Uuid) -> bool {
    scope
        .roots(Permission::PricesRead)
        .contains(&organization_id)
}

/// Rows of a statement behind a number, all or those that match, or do not.
pub async fn rows(
    tx: &mut Tx<'_>,
    statement: &Statement,
    (matched, priced): (Option<bool>, bool),
    (after, limit): (i64, i64),
) -> Result<Vec<StatementRow>> {
    let mut select = Select::new(
        "SELECT r.number, r.cells, r.organization_id, o.name, r.product_id, p.name, r.quantity, r.amount_minor,
         r.currency, r.matched, r.remarks FROM statement_row r
         LEFT JOIN organization o ON o.id = r.organization_id LEFT JOIN product p ON p.id = r.product_id",
    );
    select.and("r.statement_id = ?", &statement.id);
    if let Some(matched) = &matched {
        select.and("r.matched = ?", matched);
    }
    select.and("r.number > ?", &after);
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY r.number LIMIT {limit}"));
    let stored: Vec<Stored> = tx.query(&sql, select.params()).await?;
    let shown = |stored| StatementRow::of(stored, &statement.mapping, priced);
    Ok(stored.into_iter().map(shown).collect())
}

/// Units by customer and product.
pub type Stated = BTreeMap<(Uuid, Uuid), i64>;

/// What a statement says of these customers, or of all it names.
pub async fn stated(
    tx: &mut Tx<'_>,
    statement_id: Uuid,
    customers: Option<&[Uuid]>,
) -> Result<Stated> {
    let mut select = Select::new(
        "SELECT organization_id, product_id, CAST(sum(quantity) AS BIGINT) FROM statement_row",
    );
    select
        .and("statement_id = ?", &statement_id)
        .and_raw("matched = TRUE");
    if let Some(customers) = customers {
        crate::scope::queries::within_any(&mut select, "organization_id", customers);
    }
    let sql = select.sql(" GROUP BY organization_id, product_id");
    let rows: Vec<(Uuid, Uuid, i64)> = tx.query(&sql, select.params()).await?;
    Ok(rows
        .into_iter()
        .map(|(customer, product, units)| ((customer, product), units))
        .collect())
}

/// Adds a statement without its rows; `false` where somebody put one there at the same moment.
pub(super) async fn insert(tx: &mut Tx<'_>, it: &Statement) -> Result<bool> {
    let (headings, mapping) = (json(&it.headings)?, json(&it.mapping)?);
    let sql = "INSERT INTO statement (id, organization_id, month, file_name, headings, mapping, row_count, matched,
        created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (organization_id, month) DO NOTHING";
    let first = Date(it.month.first());
    let params: [&dyn Param; 10] = [
        &it.id,
        &it.organization_id,
        &first,
        &it.file_name,
        &headings,
        &mapping,
        &it.row_count,
        &it.matched,
        &it.created_at,
        &it.version,
    ];
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Says which field is read from which column, and what came of it; `false` where somebody was sooner.
pub(super) async fn set_mapping(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    mapping: &Mapping,
    matched: i64,
) -> Result<bool> {
    let sql = "UPDATE statement SET mapping = $3, matched = $4, version = version + 1
        WHERE id = $1 AND version = $2";
    let mapping = json(mapping)?;
    Ok(tx
        .execute(sql, &[&id, &version, &mapping, &matched])
        .await?
        == 1)
}

/// Removes a statement with its rows; `false` where somebody changed it.
pub(super) async fn delete(tx: &mut Tx<'_>, (id, version): (Uuid, i64)) -> Result<bool> {
    let sql = "DELETE FROM statement WHERE id = $1 AND version = $2";
    Ok(tx.execute(sql, &[&id, &version]).await? == 1)
}

/// Writes rows with what they were found to say.
pub(super) async fn insert_rows(
    tx: &mut Tx<'_>,
    id: Uuid,
    rows: &[(&Staged, Found)],
) -> Result<()> {
    struct Written {
        cells: Json,
        remarks: Option<Json>,
        minor: Option<i64>,
        currency: Option<String>,
        matched: bool,
    }
    let mut written = Vec::with_capacity(rows.len());
    for (row, found) in rows {
        let (minor, currency) = found.amount.clone().unzip();
        let remarks = Some(&found.remarks).filter(|remarks| !remarks.is_empty());
        written.push(Written {
            cells: json(&row.cells)?,
            remarks: remarks.map(json).transpose()?,
            minor,
            currency,
            matched: found.is_matched(),
        });
    }
    let mut params: Vec<&dyn Param> = Vec::with_capacity(rows.len() * 10);
    for ((row, found), it) in rows.iter().zip(&written) {
        params.extend_from_slice(&[
            &id as &dyn Param,
            &row.number,
            &it.cells,
            &found.organization_id,
            &found.product_id,
            &found.quantity,
            &it.minor,
            &it.currency,
            &it.remarks,
            &it.matched,
        ]);
    }
    let text = (
        "INSERT INTO statement_row (statement_id, number, cells, organization_id, product_id, quantity, amount_minor,
         currency, remarks, matched)",
        "",
    );
    tx.insert(text, 10, &params).await?;
    Ok(())
}

/// All rows as they were sent.
pub(super) async fn staged(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<Staged>> {
    let sql = "SELECT number, cells FROM statement_row WHERE statement_id = $1 ORDER BY number";
    Ok(tx.query(sql, &[&id]).await?)
}

/// Takes all rows away, to be written anew.
pub(super) async fn delete_rows(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let sql = "DELETE FROM statement_row WHERE statement_id = $1";
    tx.execute(sql, &[&id]).await?;
    Ok(())
}

/// Forgets the oldest of those that were uploaded before an instant; says whether that was one.
pub(super) async fn forget_oldest(tx: &mut Tx<'_>, before: Timestamp) -> store::Result<u64> {
    let sql = "DELETE FROM statement WHERE id IN
        (SELECT id FROM statement WHERE created_at < $1 ORDER BY created_at, id LIMIT 1)";
    tx.execute(sql, &[&before]).await
}

/// A record as it is kept.
pub(super) fn kept(record: Record) -> Staged {
    Staged {
        number: record.number,
        cells: record.cells,
    }
}

fn json<T: serde::Serialize>(value: &T) -> Result<Json> {
    Ok(Json(serde_json::to_value(value)?))
}
