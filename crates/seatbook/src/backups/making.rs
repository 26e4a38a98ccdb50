//! `seatbook backup`: a proven copy, made beside the running server.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use store::{
    BoxFuture, Db, Engine, Options, Timestamp,
    copies::{self, Snapshot},
};
use uuid::Uuid;

use super::{
    at,
    folders::Growing,
    manifest::{DataFile, Manifest, Printed, damaged, print_of, sync_folder},
    marks::HighWater,
    say,
};
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Kind, Result},
    schema::MIGRATIONS,
    verify::{self, Check},
};

/// The one file of a backup of SQLite.
pub(super) const BOOK: &str = "book.db";
/// Where those of PostgreSQL lie.
const TABLES: &str = "tables";

/// What `seatbook backup` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct BackupArgs {
    /// Where the book is: a file, or `postgres://user@host/database`. A running server is not disturbed.
    #[arg(long, env = "SEATBOOK_DATABASE", default_value = "seatbook.db")]
    pub database: String,
    /// The folder in which the backup gets a folder of its own, called by the time.
    #[arg(long, value_name = "FOLDER", required_unless_present = "high_water")]
    pub to: Option<PathBuf>,
    /// Writes how far the book is (last invoice numbers, journal, mails) into this file. Without `--to` that is all,
    /// and takes no time: do it every minute, onto another machine, and no number is ever given twice.
    #[arg(long, value_name = "FILE")]
    pub high_water: Option<PathBuf>,
    /// Prints the manifest instead of sentences.
    #[arg(long)]
    pub json: bool,
}

/// Makes a backup and proves it. `false` where the copy is whole, but the book in it breaks a law.
pub async fn back_up(args: &BackupArgs, out: &mut impl Write) -> Result<bool> {
    let made = match &args.to {
        Some(to) => Some(make(&args.database, to).await?),
        None => None,
    };
    if let Some(made) = &made {
        tell(args.json, made, out)?;
    }
    if let Some(path) = &args.high_water {
        match &made {
            Some(made) => made.manifest.high_water.keep(path)?,
            None => read_marks(&args.database).await?.keep(path)?,
        }
    }
    match made {
        Some(made) if made.manifest.verified => {
            let noted = record(&args.database, &made).await;
            noted.map_err(|error| untold(&made.folder, &error))?;
            Ok(true)
        }
        made => Ok(made.is_none()),
    }
}

/// A backup that is whole.
struct Made {
    manifest: Manifest,
    checks: Vec<Check>,
    folder: PathBuf,
    /// SHA-256 of the manifest.
    print: String,
}

async fn make(database: &str, to: &Path) -> Result<Made> {
    let growing = Growing::begin(to)?;
    let folder = growing.path();
    let engine = Options::new(database).engine();
    let now = SystemClock.now();
    let mut manifest = Manifest::begun(draw_id(now)?, engine, now);
    let seen = match engine {
        Engine::Sqlite => copy_file(database, folder, &mut manifest).await?,
        Engine::Postgres => copy_tables(database, folder, &mut manifest).await?,
    };
    manifest.tables = seen.tables;
    manifest.high_water = seen.marks;
    // What is proven is what lies there, not what was meant to be written.
    manifest.check(folder)?;
    manifest.verified = seen.checks.iter().all(|check| check.wrong == 0);
    manifest.ended_at = SystemClock.now();
    let print = manifest.write(folder)?;
    Ok(Made {
        manifest,
        checks: seen.checks,
        folder: growing.finish()?,
        print,
    })
}

/// What a copy was found to be.
struct Seen {
    checks: Vec<Check>,
    tables: BTreeMap<String, i64>,
    marks: HighWater,
}

async fn look(tx: &mut store::Tx<'_>) -> Result<Seen> {
    let mut tables = BTreeMap::new();
    for table in tx.tables().await? {
        let sql = format!("SELECT count(*) FROM {table}");
        let (rows,) = tx.query_one(&sql, &[]).await?;
        tables.insert(table, rows);
    }
    Ok(Seen {
        checks: verify::examine(tx).await?,
        tables,
        marks: HighWater::read(tx).await?,
    })
}

/// SQLite: one file, which is then opened by itself.
async fn copy_file(database: &str, folder: &Path, manifest: &mut Manifest) -> Result<Seen> {
    let path = folder.join(BOOK);
    copies::copy_file(Path::new(database), &path).map_err(unwritten(&path))?;
    copies::is_sound(&path).map_err(|error| damaged(&path, &format!("is not whole: {error}")))?;
    // A name that is no text was refused just now.
    let db = Db::open(&looking(&path.to_string_lossy()), MIGRATIONS).await?;
    let seen = db
        .read(|mut tx| -> BoxFuture<'_, Result<Seen>> {
            Box::pin(async move { look(&mut tx).await })
        })
        .await??;
    db.close().await;
    manifest.files.push(DataFile {
        name: BOOK.into(),
        bytes: fs::metadata(&path).map_err(at(&path))?.len(),
        sha256: print_of(&path).map_err(at(&path))?,
        table: None,
        columns: vec![],
    });
    sync_folder(folder)?;
    Ok(seen)
}

