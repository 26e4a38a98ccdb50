//! PostgreSQL: a copy is a text of each table, as COPY tells it and takes it. No tool of the server is needed.

use std::{
    io::{Cursor, Read, Write},
    pin::pin,
};

use futures_util::{SinkExt, StreamExt};

use super::{PATIENT, on_disk};
use crate::{
    Error, Migration, Reading, Result, Tx, migrate,
    postgres::{Connector, Session},
    tx::Ledger,
};

/// What is sent at once: more than enough for the way not to matter.
const PORTION: usize = 256 * 1024;
/// Looks at who else has the database open, a tenth of a second apart: whoever has just gone is seen for a moment more.
const LOOKS: usize = 50;

/// One moment of a database, for as long as it is looked at.
pub struct Snapshot {
    session: Session,
    ledger: Ledger,
}

impl Snapshot {
    /// From now on, everything is as it is at this moment. The tables must be those that this program knows.
    pub async fn open(database: &str, migrations: &[Migration]) -> Result<Snapshot> {
        let session = Connector::new(database)?.connect().await?.patient();
        session.batch(PATIENT).await?;
        let tables = tables(&session).await?;
        session
            .batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?;
        // Before the moment is taken: a table that a newer program alters afterwards is seen without its old rows.
        // That program waits until this is over.
        if !tables.is_empty() {
            let tables: Vec<String> = tables.iter().map(|name| quoted(name)).collect();
            let lock = format!("LOCK TABLE {} IN ACCESS SHARE MODE", tables.join(", "));
            session.batch(&lock).await?;
        }
        migrate::check_postgres(&session, migrations).await?;
        let ledger = Ledger::default();
        Ok(Snapshot { session, ledger })
    }

    /// Reads in this moment.
    pub fn tx(&self) -> Tx<'_> {
        Tx::postgres(&self.session, &self.ledger)
    }

    /// The columns of a table, in its own order.
    pub async fn columns(&self, table: &str) -> Result<Vec<String>> {
        let sql = "SELECT CAST(a.attname AS TEXT) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relname = CAST($1 AS TEXT) AND a.attnum > 0
              AND NOT a.attisdropped
            ORDER BY a.attnum";
        let rows = self.session.query(sql, vec![&table]).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Writes the rows of a table, portion by portion, and says how many they are: one a line.
    pub async fn write(
        &self,
        (table, columns): (&str, &[String]),
        out: &mut (dyn Write + Send),
    ) -> Result<i64> {
        let sql = format!("COPY {} TO STDOUT", named(table, columns));
        let mut portions = pin!(self.session.copy_out(&sql).await?);
        let mut rows = 0;
        while let Some(portion) = portions.next().await {
            let portion = portion?;
            rows += portion.iter().filter(|byte| **byte == b'\n').count();
            out.write_all(&portion).map_err(on_disk)?;
        }
        Ok(rows as i64)
    }
}

/// An empty database that is being filled, in one transaction: afterwards it has everything, or nothing.
pub struct Loading {
    session: Session,
    references: Vec<(String, String, String)>,
}

impl Loading {
    /// Makes the tables as they were when the copy was made: by the steps that its database had taken.
    pub async fn begin(database: &str, taken: &[Migration]) -> Result<Loading> {
        let session = Connector::new(database)?.connect().await?.patient();
        session.batch(PATIENT).await?;
        refuse_company(&session).await?;
        session
            .batch("BEGIN; SELECT pg_advisory_xact_lock(7327)")
            .await?;
        if !is_vacant(&session).await? {
            let why = "there are tables in this database already";
            return Err(Error::Unfit(why.into()));
        }
        migrate::postgres_steps(&session, taken).await?;
        // Rows come table by table, so what they refer to may come later.
        let references = references(&session).await?;
        for (table, name, _) in &references {
            let sql = format!("ALTER TABLE {table} DROP CONSTRAINT {name}");
            session.batch(&sql).await?;
        }
        // What the steps wrote into the tables is in the copy, as it became.
        for table in tables(&session).await? {
            session
                .batch(&format!("TRUNCATE {}", quoted(&table)))
                .await?;
        }
        Ok(Loading {
            session,
            references,
        })
    }

    /// Takes the rows of a table, as [`Snapshot::write`] wrote them.
    pub async fn read(
        &self,
        (table, columns): (&str, &[String]),
        from: &mut (dyn Read + Send),
    ) -> Result<()> {
        let sql = format!("COPY {} FROM STDIN", named(table, columns));
        let mut sink = pin!(self.session.copy_in(&sql).await?);
        loop {
            let mut portion = vec![0; PORTION];
            let length = from.read(&mut portion).map_err(on_disk)?;
            if length == 0 {
                break;
            }
            portion.truncate(length);
            sink.send(Cursor::new(portion)).await?;
        }
        sink.finish().await?;
        Ok(())
    }

    /// Proves every reference, takes the steps that are missing, runs `last`, and keeps it all.
    pub async fn end(self, migrations: &[Migration], last: impl Reading<Result<()>>) -> Result<()> {
        let session = &self.session;
        for (table, name, says) in &self.references {
            let sql = format!("ALTER TABLE {table} ADD CONSTRAINT {name} {says}");
            session.batch(&sql).await?;
        }
        migrate::postgres_steps(session, migrations).await?;
        let ledger = Ledger::default();
        let ran = last(Tx::postgres(session, &ledger)).await;
        ledger.judge(ran)?;
        session.batch("COMMIT").await?;
        // Nothing is planned well on tables that nobody has looked at. The book is there all the same.
        let _ = session.batch("ANALYZE").await;
        Ok(())
    }
}

/// A server that kept its connections while its database was made anew would take what is loaded for its own book.
async fn refuse_company(session: &Session) -> Result<()> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
        AND application_name = current_setting('application_name') AND pid <> pg_backend_pid()";
    for _ in 0..LOOKS {
        let rows = session.query(sql, vec![]).await?;
        if rows.first().is_some_and(|row| row.get::<_, i64>(0) == 0) {
            return Ok(());
        }
        session.batch("SELECT pg_sleep(0.1)").await?;
    }
    let why = "a Seatbook server has this database open; stop it first";
    Err(Error::Unfit(why.into()))
}

pub(super) async fn is_vacant(session: &Session) -> Result<bool> {
    Ok(tables(session).await?.is_empty())
}

async fn tables(session: &Session) -> Result<Vec<String>> {
    let rows = session.query(crate::tx::POSTGRES_TABLES, vec![]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Every reference between tables: its table, its name, and what it says.
async fn references(session: &Session) -> Result<Vec<(String, String, String)>> {
    let sql = "SELECT CAST(CAST(c.conrelid AS regclass) AS TEXT), CAST(c.conname AS TEXT), pg_get_constraintdef(c.oid)
        FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
        WHERE n.nspname = current_schema() AND c.contype = 'f' ORDER BY c.oid";
    let rows = session.query(sql, vec![]).await?;
    let read = |row: &tokio_postgres::Row| {
        let name: String = row.try_get(1)?;
        Ok((row.try_get(0)?, quoted(&name), row.try_get(2)?))
    };
    rows.iter().map(read).collect()
}

fn named(table: &str, columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
    format!("{} ({})", quoted(table), columns.join(", "))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
