//! Every statement about imports.

use std::collections::BTreeMap;

use store::{Json, Param, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Findings, Import, ImportRow, Mapped, Mode, State, json};
use crate::{
    error::Result,
    files,
    scope::{Permission, Scope, queries::below_any},
    sheets::{ImportKind, Mapping, Oddity, Outcome, Remark, Staged},
};

const COLUMNS: &str = "SELECT b.id, b.kind, b.organization_id, b.file_name, b.encoding, b.separator, b.headings,
    b.row_count, b.mapping, b.state, b.mode, b.counts, b.oddities, b.created_at, b.applied_at, b.undone_at, b.version,
    b.format, b.sheets, b.mapped
    FROM import_batch b";

/// The import, whoever asks: for commands that ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Import>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE b.id = $1"), &[&id])
        .await?)
}

/// The import, where the scope can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Import>> {
    let roots = scope.roots(Permission::ImportsRun);
    let mut select = Select::new(COLUMNS);
    select.and("b.id = ?", &id);
    below_any(&mut select, "b.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// Imports the scope can see, the newest first.
pub async fn list(
    tx: &mut Tx<'_>,
    scope: &Scope,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Import>> {
    let roots = scope.require(Permission::ImportsRun)?;
    let mut select = Select::new(COLUMNS);
    below_any(&mut select, "b.organization_id", &roots);
    if let Some(after) = &after {
        select.and("b.id < ?", after);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY b.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// When this content was applied before at this organization, and as what.
pub async fn applied_before(
    tx: &mut Tx<'_>,
    id: Uuid,
) -> Result<Option<(Uuid, Option<Timestamp>)>> {
    let sql = "SELECT o.id, o.applied_at FROM import_batch b
        JOIN import_batch o ON o.content_hash = b.content_hash AND o.kind = b.kind
          AND o.organization_id = b.organization_id AND o.id <> b.id AND o.state IN ('applying', 'applied') AND o.undone_at IS NULL
        WHERE b.id = $1 ORDER BY o.id DESC LIMIT 1";
    Ok(tx.query_opt(sql, &[&id]).await?)
}

/// Says that what an import brought in is out again; `false` where that was said, or it is not applied.
pub async fn set_undone(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    now: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE import_batch SET undone_at = $3, version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'applied' AND undone_at IS NULL";
    Ok(tx.execute(sql, &[&id, &version, &now]).await? == 1)
}

/// The journal's entries of an import that changed the book and were not taken back, the oldest first. They are
/// filed under its organization, behind its upload.
pub async fn entries(tx: &mut Tx<'_>, import: &Import) -> Result<Vec<Uuid>> {
    let sql = "SELECT id FROM journal WHERE organization_id = $1 AND at >= $2
        AND command IN ('imports.apply', 'imports.apply_part') AND input ->> 'id' = $3
        AND NOT EXISTS (SELECT 1 FROM undoing u WHERE u.journal_id = journal.id) ORDER BY id";
    let rows: Vec<(Uuid,)> = tx
        .query(
            sql,
            &[
                &import.organization_id,
                &import.created_at,
                &import.id.to_string(),
            ],
        )
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// What is known of a file when it is uploaded.
#[derive(Clone, Debug)]
pub struct NewImport {
    /// The import as it will be shown.
    pub import: Import,
    /// SHA-256 of the file.
    pub content_hash: String,
    /// Who sent it.
    pub actor_id: Uuid,
}

/// Adds an import without its rows.
pub async fn insert(tx: &mut Tx<'_>, new: &NewImport) -> Result<()> {
    let import = &new.import;
    let (headings, mapping) = (json(&import.headings)?, json(&import.mapping)?);
    let (counts, oddities) = (json(&Findings::default())?, json(&import.oddities)?);
    let encoding = import.encoding.map_or("", files::Encoding::as_str);
    let (separator, sheets) = (import.separator.as_deref(), json(&import.sheets())?);
    let separator = separator.unwrap_or_default();
    tx.execute(
        "INSERT INTO import_batch (id, kind, organization_id, file_name, content_hash, encoding, separator, headings,
         row_count, mapping, state, counts, oddities, actor_id, created_at, format, sheets, mapped, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1)",
        &[
            &import.id, &import.kind.as_str(), &import.organization_id, &import.file_name, &new.content_hash,
            &encoding, &separator, &headings, &import.row_count, &mapping, &import.state.as_str(),
            &counts, &oddities, &new.actor_id, &import.created_at, &import.format.as_str(), &sheets,
            &import.mapped.as_str(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes rows down as they were sent; those that stand already stay.
pub async fn stage(tx: &mut Tx<'_>, id: Uuid, records: &[files::Record]) -> Result<()> {
    let cells = records
        .iter()
        .map(|record| json(&record.cells))
        .collect::<Result<Vec<_>>>()?;
    let mut params: Vec<&dyn Param> = Vec::with_capacity(records.len() * 4);
    for (record, cells) in records.iter().zip(&cells) {
        params.extend_from_slice(&[&id as &dyn Param, &record.number, cells, &""]);
    }
    let text = (
        "INSERT INTO import_row (batch_id, number, cells, outcome)",
        "ON CONFLICT (batch_id, number) DO NOTHING",
    );
    tx.insert(text, 4, &params).await?;
    Ok(())
}

/// Says that every row is written down.
pub async fn set_staged(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let sql = "UPDATE import_batch SET state = 'staged' WHERE id = $1 AND state = 'staging'";
    tx.execute(sql, &[&id]).await?;
    Ok(())
}

/// All rows as they were sent.
pub async fn staged(tx: &mut Tx<'_>, id: Uuid) -> Result<Vec<Staged>> {
    let sql = "SELECT number, cells FROM import_row WHERE batch_id = $1 ORDER BY number";
    Ok(tx.query(sql, &[&id]).await?)
}

/// Rows with what becomes of them, behind `after`.
pub async fn rows(
    tx: &mut Tx<'_>,
    id: Uuid,
    outcome: Option<Outcome>,
    (after, limit): (i64, i64),
) -> Result<Vec<ImportRow>> {
    let word = outcome.map(Outcome::as_str);
    let mut select = Select::new("SELECT number, cells, outcome, remarks FROM import_row");
    select.and("batch_id = ?", &id).and("number > ?", &after);
    if let Some(word) = &word {
        select.and("outcome = ?", word);
    }
    let limit = select.bind(&limit);
    let sql = select.sql(&format!(" ORDER BY number LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// The place of a row in the list that tells what changes first: rows that change nothing stand behind all others.
pub fn place(row: &ImportRow) -> i64 {
    match row.outcome {
        Some(Outcome::Same) => row.number + BEHIND,
        _ => row.number,
    }
}

/// More than any row's number.
const BEHIND: i64 = 1 << 40;

/// Rows with what becomes of them, those that change something first, behind a place in that order.
pub async fn changed_first(
    tx: &mut Tx<'_>,
    id: Uuid,
    (after, limit): (i64, i64),
) -> Result<Vec<ImportRow>> {
    let place = format!("number + CASE WHEN outcome = 'same' THEN {BEHIND} ELSE 0 END");
    let sql = format!(
        "SELECT number, cells, outcome, remarks FROM import_row WHERE batch_id = $1 AND {place} > $2
         ORDER BY {place} LIMIT $3"
    );
    Ok(tx.query(&sql, &[&id, &after, &limit]).await?)
}

/// Writes what becomes of rows nothing is to be said about: each from a first to a last. As a list of numbers,
/// PostgreSQL would now and then read the whole file to find them.
pub async fn set_outcomes(
    tx: &mut Tx<'_>,
    id: Uuid,
    outcome: &str,
    runs: &[(i64, i64)],
) -> Result<()> {
    let sql = "UPDATE import_row SET outcome = $2, remarks = NULL
        WHERE batch_id = $1 AND number BETWEEN $3 AND $4";
    let params: Vec<[&dyn Param; 4]> = runs
        .iter()
        .map(|(first, last)| [&id as &dyn Param, &outcome, first, last])
        .collect();
    let statements: Vec<(&str, &[&dyn Param])> = params
        .iter()
        .map(|params| (sql, params.as_slice()))
        .collect();
    tx.execute_all(&statements).await?;
    Ok(())
}

/// Writes what becomes of rows, with what is to be said about each.
pub async fn set_remarks(
    tx: &mut Tx<'_>,
    id: Uuid,
    rows: &[(i64, Outcome, Vec<Remark>)],
) -> Result<()> {
    let remarks = rows
        .iter()
        .map(|(.., remarks)| json(remarks))
        .collect::<Result<Vec<_>>>()?;
    let words: Vec<&str> = rows
        .iter()
        .map(|(_, outcome, _)| outcome.as_str())
        .collect();
    let sql =
        "UPDATE import_row SET outcome = $3, remarks = $4 WHERE batch_id = $1 AND number = $2";
    let mut params: Vec<[&dyn Param; 4]> = Vec::with_capacity(rows.len());
    for (((number, ..), word), remarks) in rows.iter().zip(&words).zip(&remarks) {
        params.push([&id, number, word, remarks]);
    }
    let statements: Vec<(&str, &[&dyn Param])> = params
        .iter()
        .map(|params| (sql, params.as_slice()))
        .collect();
    tx.execute_all(&statements).await?;
    Ok(())
}

/// Writes what a check found. It is computed from the rows and the book, so it is no version of its own.
pub async fn set_findings(
    tx: &mut Tx<'_>,
    id: Uuid,
    findings: &Findings,
    oddities: &[Oddity],
) -> Result<()> {
    let (findings, oddities) = (json(findings)?, json(&oddities)?);
    tx.execute(
        "UPDATE import_batch SET counts = $2, oddities = $3,
         state = CASE WHEN state = 'staged' THEN 'checked' ELSE state END WHERE id = $1",
        &[&id, &findings, &oddities],
    )
    .await?;
    Ok(())
}

/// Writes the mapping over version `version`, which takes the check back; says whether that was the version.
pub async fn set_mapping(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    mapping: &Mapping,
    mapped: Mapped,
) -> Result<bool> {
    let (mapping, findings) = (json(mapping)?, json(&Findings::default())?);
    let rows = tx
        .execute(
            "UPDATE import_batch SET mapping = $3, counts = $4, mapped = $5, state = 'staged', version = version + 1
             WHERE id = $1 AND version = $2 AND state IN ('staged', 'checked')",
            &[&id, &version, &mapping, &findings, &mapped.as_str()],
        )
        .await?;
    Ok(rows == 1)
}

/// Moves an import on, over version `version`; says whether that was the version.
pub async fn set_state(
    tx: &mut Tx<'_>,
    (id, version): (Uuid, i64),
    state: State,
    mode: Mode,
    applied_at: Option<Timestamp>,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE import_batch SET state = $3, mode = $4, applied_at = $5, version = version + 1
             WHERE id = $1 AND version = $2",
            &[&id, &version, &state.as_str(), &mode.as_str(), &applied_at],
        )
        .await?;
    Ok(rows == 1)
}

/// How often each part of an import was taken back.
pub async fn taken_back(tx: &mut Tx<'_>, import: &Import) -> Result<BTreeMap<usize, i64>> {
    let sql = "SELECT CAST(j.input ->> 'part' AS TEXT), count(*) FROM journal j
        JOIN undoing u ON u.journal_id = j.id
        WHERE j.organization_id = $1 AND j.at >= $2 AND j.command = 'imports.apply_part' AND j.input ->> 'id' = $3
        GROUP BY 1";
    let (whose, since, id) = (
        import.organization_id,
        import.created_at,
        import.id.to_string(),
    );
    let found: Vec<(String, i64)> = tx.query(sql, &[&whose, &since, &id]).await?;
    let numbered = found
        .into_iter()
        .map(|(part, count)| Some((part.parse().ok()?, count)));
    Ok(numbered.flatten().collect())
}

/// Says that nothing of an import that was begun is in the book, over version `version`; says whether that was the
/// version.
pub async fn set_taken_back(tx: &mut Tx<'_>, (id, version): (Uuid, i64)) -> Result<bool> {
    let sql = "UPDATE import_batch SET state = 'checked', mode = NULL, version = version + 1
        WHERE id = $1 AND version = $2 AND state = 'applying'";
    Ok(tx.execute(sql, &[&id, &version]).await? == 1)
}

/// The headings by fields that were said of a file of this shape at this organization.
pub async fn remembered(
    tx: &mut Tx<'_>,
    (organization_id, kind, shape): (Uuid, ImportKind, &str),
) -> Result<Option<BTreeMap<String, String>>> {
    let sql = "SELECT mapping FROM import_mapping WHERE organization_id = $1 AND kind = $2 AND shape = $3";
    let found: Option<(Json,)> = tx
        .query_opt(sql, &[&organization_id, &kind.as_str(), &shape])
        .await?;
    Ok(found
        .map(|(mapping,)| serde_json::from_value(mapping.0))
        .transpose()?)
}

/// Keeps the headings by fields of a shape, in place of what was said before.
pub async fn set_remembered(
    tx: &mut Tx<'_>,
    (organization_id, kind, shape): (Uuid, ImportKind, &str),
    headings: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO import_mapping (organization_id, kind, shape, mapping, said_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (organization_id, kind, shape) DO UPDATE SET mapping = excluded.mapping, said_at = excluded.said_at";
    let headings = json(headings)?;
    tx.execute(
        sql,
        &[&organization_id, &kind.as_str(), &shape, &headings, &now],
    )
    .await?;
    Ok(())
}
