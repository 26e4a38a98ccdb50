//! SQLite: a copy is a database file.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};

use super::{create_private, on_disk};
use crate::{Error, Migration, Reading, Result, Tx, migrate, sqlite, tx::Ledger};

/// Copies the database in one moment, beside the server that has it open: never the file as it lies there, half of
/// which may be in the log. The copy is on the disk when this returns.
pub fn copy_file(from: &Path, to: &Path) -> Result<()> {
    let name = to.to_str().ok_or_else(|| {
        let why = format!(
            "{} is no text, and SQLite writes to no other name",
            to.display()
        );
        Error::Unfit(why)
    })?;
    // It fills a file that is there, if that is empty.
    drop(create_private(to).map_err(on_disk)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags)?;
    connection.execute_batch("PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = OFF;")?;
    connection.execute("VACUUM INTO ?1", [name])?;
    // It leaves the file to the system, which may keep it in memory.
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(on_disk)
}

/// Whether a file is whole, as SQLite sees it: its pages and indexes, and every reference. `Err` says what is not.
pub fn is_sound(path: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    sound(&Connection::open_with_flags(path, flags)?)
}

fn sound(connection: &Connection) -> Result<()> {
    let mut said = Vec::new();
    connection.pragma_query(None, "integrity_check", |row| {
        said.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    if said != ["ok"] {
        return Err(Error::Unfit(said.join("; ")));
    }
    let mut astray = 0;
    connection.pragma_query(None, "foreign_key_check", |_| {
        astray += 1;
        Ok(())
    })?;
    match astray {
        0 => Ok(()),
        _ => Err(Error::Unfit(format!("{astray} rows refer to nothing"))),
    }
}

pub(super) fn is_vacant(path: &Path) -> Result<bool> {
    if fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        return Ok(true);
    }
    let count = "SELECT count(*) FROM sqlite_master";
    let found: i64 = sqlite::connect_reader(path)?.query_row(count, [], |row| row.get(0))?;
    Ok(found == 0)
}

/// Loads a copy to where no database is, brings its tables up to date and runs `last` on it. It grows under another
/// name: under its own it is there whole, with what `last` wrote, or not at all.
pub fn load_file(
    from: &mut dyn Read,
    to: &Path,
    migrations: &[Migration],
    last: impl Reading<Result<()>>,
) -> Result<()> {
    let _lock = sqlite::lock(to)?;
    if !is_vacant(to)? {
        let why = format!("{} holds a database already", to.display());
        return Err(Error::Unfit(why));
    }
    let growing = beside(to, ".restoring");
    forget(&growing)?;
    if let Err(error) = grow(from, &growing, migrations, last) {
        // What is no book takes nobody's room.
        let _ = forget(&growing);
        return Err(error);
    }
    // The log of a database that was here once is not one of this.
    forget(to)?;
    fs::rename(&growing, to).map_err(on_disk)?;
    let folder = to
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(on_disk)
}

fn grow(
    from: &mut dyn Read,
    growing: &Path,
    migrations: &[Migration],
    last: impl Reading<Result<()>>,
) -> Result<()> {
    let mut file = create_private(growing).map_err(on_disk)?;
    std::io::copy(from, &mut file).map_err(on_disk)?;
    drop(file);
    let mut connection = Connection::open(growing)?;
    connection.execute_batch(
        "PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;",
    )?;
    migrate::sqlite(&mut connection, migrations)?;
    let ledger = Ledger::default();
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let ran = sqlite::ready(last(Tx::sqlite(&mut connection, &ledger)))?;
    ledger.judge(ran)?;
    connection.execute_batch("COMMIT")?;
    sound(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    File::open(growing)
        .and_then(|file| file.sync_all())
        .map_err(on_disk)
}

/// Removes a file of no worth, with whatever belongs to it.
fn forget(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(on_disk(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
