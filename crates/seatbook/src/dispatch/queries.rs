//! Every SQL statement about the files of invoices.

use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::error::Result;

/// The file of this kind.
pub async fn find(tx: &mut Tx<'_>, invoice_id: Uuid, kind: &str) -> Result<Option<Vec<u8>>> {
    let sql = "SELECT content FROM invoice_document WHERE invoice_id = $1 AND kind = $2";
    let row: Option<(Vec<u8>,)> = tx.query_opt(sql, &[&invoice_id, &kind]).await?;
    Ok(row.map(|(content,)| content))
}

/// Keeps a file; `false` where it is kept already.
pub async fn insert(
    tx: &mut Tx<'_>,
    (invoice_id, kind): (Uuid, &str),
    content: &[u8],
    now: Timestamp,
) -> Result<bool> {
    let sql = "INSERT INTO invoice_document (invoice_id, kind, content, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (invoice_id, kind) DO NOTHING";
    let rows = tx
        .execute(sql, &[&invoice_id, &kind, &content, &now])
        .await?;
    Ok(rows == 1)
}
