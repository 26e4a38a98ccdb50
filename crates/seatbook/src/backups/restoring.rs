//! `seatbook restore`: a backup becomes a book again, in quarantine.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use store::{
    BoxFuture, Engine, Options, Tx,
    copies::{self, Loading},
};

use super::{
    making::{BOOK, unwritten},
    manifest::{MANIFEST, Manifest, Proving, damaged},
    say,
};
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
    quarantine::{self, Quarantine},
    schema::MIGRATIONS,
    verify::{self, Proof, head},
};

/// What `seatbook restore` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct RestoreArgs {
    /// The folder of one backup: the one with `manifest.json`.
    pub folder: PathBuf,
    /// Where the book will be: a file that is not there, or `postgres://user@host/database`, a database without tables.
    #[arg(long)]
    pub database: String,
    /// Proves the restored book as `seatbook verify` does.
    #[arg(long)]
    pub verify: bool,
}

/// Restores a backup into an empty place. `false` where the restored book breaks a law.
pub async fn restore(args: &RestoreArgs, out: &mut impl Write) -> Result<bool> {
    let manifest = Manifest::open(&args.folder)?;
    let engine = Options::new(&args.database).engine();
    manifest.fits(engine)?;
    if !copies::is_vacant(&args.database).await? {
        let message = "There is a book at that place already, or a database with tables. Name a file that is not \
            there, or an empty database.";
        return Err(Error::conflict("restore.occupied", message));
    }
    manifest.check(&args.folder)?;
    let quarantine = Quarantine {
        since: SystemClock.now(),
        backup_id: manifest.id,
        backup_at: manifest.begun_at,
        high_water: serde_json::to_value(manifest.high_water.brief())?,
    };
    match engine {
        Engine::Sqlite => load_file(args, &manifest, quarantine)?,
        Engine::Postgres => load_tables(args, &manifest, quarantine).await?,
    }
    let rows: i64 = manifest.tables.values().sum();
    let what = format!(
        "Restored the backup of {}: every file is as it was written, {rows} rows, the journal up to {}.",
        manifest.begun_at, manifest.high_water.journal_seq
    );
    say(out, &what)?;
    let clean = match args.verify {
        true => prove(args, out).await?,
        false => true,
    };
    let next = "The book is in quarantine: it can be read, and nothing else happens in it. Start a server with the key \
        of this book and look; then stop it and run `seatbook resume` (docs/backups.md).";
    say(out, next)?;
    Ok(clean)
}

/// Its laws, and its journal by the heads of the backup.
async fn prove(args: &RestoreArgs, out: &mut impl Write) -> Result<bool> {
    let kept = head::File::read(&args.folder.join(MANIFEST))?;
    let proofs = vec![Proof::Laws, Proof::Journal(Some(kept))];
    let checks = verify::prove(&args.database, proofs).await?;
    verify::say(&checks, false, out)
}

fn load_file(args: &RestoreArgs, manifest: &Manifest, quarantine: Quarantine) -> Result<()> {
    let [file] = manifest.files.as_slice() else {
        return Err(damaged(&args.folder, "does not consist of one file"));
    };
    if file.name != BOOK {
        return Err(damaged(&args.folder, "does not hold a book"));
    }
    let (mut from, to) = (
        Proving::open(&args.folder, file)?,
        Path::new(&args.database),
    );
    let loaded = copies::load_file(&mut from, to, MIGRATIONS, enclose(quarantine));
    loaded.map_err(|error| from.fault().unwrap_or_else(|| unwritten(to)(error)))
}

async fn load_tables(
    args: &RestoreArgs,
    manifest: &Manifest,
    quarantine: Quarantine,
) -> Result<()> {
    let taken = usize::try_from(manifest.schema.number).map_err(Error::internal)?;
    let loading = Loading::begin(&args.database, &MIGRATIONS[..taken]).await?;
    for data in &manifest.files {
        let path = args.folder.join(&data.name);
        let table = data
            .table
            .as_deref()
            .ok_or_else(|| damaged(&path, "is the file of no table"))?;
        let mut file = Proving::open(&args.folder, data)?;
        let loaded = loading.read((table, &data.columns), &mut file).await;
        loaded.map_err(|error| file.fault().unwrap_or_else(|| error.into()))?;
    }
    Ok(loading.end(MIGRATIONS, enclose(quarantine)).await?)
}

/// The last that is done to a book that is loaded, with everything before it or not at all.
fn enclose(
    quarantine: Quarantine,
) -> impl for<'a> FnOnce(Tx<'a>) -> BoxFuture<'a, store::Result<()>> + Send + 'static {
    move |mut tx| Box::pin(async move { quarantine::begin(&mut tx, &quarantine).await })
}
