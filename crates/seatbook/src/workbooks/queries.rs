//! Every statement about workbooks.

use std::collections::HashMap;

use store::{Param, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Line, Workbook};
use crate::{
    error::Result,
    scope::{Permission, Scope, queries::below_any},
};

const COLUMNS: &str =
    "SELECT w.id, w.pool_id, w.license_id, w.organization_id, w.keyword, w.row_count, w.read_only,
    w.ready, w.created_by, w.created_at, w.expires_at FROM workbook w";
const LINES: &str = "SELECT number, organization_id, name, reference, kind, units, in_use, changed_at FROM workbook_row";

/// The workbook, whoever asks: for commands that ask for their permission, and for Seatbook itself.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Workbook>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE w.id = $1"), &[&id])
        .await?)
}

/// The workbook, where the scope may bring it back, and see what is in it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Workbook>> {
    let needed = [Permission::ImportsRun, Permission::AllocationsRead];
    let roots = needed.map(|permission| scope.roots(permission));
    let mut select = Select::new(COLUMNS);
    select.and("w.id = ?", &id);
    for roots in &roots {
        below_any(&mut select, "w.organization_id", roots);
    }
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Adds a workbook without its rows.
pub async fn insert(tx: &mut Tx<'_>, new: &Workbook) -> Result<()> {
    let keyword = new.keyword.as_deref().unwrap_or_default();
    tx.execute(
        "INSERT INTO workbook (id, pool_id, license_id, organization_id, keyword, row_count, read_only, ready, created_by,
         created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &new.id, &new.pool_id, &new.license_id, &new.organization_id, &keyword, &new.row_count, &new.read_only,
            &new.ready, &new.created_by, &new.created_at, &new.expires_at,
        ],
    )
    .await?;
    Ok(())
}

/// Takes hold of a workbook whose rows come or go; `false` where they stand: they are in somebody's file.
async fn hold(tx: &mut Tx<'_>, id: Uuid) -> Result<bool> {
    let sql = "UPDATE workbook SET ready = FALSE WHERE id = $1 AND ready = FALSE";
    Ok(tx.execute(sql, &[&id]).await? == 1)
}

/// Says that its rows stand no longer.
pub async fn set_unready(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let sql = "UPDATE workbook SET ready = FALSE WHERE id = $1";
    tx.execute(sql, &[&id]).await?;
    Ok(())
}

/// Writes customers down as they are now, unless another request has finished that. One that moved in the list
/// meanwhile, and is met again, stays as it was met.
pub async fn add_lines(tx: &mut Tx<'_>, id: Uuid, lines: &[Line]) -> Result<()> {
    if !hold(tx, id).await? {
        return Ok(());
    }
    let mut params: Vec<&dyn Param> = Vec::with_capacity(lines.len() * 9);
    for line in lines {
        params.extend_from_slice(&[
            &id as &dyn Param,
            &line.number,
            &line.organization_id,
            &line.name,
            &line.reference,
            &line.kind,
            &line.units,
            &line.in_use,
            &line.changed_at,
        ]);
    }
    let text = (
        "INSERT INTO workbook_row (workbook_id, number, organization_id, name, reference, kind, units, in_use, changed_at)",
        "ON CONFLICT DO NOTHING",
    );
    tx.insert(text, 9, &params).await?;
    Ok(())
}

/// Forgets rows of a workbook that is not ready, at most so many; says how many there were.
pub async fn delete_lines(tx: &mut Tx<'_>, id: Uuid, limit: i64) -> Result<u64> {
    if !hold(tx, id).await? {
        return Ok(0);
    }
    let sql = "DELETE FROM workbook_row WHERE workbook_id = $1 AND number IN
        (SELECT number FROM workbook_row WHERE workbook_id = $1 ORDER BY number LIMIT $2)";
    Ok(tx.execute(sql, &[&id, &limit]).await?)
}

/// Says that every row is written down, or that there are too many to be.
pub async fn set_ready(
    tx: &mut Tx<'_>,
    id: Uuid,
    (row_count, read_only): (i64, bool),
) -> Result<()> {
    let sql = "UPDATE workbook SET row_count = $2, read_only = $3, ready = TRUE WHERE id = $1 AND ready = FALSE";
    tx.execute(sql, &[&id, &row_count, &read_only]).await?;
    Ok(())
}

/// How many rows are written down.
pub async fn count_lines(tx: &mut Tx<'_>, id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM workbook_row WHERE workbook_id = $1";
    Ok(tx.query_one::<(i64,)>(sql, &[&id]).await?.0)
}

/// Customers of a workbook in its order, behind a number.
pub async fn lines(tx: &mut Tx<'_>, id: Uuid, (after, limit): (i64, i64)) -> Result<Vec<Line>> {
    let sql = format!("{LINES} WHERE workbook_id = $1 AND number > $2 ORDER BY number LIMIT $3");
    Ok(tx.query(&sql, &[&id, &after, &limit]).await?)
}

/// The customers of these numbers.
pub async fn of_numbers(tx: &mut Tx<'_>, id: Uuid, numbers: &[i64]) -> Result<HashMap<i64, Line>> {
    let mut found = HashMap::with_capacity(numbers.len());
    for some in numbers.chunks(500) {
        let mut select = Select::new(LINES);
        select.and("workbook_id = ?", &id);
        let places: Vec<String> = some.iter().map(|number| select.bind(number)).collect();
        select.and_raw(&format!("number IN ({})", places.join(", ")));
        let lines: Vec<Line> = tx.query(&select.sql(""), select.params()).await?;
        found.extend(lines.into_iter().map(|line| (line.number, line)));
    }
    Ok(found)
}

/// Who exported a workbook; nothing for Seatbook itself.
pub async fn exporter(tx: &mut Tx<'_>, workbook: &Workbook) -> Result<Option<String>> {
    let sql = "SELECT p.name FROM person p WHERE p.id = $1";
    let row: Option<(String,)> = tx.query_opt(sql, &[&workbook.created_by]).await?;
    Ok(row.map(|(name,)| name))
}

/// Workbooks that cannot come back any more.
pub async fn expired(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM workbook WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&now, &limit]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Forgets a workbook whose rows are forgotten.
pub async fn delete(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute("DELETE FROM workbook WHERE id = $1", &[&id])
        .await?;
    Ok(())
}
