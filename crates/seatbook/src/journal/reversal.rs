//! What taking entries back would have to put back: every row they changed, as it was before them.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};
use store::{FromRow, Json, Param, Row, Timestamp, Tx, placeholders};
use uuid::Uuid;

use crate::error::{Error, Result};

/// Rows named in one statement.
const CHUNK: usize = 500;
/// Later changes that are read of so many rows: enough to say what stands in the way.
const MOST_LATER: i64 = 1_000;

/// What entries did to one row, taken together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reversal {
    /// The row.
    pub row_id: Uuid,
    /// They made it: taking them back is removing it.
    pub made: bool,
    /// The fields they changed, as they were before the first of them.
    pub before: Map<String, Value>,
    /// The same fields, as the last of them left them.
    pub after: Map<String, Value>,
    /// The version the last of them left.
    pub version: i64,
}

/// The rows some entries changed, by noun.
pub type Reversals = BTreeMap<String, Vec<Reversal>>;

/// Puts together what these entries did to each row.
pub async fn of_entries(tx: &mut Tx<'_>, entries: &[Uuid]) -> Result<Reversals> {
    let mut rows: BTreeMap<(String, Uuid), Vec<Changed>> = BTreeMap::new();
    for some in entries.chunks(CHUNK) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, some.len());
        let sql = format!(
            "SELECT noun, row_id, version, before, after FROM change WHERE journal_id IN {places}"
        );
        for change in tx.query::<Changed>(&sql, &params).await? {
            let row = rows.entry((change.0.clone(), change.1)).or_default();
            row.push(change);
        }
    }
    let mut found = Reversals::new();
    for ((noun, row_id), mut changes) in rows {
        changes.sort_by_key(|change| change.2);
        let mut row = Reversal {
            row_id,
            made: changes[0].3.is_none(),
            ..Reversal::default()
        };
        for (_, _, version, before, after) in changes {
            for (name, value) in fields(before) {
                row.before.entry(name).or_insert(value);
            }
            row.after.extend(fields(after));
            row.version = version;
        }
        found.entry(noun).or_default().push(row);
    }
    Ok(found)
}

/// Noun, row, version, before, after.
type Changed = (String, Uuid, i64, Option<Json>, Option<Json>);

fn fields(json: Option<Json>) -> Map<String, Value> {
    match json {
        Some(Json(Value::Object(fields))) => fields,
        _ => Map::new(),
    }
}

/// A change of a row that came after, and still stands.
#[derive(Clone, Debug)]
pub struct Later {
    /// The row.
    pub row_id: Uuid,
    /// The version it left.
    pub version: i64,
    /// The fields it changed.
    pub fields: Vec<String>,
    /// Its entry.
    pub journal_id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub command: String,
}

impl FromRow for Later {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let after: Option<Json> = row.get(2)?;
        Ok(Later {
            row_id: row.get(0)?,
            version: row.get(1)?,
            fields: fields(after).into_iter().map(|(name, _)| name).collect(),
            journal_id: row.get(3)?,
            at: row.get(4)?,
            command: row.get(5)?,
        })
    }
}

/// What happened to these rows afterwards and still stands, the latest first. What was taken back since, and
/// what took it back, cancel each other out.
pub async fn later(tx: &mut Tx<'_>, noun: &str, rows: &[Reversal]) -> Result<Vec<Later>> {
    let mut found = Vec::new();
    for some in rows.chunks(CHUNK) {
        let first = some.iter().map(|row| row.version).min().unwrap_or_default();
        let mut params: Vec<&dyn Param> =
            some.iter().map(|row| &row.row_id as &dyn Param).collect();
        params.extend_from_slice(&[&noun, &first, &MOST_LATER]);
        let (rows, many) = (placeholders(1, some.len()), some.len());
        let sql = format!(
            "SELECT c.row_id, c.version, c.after, j.id, j.at, j.command
             FROM change c JOIN journal j ON j.id = c.journal_id
             WHERE c.row_id IN {rows} AND c.noun = ${} AND c.version > ${}
               AND NOT EXISTS (SELECT 1 FROM undoing u WHERE u.journal_id = j.id)
               AND NOT EXISTS (SELECT 1 FROM undoing u WHERE u.by_id = j.id)
             ORDER BY j.id DESC LIMIT ${}",
            many + 1,
            many + 2,
            many + 3,
        );
        found.extend(tx.query::<Later>(&sql, &params).await?);
    }
    let versions: HashMap<Uuid, i64> = rows.iter().map(|row| (row.row_id, row.version)).collect();
    found.retain(|later: &Later| {
        versions
            .get(&later.row_id)
            .is_some_and(|seen| later.version > *seen)
    });
    Ok(found)
}

/// Every entry that this one took back.
pub async fn undone_by(tx: &mut Tx<'_>, journal_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT journal_id FROM undoing WHERE by_id = $1 ORDER BY journal_id";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&journal_id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Somebody has taken it back already.
pub fn already_undone() -> Error {
    Error::conflict("undo.already_undone", "This was taken back already.")
}
