//! Bringing a database's tables up to date: numbered steps, forward only, one text for both engines.
//!
//! A step is written once, with type words in capitals that each engine reads in its own way:
//! `UUID`, `TIMESTAMP`, `DATE`, `JSON`, `BIGINT`, `BOOLEAN`, `TEXT`, `BYTES`; `EPOCH` is the instant 0. Tables are STRICT on SQLite. The line
//! `CREATE SEARCH noun_search;` makes what keyword search needs: a table `noun_search_text (id, text)`
//! to write to and a relation `noun_search (id, text)` whose `text LIKE $n` is indexed. The line
//! `FREEZE noun WHEN condition on old;` has the engine itself refuse to change or remove such rows.

use crate::{Error, Result, postgres::Session};

/// One numbered step.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Counts from 1 without gaps.
    pub number: i64,
    /// What it brings, for people.
    pub name: &'static str,
    /// Its text.
    pub sql: &'static str,
}

impl Migration {
    /// What tells its text from an edited one.
    pub fn checksum(&self) -> String {
        checksum(self)
    }
}

const TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";

pub(crate) fn sqlite(
    connection: &mut rusqlite::Connection,
    migrations: &[Migration],
) -> Result<()> {
    let tx = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(&for_sqlite(&format!("{TABLE};")))?;
    let applied = {
        let mut statement =
            tx.prepare("SELECT number, checksum FROM schema_migration ORDER BY number")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<std::result::Result<Vec<(i64, String)>, _>>()?
    };
    for migration in missing(&applied, migrations)? {
        tx.execute_batch(&for_sqlite(migration.sql))
            .map_err(|e| failed(migration, &e.to_string()))?;
        tx.execute(
            "INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)",
            rusqlite::params![migration.number, migration.name, checksum(migration)],
        )?;
    }
    Ok(tx.commit()?)
}

/// Whether the tables are exactly those this program knows.
pub(crate) fn check_sqlite(
    connection: &mut rusqlite::Connection,
    migrations: &[Migration],
) -> Result<()> {
    let mut statement =
        connection.prepare("SELECT number, checksum FROM schema_migration ORDER BY number")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    complete(
        &rows.collect::<std::result::Result<Vec<_>, _>>()?,
        migrations,
    )
}

/// Whether the tables are exactly those this program knows.
pub(crate) async fn check_postgres(session: &Session, migrations: &[Migration]) -> Result<()> {
    let sql = "SELECT number, checksum FROM schema_migration ORDER BY number";
    let rows = session.query(sql, vec![]).await?;
    let applied: Vec<(i64, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_>>()?;
    complete(&applied, migrations)
}

fn complete(applied: &[(i64, String)], migrations: &[Migration]) -> Result<()> {
    match missing(applied, migrations)? {
        [] => Ok(()),
        _ => Err(Error::Unfit(
            "it was written by an older Seatbook; start the server once".into(),
        )),
    }
}

pub(crate) async fn postgres(session: &Session, migrations: &[Migration]) -> Result<()> {
    // A step over a large table takes longer than a statement of the house may.
    session
        .batch("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 60000")
        .await?;
    // Two servers that start at once take turns; the lock is let go at the end of the transaction.
    session.batch("SELECT pg_advisory_xact_lock(7327)").await?;
    let done = postgres_steps(session, migrations).await;
    session
        .batch(if done.is_ok() { "COMMIT" } else { "ROLLBACK" })
        .await?;
    done
}

/// Takes the missing steps in the transaction that is open.
pub(crate) async fn postgres_steps(session: &Session, migrations: &[Migration]) -> Result<()> {
    session.batch(TABLE).await?;
    let rows = session
        .query(
            "SELECT number, checksum FROM schema_migration ORDER BY number",
            vec![],
        )
        .await?;
    let applied: Vec<(i64, String)> = rows
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_>>()?;
    for migration in missing(&applied, migrations)? {
        let done = session.batch(&for_postgres(migration.sql)).await;
        done.map_err(|e| failed(migration, &e.to_string()))?;
        let record = "INSERT INTO schema_migration (number, name, checksum) VALUES ($1, $2, $3)";
        session
            .execute(
                record,
                vec![&migration.number, &migration.name, &checksum(migration)],
            )
            .await?;
    }
    Ok(())
}

fn failed(migration: &Migration, why: &str) -> Error {
    Error::Unfit(format!(
        "migration {} ({}): {why}",
        migration.number, migration.name
    ))
}

/// The steps still to take, or why this program must not touch this database.
fn missing<'a>(applied: &[(i64, String)], known: &'a [Migration]) -> Result<&'a [Migration]> {
    if applied.len() > known.len() {
        let (newest, ours) = (applied.len(), known.len());
        return Err(Error::Unfit(format!(
            "it was written by a newer Seatbook (its tables are at step {newest}, this program knows {ours})"
        )));
    }
    for ((number, sum), migration) in applied.iter().zip(known) {
        if *number != migration.number || *sum != checksum(migration) {
            return Err(Error::Unfit(format!(
                "migration {} ({}) is not the one this database was made with",
                migration.number, migration.name
            )));
        }
    }
    Ok(&known[applied.len()..])
}