/// PostgreSQL: a file for each table, all of one moment, which is itself examined.
async fn copy_tables(database: &str, folder: &Path, manifest: &mut Manifest) -> Result<Seen> {
    let below = folder.join(TABLES);
    fs::create_dir(&below).map_err(at(&below))?;
    let snapshot = Snapshot::open(database, MIGRATIONS).await?;
    let seen = look(&mut snapshot.tx()).await?;
    for (table, rows) in &seen.tables {
        let name = format!("{TABLES}/{table}.copy");
        let path = folder.join(&name);
        let columns = snapshot.columns(table).await?;
        let mut file = Printed::create(&path)?;
        let written = snapshot.write((table, &columns), &mut file).await;
        let written = written.map_err(|error| file.fault().unwrap_or_else(|| error.into()))?;
        if written != *rows {
            let why = format!("has {written} rows, the table has {rows}");
            return Err(damaged(&path, &why));
        }
        let (bytes, sha256) = file.end().map_err(at(&path))?;
        manifest.files.push(DataFile {
            name,
            bytes,
            sha256,
            table: Some(table.clone()),
            columns,
        });
    }
    sync_folder(&below)?;
    sync_folder(folder)?;
    Ok(seen)
}

/// How a book is opened that is only looked at.
fn looking(database: &str) -> Options {
    Options {
        read_only: true,
        readers: 1,
        ..Options::new(database)
    }
}

async fn read_marks(database: &str) -> Result<HighWater> {
    let db = Db::open(&looking(database), MIGRATIONS).await?;
    db.read(|mut tx| -> BoxFuture<'_, Result<HighWater>> {
        Box::pin(async move { HighWater::read(&mut tx).await })
    })
    .await?
}

/// Writes into the book that it has a proven backup.
async fn record(database: &str, made: &Made) -> Result<()> {
    let manifest = &made.manifest;
    let (id, begun_at, ended_at) = (manifest.id, manifest.begun_at, manifest.ended_at);
    let bytes = i64::try_from(manifest.bytes()).map_err(Error::internal)?;
    let print = made.print.clone();
    let noted = copies::note(database, MIGRATIONS, move |mut tx| {
        Box::pin(async move {
            let sql = "INSERT INTO backup (id, begun_at, ended_at, bytes, manifest_sha256)
                VALUES ($1, $2, $3, $4, $5)";
            tx.execute(sql, &[&id, &begun_at, &ended_at, &bytes, &print])
                .await
        })
    });
    Ok(noted.await.map(drop)?)
}

fn untold(folder: &Path, error: &Error) -> Error {
    let message = format!(
        "The backup in {} is whole and proven, but the book could not be told of it ({error}).",
        folder.display()
    );
    Error::new(Kind::Unavailable, "backup.not_noted", message)
}

/// SQLite: the store speaks of the book's disk, where it is the file of the copy that could not be written.
pub(super) fn unwritten(path: &Path) -> impl Fn(store::Error) -> Error {
    move |error| match error {
        store::Error::Full(why) | store::Error::Unavailable(why) => {
            at(path)(std::io::Error::other(why))
        }
        other => other.into(),
    }
}

fn draw_id(now: Timestamp) -> Result<Uuid> {
    let mut random = [0; 10];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or_default();
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

fn tell(json: bool, made: &Made, out: &mut impl Write) -> Result<()> {
    let Made {
        manifest,
        checks,
        folder,
        ..
    } = made;
    if json {
        return say(out, &serde_json::to_string(manifest)?);
    }
    let rows: i64 = manifest.tables.values().sum();
    let what = format!(
        "Backed up to {}: {} tables, {rows} rows, {} bytes, the journal up to {}.",
        folder.display(),
        manifest.tables.len(),
        manifest.bytes(),
        manifest.high_water.journal_seq
    );
    say(out, &what)?;
    match manifest.verified {
        true => say(
            out,
            &format!("It is whole, and {} laws hold.", checks.len()),
        )?,
        false => {
            let off: Vec<Check> = checks.iter().filter(|it| it.wrong > 0).cloned().collect();
            verify::say(&off, false, out)?;
            say(
                out,
                "It is whole, but so is what is off in the book. It does not count as proven.",
            )?;
        }
    }
    let key = "The key that seals secrets (seatbook.key or SEATBOOK_KEY) is not in it: keep that elsewhere. \
        Without it, mails, codes and second factors of this backup cannot be opened.";
    say(out, key)
}
