//! Quarantine: a book that was restored from a backup, and that nobody has released yet.
//!
//! Owns: the row that says so. Does not own: restoring and releasing (`backups`).
//! Keeps true: such a book can be read, and people sign in; no command changes it, no job runs, no mail leaves and
//! nothing happens by the clock, as all of it may have happened after the backup was made.
//! Others may use: [`find`]; whoever works unasked looks at `Gate::quarantine` first, which may be a moment old. What
//! takes a job or a mail asks the row itself, in the same statement.

use serde_json::Value;
use store::{FromRow, Json, Row, Timestamp, Tx};
use uuid::Uuid;

use crate::error::{Error, Kind, Result};

/// Where a restored book comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantine {
    /// When it was restored.
    pub since: Timestamp,
    /// The backup.
    pub backup_id: Uuid,
    /// When that was made: what happened later is not in the book.
    pub backup_at: Timestamp,
    /// How far the book was then.
    pub high_water: Value,
}

impl FromRow for Quarantine {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Quarantine {
            since: row.get(0)?,
            backup_id: row.get(1)?,
            backup_at: row.get(2)?,
            high_water: row.get::<Json>(3)?.0,
        })
    }
}

impl Quarantine {
    /// What a command is told.
    pub fn refusal(&self) -> Error {
        let message = format!(
            "{} Nothing can be changed until the operator has released it with “seatbook resume”.",
            self.origin()
        );
        Error::new(Kind::Unavailable, "book.quarantined", message)
            .with("backup_at", self.backup_at.to_string())
    }

    /// What whoever looks at a page is told.
    pub fn banner(&self) -> String {
        format!(
            "{} It can be read; nothing is changed, mailed or done by itself until “seatbook resume” is run on the \
             server.",
            self.origin()
        )
    }

    fn origin(&self) -> String {
        let made = self.backup_at.get().strftime("%Y-%m-%d %H:%M UTC");
        format!("This book was restored from a backup of {made}.")
    }
}

/// Whether the book is in quarantine.
pub async fn find(tx: &mut Tx<'_>) -> store::Result<Option<Quarantine>> {
    let sql = "SELECT since, backup_id, backup_at, high_water FROM quarantine WHERE id = 1";
    tx.query_opt(sql, &[]).await
}

/// Puts a book into quarantine that is being restored.
pub async fn begin(tx: &mut Tx<'_>, found: &Quarantine) -> store::Result<()> {
    let marks = Json(found.high_water.clone());
    // A backup of a book that rested itself has a row already: nothing happened in it since the first one.
    let sql = "INSERT INTO quarantine (id, since, backup_id, backup_at, high_water) VALUES (1, $1, $2, $3, $4)
        ON CONFLICT (id) DO UPDATE SET since = excluded.since";
    let values: [&dyn store::Param; 4] = [&found.since, &found.backup_id, &found.backup_at, &marks];
    tx.execute(sql, &values).await.map(drop)
}

/// Ends it; `false` where there is none.
pub async fn lift(tx: &mut Tx<'_>) -> Result<bool> {
    let sql = "DELETE FROM quarantine WHERE id = 1";
    Ok(tx.execute(sql, &[]).await? == 1)
}
