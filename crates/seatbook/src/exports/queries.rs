//! Every SQL statement about exports.

use store::{Db, Json, Param, Place, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Export, Rights, State};
use crate::error::Result;

const EXPORT: &str =
    "SELECT id, list, organization_id, subject_id, format, state, job_id, rows_written, size_bytes,
    created_at, ready_at, expires_at, version, asked_by, query, writing_id, rights FROM export";

/// The export, whoever asks.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Export>> {
    Ok(tx
        .query_opt(&format!("{EXPORT} WHERE id = $1"), &[&id])
        .await?)
}

/// Adds a row.
pub async fn insert(tx: &mut Tx<'_>, new: &Export) -> Result<()> {
    let sql = "INSERT INTO export (id, organization_id, asked_by, list, subject_id, query, format, job_id, state,
        created_at, expires_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)";
    let values: [&dyn Param; 11] = [
        &new.id,
        &new.organization_id,
        &new.asked_by,
        &new.list.as_str(),
        &new.subject_id,
        &new.query,
        &new.format.as_str(),
        &new.job_id,
        &new.state.as_str(),
        &new.created_at,
        &new.expires_at,
    ];
    tx.execute(sql, &values).await?;
    Ok(())
}

/// What a file came to.
#[derive(Clone, Debug)]
pub struct Written<'a> {
    /// Whose pieces it is made of.
    pub writing_id: Uuid,
    /// Rows below its heading.
    pub rows_written: i64,
    /// Its size.
    pub size_bytes: i64,
    /// What filled it beyond its list.
    pub rights: &'a Rights,
}

/// Says that an export is ready; `false` where it was already, or is no more.
pub async fn set_ready(
    tx: &mut Tx<'_>,
    id: Uuid,
    it: Written<'_>,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<bool> {
    let sql = "UPDATE export SET state = $2, writing_id = $3, rows_written = $4, size_bytes = $5, ready_at = $6,
        expires_at = $7, rights = $8, version = version + 1 WHERE id = $1 AND state = 'writing'";
    let rights = Json(serde_json::to_value(it.rights)?);
    let values: [&dyn Param; 8] = [
        &id,
        &State::Ready.as_str(),
        &it.writing_id,
        &it.rows_written,
        &it.size_bytes,
        &now,
        &expires_at,
        &rights,
    ];
    Ok(tx.execute(sql, &values).await? == 1)
}

/// Keeps a piece of a file.
pub async fn put(
    tx: &mut Tx<'_>,
    (export_id, writing_id): (Uuid, Uuid),
    position: i64,
    content: &[u8],
) -> store::Result<u64> {
    let sql =
        "INSERT INTO export_piece (export_id, writing_id, position, content) VALUES ($1, $2, $3, $4)
        ON CONFLICT (export_id, writing_id, position) DO NOTHING";
    let values: [&dyn Param; 4] = [&export_id, &writing_id, &position, &content];
    tx.execute(sql, &values).await
}

/// A piece of a file.
pub async fn piece(
    tx: &mut Tx<'_>,
    (export_id, writing_id): (Uuid, Uuid),
    position: i64,
) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT content FROM export_piece WHERE export_id = $1 AND writing_id = $2 AND position = $3";
    let row: Option<(Vec<u8>,)> = tx
        .query_opt(sql, &[&export_id, &writing_id, &position])
        .await?;
    Ok(row.map(|(content,)| content))
}

/// Pieces that are removed in one transaction.
const AT_ONCE: i64 = 64;

/// Removes the pieces that other tries than `kept` left, some at a time.
pub async fn clear(db: &Db, export_id: Uuid, kept: Uuid) -> Result<()> {
    remove(db, "writing_id <> $2", (export_id, kept)).await
}

/// Removes those of one try, some at a time, and nobody else's.
pub async fn clear_try(db: &Db, export_id: Uuid, writing_id: Uuid) -> Result<()> {
    remove(db, "writing_id = $2", (export_id, writing_id)).await
}

async fn remove(db: &Db, which: &str, (export_id, writing_id): (Uuid, Uuid)) -> Result<()> {
    let sql = format!(
        "DELETE FROM export_piece WHERE export_id = $1 AND (writing_id, position) IN
         (SELECT writing_id, position FROM export_piece WHERE export_id = $1 AND {which} LIMIT {AT_ONCE})"
    );
    loop {
        let sql = sql.clone();
        let cleared = db.plumb(Place::BULK, move |mut tx| {
            let sql = sql.clone();
            Box::pin(async move { tx.execute(&sql, &[&export_id, &writing_id]).await })
        });
        if cleared.await? == 0 {
            return Ok(());
        }
    }
}

/// Forgets what has expired: first the pieces, some at a time, then the rows. Says how many files that were.
pub async fn forget(db: &Db, now: Timestamp) -> Result<u64> {
    let due = "SELECT id FROM export WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT 100";
    let found: Vec<(Uuid,)> = db
        .read(move |mut tx| Box::pin(async move { tx.query(due, &[&now]).await }))
        .await??;
    let mut forgotten = 0;
    for (id,) in found {
        clear(db, id, Uuid::nil()).await?;
        let gone = db.plumb(Place::BULK, move |mut tx| {
            Box::pin(async move {
                // A job that was told to try again a week later may be writing anew.
                let free = "DELETE FROM export WHERE id = $1 AND expires_at <= $2
                    AND NOT EXISTS (SELECT 1 FROM export_piece p WHERE p.export_id = $1)";
                tx.execute(free, &[&id, &now]).await
            })
        });
        forgotten += gone.await?;
    }
    Ok(forgotten)
}
