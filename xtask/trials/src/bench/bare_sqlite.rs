//! SQLite's driver bare, on a copy of a book that the server made: one thread, as SQLite has one writer.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, config::DbConfig, types::Value as Sql};
use tokio::task::spawn_blocking;

use super::{
    CLIENTS,
    load::Meter,
    script::{Step, Target, Value},
};
use crate::Result;

/// Transactions a second where each commit holds `batch` of them.
pub async fn rate(
    database: &Path,
    steps: Vec<Step>,
    targets: Vec<Target>,
    (batch, time): (usize, Duration),
) -> Result<f64> {
    let meter = Arc::new(Meter::default());
    let connection = open(database).map_err(|e| e.to_string())?;
    let counting = Arc::clone(&meter);
    let writer = spawn_blocking(move || write(&connection, &steps, &targets, (batch, &counting)));
    let rate = meter.rate(time).await;
    let written = writer.await.map_err(|e| e.to_string())?;
    written.map_err(|e| format!("bare SQLite: {e}"))?;
    Ok(rate)
}

/// As durable as the server's connection, and set up like it: plans are kept whatever is bound.
pub fn open(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(database)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
        PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000;",
    )?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn write(
    connection: &Connection,
    steps: &[Step],
    targets: &[Target],
    (batch, meter): (usize, &Meter),
) -> rusqlite::Result<()> {
    let mut turns = targets.iter().cycle();
    while !meter.is_over() {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for target in turns.by_ref().take(batch) {
            one(connection, steps, target)?;
        }
        connection.execute_batch("COMMIT")?;
        meter.add(batch as u64);
    }
    Ok(())
}

fn one(connection: &Connection, steps: &[Step], target: &Target) -> rusqlite::Result<()> {
    let values = target
        .values()
        .into_iter()
        .map(|(name, value)| (name, sql(value)));
    let mut values: BTreeMap<&str, Sql> = values.collect();
    for step in steps {
        let mut statement = connection.prepare_cached(&step.sql)?;
        for (name, value) in &values {
            if let Some(index) = statement.parameter_index(&format!(":{name}"))? {
                statement.raw_bind_parameter(index, value)?;
            }
        }
        let mut rows = statement.raw_query();
        let mut given = Vec::new();
        while let Some(row) = rows.next()? {
            for (column, name) in step.gives.iter().enumerate() {
                given.push((*name, row.get(column)?));
            }
        }
        values.extend(given);
    }
    Ok(())
}

fn sql(value: Value) -> Sql {
    match value {
        Value::Id(id) => Sql::Blob(id.as_bytes().to_vec()),
        Value::Number(number) => Sql::Integer(number),
    }
}

/// How many clients' work one group commit holds where all wait.
pub const GROUP: usize = CLIENTS;
