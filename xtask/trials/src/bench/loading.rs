//! Very many rows by SQL, straight into the tables that the server made.
//!
//! Indexes are dropped before and made again after, as the server made them: made of sorted rows they take a fraction of
//! the time, and at the end nothing is missing. References are right as they are written, so nobody checks them.

use std::time::Instant;

use rusqlite::Connection;

use crate::{
    Result,
    book::Book,
    server::{Engine, connect, told},
};

/// Runs texts that write to these tables, which no server may have open; says how long it took and how large the book is.
pub async fn load(book: &Book, what: &str, texts: Vec<String>, tables: &[&str]) -> Result<()> {
    let begun = Instant::now();
    let database = book.site.database.as_str();
    match book.site.engine {
        Engine::Sqlite => on_sqlite(database.to_owned(), texts, tables).await?,
        Engine::Postgres => on_postgres(database, &texts, tables).await?,
    }
    let seconds = begun.elapsed().as_secs_f64();
    let mib = book.site.bytes().await? >> 20;
    eprintln!("  {what} written in {seconds:.0} s, {mib} MiB on disk");
    Ok(())
}

async fn on_sqlite(database: String, texts: Vec<String>, tables: &[&str]) -> Result<()> {
    let tables = listed(tables);
    let written = tokio::task::spawn_blocking(move || {
        let connection = Connection::open(database)?;
        // What is filled here is measured at once or thrown away; the server chooses its own way of journaling again.
        connection.execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
            PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000;",
        )?;
        let indexes = indexes(&connection, &tables)?;
        for (name, _) in &indexes {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
        }
        for text in &texts {
            connection.execute_batch(text)?;
        }
        for (_, made) in &indexes {
            connection.execute_batch(made)?;
        }
        connection.execute_batch("PRAGMA journal_mode = WAL")
    });
    let written = written.await.map_err(|e| e.to_string())?;
    written.map_err(|e| e.to_string())
}

/// Names, and the texts that make them.
fn indexes(connection: &Connection, tables: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let sql = format!(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({tables})"
    );
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

async fn on_postgres(database: &str, texts: &[String], tables: &[&str]) -> Result<()> {
    let session = connect(database).await?;
    let run = async |sql: &str| session.batch_execute(sql).await.map_err(|e| told(&e));
    run(
        "SET session_replication_role = replica; SET synchronous_commit = off;
        SET maintenance_work_mem = '512MB'",
    )
    .await?;
    let sql = format!(
        "SELECT indexname::text, indexdef FROM pg_indexes WHERE tablename IN ({})
         AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        listed(tables)
    );
    let rows = session.query(&sql, &[]).await.map_err(|e| told(&e))?;
    let indexes: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for (name, _) in &indexes {
        run(&format!("DROP INDEX {name}")).await?;
    }
    for text in texts {
        run(text).await?;
    }
    for (_, made) in &indexes {
        run(made).await?;
    }
    // Its own vacuum would come by within the minute, for the tables beside these, too.
    run("VACUUM ANALYZE").await
}

fn listed(tables: &[&str]) -> String {
    let quoted: Vec<String> = tables.iter().map(|table| format!("'{table}'")).collect();
    quoted.join(", ")
}