/// FNV-1a over the text: it tells an edited step from the original, it is not a defence.
fn checksum(migration: &Migration) -> String {
    let hash = migration
        .sql
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("{hash:016x}")
}

fn for_sqlite(sql: &str) -> String {
    let sql = each_freeze(sql, |name, when| {
        let refuse = format!("BEGIN SELECT RAISE(ABORT, '{name} is frozen'); END;");
        format!(
            "CREATE TRIGGER {name}_frozen_update BEFORE UPDATE ON {name} WHEN {when} {refuse}
            CREATE TRIGGER {name}_frozen_delete BEFORE DELETE ON {name} WHEN {when} {refuse}\n"
        )
    });
    let sql = each_search(&sql, |name| {
        format!(
            "CREATE TABLE {name}_text (n INTEGER PRIMARY KEY, id UUID NOT NULL UNIQUE, text TEXT NOT NULL);
            CREATE VIRTUAL TABLE {name} USING fts5(id UNINDEXED, text, content='{name}_text', content_rowid='n', tokenize='trigram');
            CREATE TRIGGER {name}_added AFTER INSERT ON {name}_text BEGIN
                INSERT INTO {name}(rowid, id, text) VALUES (new.n, new.id, new.text); END;
            CREATE TRIGGER {name}_removed AFTER DELETE ON {name}_text BEGIN
                INSERT INTO {name}({name}, rowid, id, text) VALUES ('delete', old.n, old.id, old.text); END;
            CREATE TRIGGER {name}_altered AFTER UPDATE ON {name}_text BEGIN
                INSERT INTO {name}({name}, rowid, id, text) VALUES ('delete', old.n, old.id, old.text);
                INSERT INTO {name}(rowid, id, text) VALUES (new.n, new.id, new.text); END;\n"
        )
    });
    let words = words(&sql, |word| match word {
        "UUID" | "BYTES" => Some("BLOB"),
        "TIMESTAMP" | "BIGINT" | "BOOLEAN" => Some("INTEGER"),
        "DATE" | "JSON" => Some("TEXT"),
        "EPOCH" => Some("0"),
        _ => None,
    });
    strict(&words)
}

