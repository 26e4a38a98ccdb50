//! A transaction (or a read snapshot) of either engine, as the code above sees it.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use rusqlite::params_from_iter;
use tokio_postgres::types::ToSql;

use crate::{
    Error, FromRow, Param, Result, Row, postgres::Session, select::inserts, value::Source,
    watch::Touch,
};

const SQLITE_TABLES: &str = "SELECT name FROM pragma_table_list
    WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
pub(crate) const POSTGRES_TABLES: &str = "SELECT CAST(tablename AS TEXT) FROM pg_tables
    WHERE schemaname = current_schema() ORDER BY 1";

/// One open transaction. Statements are the same text for both engines, with `$1`, `$2` … for values.
///
/// Its ledger remembers the first statement that failed: from then on nothing in it can be kept,
/// whatever the caller makes of the error.
pub struct Tx<'c> {
    engine: Inner<'c>,
    ledger: &'c Ledger,
    deadline: Option<Instant>,
    touch: Option<&'c Touch>,
}

/// What the engine must know of a run after it: whether it wrote, and whether a statement failed.
#[derive(Default)]
pub(crate) struct Ledger {
    written: AtomicU64,
    failure: OnceLock<Error>,
}

impl Ledger {
    pub(crate) fn wrote(&self) -> bool {
        self.written.load(Ordering::Relaxed) > 0
    }

    /// What the statements said comes before what the command made of it.
    pub(crate) fn judge<T>(self, ran: Result<T>) -> Result<T> {
        self.failure.into_inner().map_or(ran, Err)
    }
}

