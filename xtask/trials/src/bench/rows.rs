//! Rows from one book into another by the drivers bare: one prepared INSERT a row, as many rows to a commit as an
//! import's step has.

use std::time::Instant;

use futures_util::future::try_join_all;
use rusqlite::{Connection, params_from_iter, types::Value};
use tokio::task::spawn_blocking;
use tokio_postgres::types::ToSql;

use super::bare_sqlite;
use crate::{
    Result,
    server::{connect, told},
};

/// What an import writes, each table after those it refers to. The keyword index of SQLite is a table like others.
const TABLES: [&str; 6] = [
    "import_batch",
    "import_row",
    "holder",
    "assignment",
    "journal",
    "change",
];
/// How the keyword index is filled, on both engines.
const SEARCH: &str = "holder_search_text";
/// An import's step makes about so many rows of each table.
const COMMIT: usize = 500;

/// How many rows, and the seconds it took.
pub async fn on_sqlite(from: String, to: String) -> Result<(usize, f64)> {
    let done = spawn_blocking(move || {
        let source = Connection::open(from)?;
        let bare = bare_sqlite::open(to.as_ref())?;
        bare.execute_batch("PRAGMA foreign_keys = OFF")?;
        let (mut count, mut seconds) = (0, 0.0);
        for table in TABLES.into_iter().chain([SEARCH]) {
            let (columns, rows) = read(&source, table)?;
            let begun = Instant::now();
            write(&bare, (table, &columns), &rows)?;
            seconds += begun.elapsed().as_secs_f64();
            count += rows.len();
        }
        Ok::<_, rusqlite::Error>((count, seconds))
    });
    let done = done.await.map_err(|e| e.to_string())?;
    done.map_err(|e| format!("bare SQLite: {e}"))
}

/// All rows of a table, a base before the add-ons that refer to it.
fn all(columns: &str, table: &str) -> String {
    let order = match table {
        "assignment" => " ORDER BY base_id IS NOT NULL",
        _ => "",
    };
    format!("SELECT {columns} FROM {table}{order}")
}

fn read(source: &Connection, table: &str) -> rusqlite::Result<(Vec<String>, Vec<Vec<Value>>)> {
    let mut statement = source.prepare(&all("*", table))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect())?;
    Ok((columns, rows.collect::<rusqlite::Result<_>>()?))
}

fn write(
    bare: &Connection,
    (table, columns): (&str, &[String]),
    rows: &[Vec<Value>],
) -> rusqlite::Result<()> {
    let mut statement = bare.prepare(&insert(table, columns, |at, _| format!("?{at}")))?;
    for portion in rows.chunks(COMMIT) {
        bare.execute_batch("BEGIN IMMEDIATE")?;
        for row in portion {
            statement.execute(params_from_iter(row))?;
        }
        bare.execute_batch("COMMIT")?;
    }
    Ok(())
}

/// Rows that are there already, as the book was copied after they came, are left alone.
fn insert(table: &str, columns: &[String], value: impl Fn(usize, &str) -> String) -> String {
    let numbered = columns.iter().enumerate();
    let values: Vec<String> = numbered.map(|(at, column)| value(at + 1, column)).collect();
    let (names, values) = (columns.join(", "), values.join(", "));
    format!("INSERT INTO {table} ({names}) VALUES ({values}) ON CONFLICT DO NOTHING")
}

/// How many rows, and the seconds it took. Every value travels as text: nothing needs to know the types.
pub async fn on_postgres(from: &str, to: &str) -> Result<(usize, f64)> {
    let (source, bare) = (connect(from).await?, connect(to).await?);
    let failed = |e: tokio_postgres::Error| format!("bare PostgreSQL: {}", told(&e));
    // As our own writers: planned for a table that was empty, checks of references would read all of it.
    let plans = bare.batch_execute("SET enable_seqscan = off").await;
    plans.map_err(failed)?;
    let (mut count, mut seconds) = (0, 0.0);
    for table in TABLES.into_iter().chain([SEARCH]) {
        let types = "SELECT column_name::text, udt_name::text FROM information_schema.columns
            WHERE table_name = $1 AND is_generated = 'NEVER' ORDER BY ordinal_position";
        let types = source.query(types, &[&table]).await.map_err(failed)?;
        let types: Vec<(String, String)> =
            types.iter().map(|row| (row.get(0), row.get(1))).collect();
        let texts: Vec<String> = types
            .iter()
            .map(|(name, _)| format!("{name}::text"))
            .collect();
        let rows = source.query(&all(&texts.join(", "), table), &[]).await;
        let rows: Vec<Vec<Option<String>>> = rows
            .map_err(failed)?
            .iter()
            .map(|row| (0..types.len()).map(|at| row.get(at)).collect())
            .collect();
        let columns: Vec<String> = types.iter().map(|(name, _)| name.clone()).collect();
        let typed = |at: usize, _: &str| format!("(${at}::text)::{}", types[at - 1].1);
        let statement = bare
            .prepare(&insert(table, &columns, typed))
            .await
            .map_err(failed)?;
        let begun = Instant::now();
        for portion in rows.chunks(COMMIT) {
            bare.batch_execute("BEGIN").await.map_err(failed)?;
            let each = portion.iter().map(|row| {
                let (bare, statement) = (&bare, &statement);
                async move {
                    let params: Vec<&(dyn ToSql + Sync)> = row
                        .iter()
                        .map(|value| value as &(dyn ToSql + Sync))
                        .collect();
                    bare.execute(statement, &params).await
                }
            });
            try_join_all(each).await.map_err(failed)?;
            bare.batch_execute("COMMIT").await.map_err(failed)?;
        }
        seconds += begun.elapsed().as_secs_f64();
        count += rows.len();
    }
    Ok((count, seconds))
}
