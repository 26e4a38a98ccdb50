//! Asking the engine how it is: whether a writer answers, and whether what it acknowledges survives a power loss.

use crate::{Db, Engine, Error, Place, Result, Tx, postgres::Session};

/// What PostgreSQL must not have switched off.
const GUARDS: [&str; 3] = ["fsync", "synchronous_commit", "full_page_writes"];

/// How the engine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Settings by which acknowledged writes may be lost at a power loss, as `fsync=off`; empty where none may be.
    pub weak: Vec<String>,
    /// The last step of the migrations that was taken, by whichever program.
    pub schema: i64,
}

impl Db {
    /// Asks by way of a writer, so that an answer says that writes get through. Nothing is written: the disk is not
    /// made to work by those who only look.
    pub async fn probe(&self) -> Result<Health> {
        let engine = self.engine();
        self.plumb(Place::ALONE, move |mut tx| {
            Box::pin(async move { health(&mut tx, engine).await })
        })
        .await
    }
}

async fn health(tx: &mut Tx<'_>, engine: Engine) -> Result<Health> {
    let weak = match engine {
        Engine::Sqlite => sqlite(tx).await?,
        Engine::Postgres => postgres(tx).await?,
    };
    let sql = "SELECT max(number) FROM schema_migration";
    let (schema,): (Option<i64>,) = tx.query_one(sql, &[]).await?;
    Ok(Health {
        weak,
        schema: schema.unwrap_or_default(),
    })
}

async fn sqlite(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let (mode,): (String,) = tx.query_one("PRAGMA journal_mode", &[]).await?;
    let (synchronous,): (i64,) = tx.query_one("PRAGMA synchronous", &[]).await?;
    let mut weak = Vec::new();
    if mode != "wal" {
        weak.push(format!("journal_mode={mode}"));
    }
    // FULL is 2, EXTRA 3.
    if synchronous < 2 {
        weak.push(format!("synchronous={synchronous}"));
    }
    Ok(weak)
}

async fn postgres(tx: &mut Tx<'_>) -> Result<Vec<String>> {
    let sql = "SELECT current_setting('transaction_read_only')";
    let (read_only,): (String,) = tx.query_one(sql, &[]).await?;
    if read_only == "on" {
        // One that follows another answers as well, and takes nothing.
        return Err(Error::Unavailable("it takes no writes".into()));
    }
    let mut weak = Vec::new();
    for guard in GUARDS {
        let sql = "SELECT current_setting($1)";
        let (value,): (String,) = tx.query_one(sql, &[&guard]).await?;
        weak.extend(weakness(guard, &value));
    }
    Ok(weak)
}

fn weakness(guard: &str, value: &str) -> Option<String> {
    (value == "off").then(|| format!("{guard}={value}"))
}

/// A server that forgets acknowledged commits at a power loss is not one to keep a book on.
pub(crate) async fn warn_of_weakness(session: &Session) -> Result<()> {
    for guard in GUARDS {
        let rows = session.query(&format!("SHOW {guard}"), vec![]).await?;
        let value: String = rows
            .first()
            .map_or(Ok(String::new()), |row| row.try_get(0))?;
        if let Some(setting) = weakness(guard, &value) {
            tracing::warn!(
                setting,
                "PostgreSQL may lose acknowledged writes at a power loss"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    /// Older ones can corrupt a book (sqlite.org/wal.html#walresetbug); the one that is built in is not.
    #[test]
    fn the_bundled_engine_has_the_mended_log() {
        assert!(rusqlite::version_number() >= 3_051_003);
    }
}