enum Inner<'c> {
    Sqlite(&'c mut rusqlite::Connection),
    Postgres(&'c Session),
}

impl<'c> Tx<'c> {
    pub(crate) fn sqlite(connection: &'c mut rusqlite::Connection, ledger: &'c Ledger) -> Self {
        Tx {
            engine: Inner::Sqlite(connection),
            ledger,
            deadline: None,
            touch: None,
        }
    }

    pub(crate) fn postgres(session: &'c Session, ledger: &'c Ledger) -> Self {
        Tx {
            engine: Inner::Postgres(session),
            ledger,
            deadline: None,
            touch: None,
        }
    }

    pub(crate) fn until(mut self, deadline: Option<Instant>) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn seen_by(mut self, touch: &'c Touch) -> Self {
        self.touch = Some(touch);
        self
    }

    /// Rows this work has written so far. A refusal before the first is free.
    pub fn written(&self) -> u64 {
        self.ledger.written.load(Ordering::Relaxed)
    }

    fn wrote(&self, rows: u64) {
        self.ledger.written.fetch_add(rows, Ordering::Relaxed);
    }

    /// Runs a statement and says how many rows it touched.
    pub async fn execute(&mut self, sql: &str, params: &[&dyn Param]) -> Result<u64> {
        let done = self.try_execute(sql, params).await;
        let rows = self.remember(done)?;
        self.wrote(rows);
        Ok(rows)
    }

    /// Runs several statements that do not need each other's answers; on PostgreSQL they travel
    /// together. Says how many rows each touched.
    pub async fn execute_all(&mut self, statements: &[(&str, &[&dyn Param])]) -> Result<Vec<u64>> {
        let done = match &self.engine {
            Inner::Postgres(session) => {
                check_time(self.deadline)?;
                statements.iter().for_each(|(sql, _)| self.begin(sql));
                // Known before they are sent: one that had to be prepared would be overtaken by those behind it.
                for (sql, _) in statements {
                    let known = session.prepare(sql).await;
                    self.remember(known)?;
                }
                let each = statements
                    .iter()
                    .map(|(sql, params)| session.execute(sql, postgres_params(params)));
                futures_util::future::join_all(each)
                    .await
                    .into_iter()
                    .collect()
            }
            Inner::Sqlite(_) => {
                let mut rows = Vec::with_capacity(statements.len());
                for (sql, params) in statements {
                    rows.push(self.execute(sql, params).await?);
                }
                return Ok(rows);
            }
        };
        let rows: Vec<u64> = self.remember(done)?;
        self.wrote(rows.iter().sum());
        Ok(rows)
    }

    /// Writes many rows: `{head} VALUES (…), … {tail}`, with so many values each. Says how many were written.
    pub async fn insert(
        &mut self,
        text: (&str, &str),
        width: usize,
        params: &[&dyn Param],
    ) -> Result<u64> {
        let statements = inserts(text, width, params);
        let statements: Vec<(&str, &[&dyn Param])> = statements
            .iter()
            .map(|(sql, params)| (sql.as_str(), *params))
            .collect();
        Ok(self.execute_all(&statements).await?.iter().sum())
    }

    /// Runs a statement and reads every row of its answer. Rows given back by anything but a SELECT
    /// count as written.
    pub async fn query<T: FromRow>(&mut self, sql: &str, params: &[&dyn Param]) -> Result<Vec<T>> {
        let done = self.try_query(sql, params).await;
        let rows = self.remember(done)?;
        if !sql.trim_start().starts_with("SELECT") {
            self.wrote(rows.len() as u64);
        }
        Ok(rows)
    }

    /// The first row of an answer, if there is one.
    pub async fn query_opt<T: FromRow>(
        &mut self,
        sql: &str,
        params: &[&dyn Param],
    ) -> Result<Option<T>> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// The one row of an answer that always has one, such as a count.
    pub async fn query_one<T: FromRow>(&mut self, sql: &str, params: &[&dyn Param]) -> Result<T> {
        self.query_opt(sql, params)
            .await?
            .ok_or_else(|| Error::Value("no row where one must be".into()))
    }

    /// The names of all tables of the database, but for those that an engine keeps for itself.
    pub async fn tables(&mut self) -> Result<Vec<String>> {
        let sql = match &self.engine {
            Inner::Sqlite(_) => SQLITE_TABLES,
            Inner::Postgres(_) => POSTGRES_TABLES,
        };
        let rows: Vec<(String,)> = self.query(sql, &[]).await?;
        Ok(rows.into_iter().map(|(name,)| name).collect())
    }

    /// Before a statement is sent: whatever becomes of it, it may stand.
    fn begin(&self, sql: &str) {
        if let Some(touch) = self.touch {
            touch.see(sql);
        }
    }

    fn remember<T>(&self, done: Result<T>) -> Result<T> {
        if let Err(error) = &done {
            // Only the first counts: on PostgreSQL those after it fail because of it.
            let _ = self.ledger.failure.set(error.clone());
        }
        done
    }

    async fn try_execute(&mut self, sql: &str, params: &[&dyn Param]) -> Result<u64> {
        check_time(self.deadline)?;
        self.begin(sql);
        match &mut self.engine {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&numbered(sql))?;
                Ok(statement.execute(params_from_iter(sqlite_params(params)))? as u64)
            }
            Inner::Postgres(session) => session.execute(sql, postgres_params(params)).await,
        }
    }

    async fn try_query<T: FromRow>(&mut self, sql: &str, params: &[&dyn Param]) -> Result<Vec<T>> {
        check_time(self.deadline)?;
        self.begin(sql);
        match &mut self.engine {
            Inner::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(&numbered(sql))?;
                let mut rows = statement.query(params_from_iter(sqlite_params(params)))?;
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    out.push(T::from_row(&Row::of(Source::Sqlite(row)))?);
                }
                Ok(out)
            }
            Inner::Postgres(session) => {
                let read = |row: &_| T::from_row(&Row::of(Source::Postgres(row)));
                session.read(sql, postgres_params(params), read).await
            }
        }
    }
}

fn check_time(deadline: Option<Instant>) -> Result<()> {
    match deadline {
        Some(deadline) if Instant::now() > deadline => Err(Error::TooSlow),
        _ => Ok(()),
    }
}

/// SQLite numbers `$2` by where it first stands, `?2` by its number.
fn numbered(sql: &str) -> String {
    let mut pieces = sql.split('$');
    let mut out = String::with_capacity(sql.len());
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let place = piece.starts_with(|c: char| c.is_ascii_digit());
        out.push(if place { '?' } else { '$' });
        out.push_str(piece);
    }
    out
}

fn sqlite_params<'a>(params: &'a [&'a dyn Param]) -> impl Iterator<Item = &'a dyn rusqlite::ToSql> {
    params.iter().map(|param| *param as &dyn rusqlite::ToSql)
}

fn postgres_params<'a>(params: &[&'a dyn Param]) -> Vec<&'a (dyn ToSql + Sync)> {
    params
        .iter()
        .map(|param| *param as &(dyn ToSql + Sync))
        .collect()
}