fn for_postgres(sql: &str) -> String {
    let sql = each_freeze(sql, |name, when| {
        format!(
            "CREATE FUNCTION {name}_frozen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
              IF {when} THEN RAISE EXCEPTION '{name} is frozen'; END IF;
              IF TG_OP = 'DELETE' THEN RETURN old; END IF; RETURN new; END $$;
            CREATE TRIGGER {name}_frozen BEFORE UPDATE OR DELETE ON {name}
              FOR EACH ROW EXECUTE FUNCTION {name}_frozen();\n"
        )
    });
    let sql = each_search(&sql, |name| {
        format!(
            "CREATE EXTENSION IF NOT EXISTS pg_trgm;
            CREATE TABLE {name}_text (id UUID PRIMARY KEY, text TEXT NOT NULL);
            CREATE INDEX {name}_trigrams ON {name}_text USING gin (text gin_trgm_ops);
            CREATE VIEW {name} AS SELECT id, text FROM {name}_text;\n"
        )
    });
    words(&sql, |word| match word {
        "TIMESTAMP" => Some("timestamptz"),
        "JSON" => Some("jsonb"),
        "BYTES" => Some("bytea"),
        "EPOCH" => Some("'epoch'"),
        _ => None,
    })
}

/// Replaces each `CREATE SEARCH name;` line.
fn each_search(sql: &str, make: impl Fn(&str) -> String) -> String {
    sql.lines()
        .map(|line| {
            match line
                .strip_prefix("CREATE SEARCH ")
                .and_then(|rest| rest.strip_suffix(';'))
            {
                Some(name) => make(name),
                None => format!("{line}\n"),
            }
        })
        .collect()
}

/// Replaces each `FREEZE name WHEN condition;` line.
fn each_freeze(sql: &str, make: impl Fn(&str, &str) -> String) -> String {
    let made = |line: &str| {
        let rest = line.strip_prefix("FREEZE ")?.strip_suffix(';')?;
        let (name, when) = rest.split_once(" WHEN ")?;
        Some(make(name, when))
    };
    let lines = sql.lines();
    lines
        .map(|line| made(line).unwrap_or_else(|| format!("{line}\n")))
        .collect()
}

/// Replaces whole words outside comments and quotes.
fn words(sql: &str, replace: impl Fn(&str) -> Option<&'static str>) -> String {
    let mut out = String::with_capacity(sql.len());
    for line in sql.lines() {
        let code = line.find("--").map_or(line, |at| &line[..at]);
        let mut quoted = false;
        for piece in code.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            match replace(word).filter(|_| !quoted) {
                Some(mapped) => {
                    out += mapped;
                    out += &piece[word.len()..];
                }
                None => out += piece,
            }
            quoted ^= piece.ends_with('\'');
        }
        out.push('\n');
    }
    out
}

/// Ends every table of our own in STRICT.
fn strict(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 256);
    let mut in_table = false;
    for line in sql.lines() {
        in_table |= line.starts_with("CREATE TABLE");
        if in_table && line.trim_end().ends_with(");") {
            out += line.trim_end().trim_end_matches(';');
            out += " STRICT;\n";
            in_table = false;
        } else {
            out += line;
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: &str = "-- A UUID in a comment stays.\nCREATE TABLE t (\n  id UUID PRIMARY KEY,\n  at TIMESTAMP NOT NULL,\n  word TEXT DEFAULT 'DATE'\n);\n";

    #[test]
    fn type_words_are_mapped_outside_comments_and_quotes() {
        assert_eq!(
            for_sqlite(STEP),
            "\nCREATE TABLE t (\n  id BLOB PRIMARY KEY,\n  at INTEGER NOT NULL,\n  word TEXT DEFAULT 'DATE'\n) STRICT;\n"
        );
        assert!(for_postgres(STEP).contains("at timestamptz NOT NULL"));
    }

    #[test]
    fn a_database_from_the_future_is_refused() {
        let known = [Migration {
            number: 1,
            name: "first",
            sql: "",
        }];
        let applied = [(1, checksum(&known[0])), (2, "x".to_owned())];
        assert!(
            matches!(missing(&applied, &known), Err(Error::Unfit(why)) if why.contains("newer"))
        );
    }

    #[test]
    fn an_edited_step_is_refused() {
        let known = [Migration {
            number: 1,
            name: "first",
            sql: "CREATE TABLE t (a TEXT);",
        }];
        assert!(missing(&[(1, "0".to_owned())], &known).is_err());
    }
}
