//! Copies of a whole database: made beside whoever works on it, and loaded into an empty one.
//!
//! Each engine has its own form, and a copy is loaded into the engine it came from: SQLite's is a database file, as
//! SQLite itself writes it from one snapshot; PostgreSQL's is a text of each table, as COPY tells it.

mod file;
mod tables;

pub use file::{copy_file, is_sound, load_file};
pub use tables::{Loading, Snapshot};

use std::{fs::File, path::Path};

use crate::{
    Engine, Error, Migration, Options, Reading, Result, Tx, migrate, postgres::Connector, sqlite,
    tx::Ledger,
};

/// What a session is told that copies: it takes as long as the disk needs, past what a statement of the house may take,
/// and days are written in the one way that every server reads.
const PATIENT: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;
    SET lock_timeout = 60000; SET DateStyle = ISO";

/// Whether a database has no tables at all, so that a copy can be loaded into it.
pub async fn is_vacant(database: &str) -> Result<bool> {
    match Options::new(database).engine() {
        Engine::Sqlite => file::is_vacant(Path::new(database)),
        Engine::Postgres => {
            let session = Connector::new(database)?.connect().await?;
            tables::is_vacant(&session).await
        }
    }
}

/// One small write of a tool beside a running server: no lock is taken, nothing is migrated.
pub async fn note<T: Send + 'static>(
    database: &str,
    migrations: &[Migration],
    run: impl Reading<Result<T>>,
) -> Result<T> {
    let ledger = Ledger::default();
    match Options::new(database).engine() {
        Engine::Sqlite => {
            let mut connection = sqlite::connect(Path::new(database))?;
            migrate::check_sqlite(&mut connection, migrations)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            // Whatever is not committed goes with the connection.
            let out = sqlite::ready(run(Tx::sqlite(&mut connection, &ledger)))?;
            let out = ledger.judge(out)?;
            connection.execute_batch("COMMIT")?;
            Ok(out)
        }
        Engine::Postgres => {
            let session = Connector::new(database)?.connect().await?;
            migrate::check_postgres(&session, migrations).await?;
            session.batch("BEGIN").await?;
            let out = run(Tx::postgres(&session, &ledger)).await;
            let out = ledger.judge(out)?;
            session.batch("COMMIT").await?;
            Ok(out)
        }
    }
}

/// A new file that nobody but its owner can open: it holds names and prices.
pub fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn on_disk(error: std::io::Error) -> Error {
    Error::Unavailable(error.to_string())
}
