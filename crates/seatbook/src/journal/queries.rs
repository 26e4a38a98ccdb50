//! The journal as rows.

use store::{FromRow, Json, Param, Row, Timestamp, Tx, inserts, placeholders};
use uuid::Uuid;

use super::{Change, Entry, reversal};
use crate::error::Result;

/// The last number of the entries behind `after` that are read at once: at most `last`, so many entries, and so many
/// changes, but for an entry that has more by itself.
pub async fn portion(
    tx: &mut Tx<'_>,
    (after, last): (i64, i64),
    (entries, changes): (i64, i64),
) -> store::Result<i64> {
    let up_to = last.min(after.saturating_add(entries));
    let sql = "SELECT j.seq FROM journal j JOIN change c ON c.journal_id = j.id
        WHERE j.seq > $1 AND j.seq <= $2 ORDER BY j.seq LIMIT 1 OFFSET $3";
    let beyond: Option<(i64,)> = tx.query_opt(sql, &[&after, &up_to, &changes]).await?;
    Ok(beyond.map_or(up_to, |(seq,)| (seq - 1).max(after + 1)))
}

pub(crate) const INSERT_ENTRY: &str = "INSERT INTO journal
    (id, at, actor_id, token_id, organization_id, origin, command, input, outcome, request_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Writes the entry, its changes, and one statement more of the gate's, which all travel together. Says
/// how many rows that last statement wrote. Refused where another entry has taken the same ones back.
pub async fn insert(
    tx: &mut Tx<'_>,
    entry: &Entry,
    changes: &[Change],
    last: (&str, &[&dyn Param]),
) -> Result<u64> {
    let (input, outcome) = (Json(entry.input.clone()), Json(entry.outcome.clone()));
    let entry_params: [&dyn Param; 10] = [
        &entry.id,
        &entry.at,
        &entry.actor_id,
        &entry.token_id,
        &entry.organization_id,
        &entry.origin,
        &entry.command,
        &input,
        &outcome,
        &entry.request_id,
    ];
    let json: Vec<(Option<Json>, Option<Json>)> = changes
        .iter()
        .map(|change| {
            (
                change.before.clone().map(Json),
                change.after.clone().map(Json),
            )
        })
        .collect();
    let mut change_params: Vec<&dyn Param> = Vec::with_capacity(changes.len() * 7);
    for (change, (before, after)) in changes.iter().zip(&json) {
        change_params.extend_from_slice(&[
            &change.noun as &dyn Param,
            &change.row_id,
            &change.version,
            &entry.id,
            &change.organization_id,
            before,
            after,
        ]);
    }
    let head =
        "INSERT INTO change (noun, row_id, version, journal_id, organization_id, before, after)";
    let chunks = inserts((head, ""), 7, &change_params);
    let mut statements: Vec<(&str, &[&dyn Param])> = vec![(INSERT_ENTRY, &entry_params)];
    statements.extend(chunks.iter().map(|(sql, params)| (sql.as_str(), *params)));
    let undoing: Vec<[&dyn Param; 2]> = entry
        .undoes
        .iter()
        .map(|id| [id as _, &entry.id as _])
        .collect();
    statements.extend(undoing.iter().map(|params| (INSERT_UNDOING, &params[..])));
    statements.push(last);
    let rows = tx.execute_all(&statements).await?;
    let marks = 1 + chunks.len();
    if rows[marks..marks + undoing.len()].contains(&0) {
        return Err(reversal::already_undone());
    }
    Ok(rows.last().copied().unwrap_or_default())
}

const INSERT_UNDOING: &str =
    "INSERT INTO undoing (journal_id, by_id) VALUES ($1, $2) ON CONFLICT (journal_id) DO NOTHING";

/// One entry as a list shows it.
#[derive(Clone, Debug)]
pub struct EntryRow {
    /// Its id.
    pub id: Uuid,
    /// Its number, once sealed.
    pub seq: Option<i64>,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor_id: Uuid,
    /// By which API token, if by one.
    pub token_id: Option<Uuid>,
    /// Whose book.
    pub organization_id: Option<Uuid>,
    /// Through which door.
    pub origin: String,
    /// What.
    pub command: String,
    /// What was asked.
    pub input: Json,
    /// What was answered.
    pub outcome: Option<Json>,
    /// The HTTP request it came with, or `job-` and the job.
    pub request_id: Option<String>,
    /// The entry it takes back, the first where there are several.
    pub undoes: Option<Uuid>,
    /// The entry that took it back.
    pub undone_by: Option<Uuid>,
}

impl FromRow for EntryRow {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(EntryRow {
            id: row.get(0)?,
            seq: row.get(1)?,
            at: row.get(2)?,
            actor_id: row.get(3)?,
            token_id: row.get(4)?,
            organization_id: row.get(5)?,
            origin: row.get(6)?,
            command: row.get(7)?,
            input: row.get(8)?,
            outcome: row.get(9)?,
            request_id: row.get(10)?,
            undoes: row.get(11)?,
            undone_by: row.get(12)?,
        })
    }
}

/// The columns of [`EntryRow`], from `journal j`.
pub const ENTRY_COLUMNS: &str =
    "SELECT j.id, j.seq, j.at, j.actor_id, j.token_id, j.organization_id, j.origin,
    j.command, j.input, j.outcome, j.request_id,
    (SELECT u.journal_id FROM undoing u WHERE u.by_id = j.id ORDER BY u.journal_id LIMIT 1),
    (SELECT u.by_id FROM undoing u WHERE u.journal_id = j.id) FROM journal j";

/// One entry.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<EntryRow>> {
    Ok(tx
        .query_opt(&format!("{ENTRY_COLUMNS} WHERE j.id = $1"), &[&id])
        .await?)
}

/// One changed row, as it is read back.
#[derive(Clone, Debug)]
pub struct ChangeRow {
    /// What the row is.
    pub noun: String,
    /// Which.
    pub row_id: Uuid,
    /// The version it got.
    pub version: i64,
    /// As it was.
    pub before: Option<Json>,
    /// As it became.
    pub after: Option<Json>,
    /// Whose it is.
    pub organization_id: Option<Uuid>,
}

impl FromRow for ChangeRow {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(ChangeRow {
            noun: row.get(0)?,
            row_id: row.get(1)?,
            version: row.get(2)?,
            before: row.get(3)?,
            after: row.get(4)?,
            organization_id: row.get(5)?,
        })
    }
}

/// The rows an entry changed.
pub async fn changes_of(tx: &mut Tx<'_>, journal_id: Uuid) -> Result<Vec<ChangeRow>> {
    let sql = "SELECT noun, row_id, version, before, after, organization_id FROM change WHERE journal_id = $1
        ORDER BY noun, row_id, version";
    Ok(tx.query(sql, &[&journal_id]).await?)
}

/// One change of a row as its page lists it: when, who, which command.
pub type Latest = (Timestamp, Option<String>, String);

/// The latest changes of a row. Names are read from `access`, which stands below: for the eye alone.
pub async fn latest_of(
    tx: &mut Tx<'_>,
    noun: &str,
    row_id: Uuid,
    limit: i64,
) -> Result<Vec<Latest>> {
    let sql = "SELECT j.at, p.name, j.command FROM change c JOIN journal j ON j.id = c.journal_id
        LEFT JOIN person p ON p.id = j.actor_id
        WHERE c.noun = $1 AND c.row_id = $2 ORDER BY c.version DESC LIMIT $3";
    Ok(tx.query(sql, &[&noun, &row_id, &limit]).await?)
}

/// A changed row of one of many entries, and how many rows that entry changed.
#[derive(Clone, Debug)]
pub struct Excerpt {
    /// The entry.
    pub journal_id: Uuid,
    /// How many rows it changed in all.
    pub count: i64,
    /// One of them.
    pub change: ChangeRow,
}

impl FromRow for Excerpt {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let change = ChangeRow::from_row(row)?;
        Ok(Excerpt {
            journal_id: row.get(6)?,
            count: row.get(7)?,
            change,
        })
    }
}

/// The first changed rows of each of these entries.
pub async fn excerpts(tx: &mut Tx<'_>, entries: &[Uuid], each: i64) -> Result<Vec<Excerpt>> {
    if entries.is_empty() {
        return Ok(vec![]);
    }
    let places = placeholders(1, entries.len());
    let mut params: Vec<&dyn Param> = entries.iter().map(|id| id as &dyn Param).collect();
    params.push(&each);
    let sql = format!(
        "SELECT noun, row_id, version, before, after, organization_id, journal_id, number_of FROM (
           SELECT noun, row_id, version, before, after, organization_id, journal_id,
             COUNT(*) OVER (PARTITION BY journal_id) AS number_of,
             ROW_NUMBER() OVER (PARTITION BY journal_id ORDER BY noun, row_id, version) AS place
           FROM change WHERE journal_id IN {places}) numbered
         WHERE place <= ${} ORDER BY journal_id, place",
        params.len()
    );
    Ok(tx.query(&sql, &params).await?)
}
