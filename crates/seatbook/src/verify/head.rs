//! Where the chains of the journal end, as a file to be kept elsewhere.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{BoxFuture, Db, Timestamp};
use uuid::Uuid;

use crate::{
    chain::queries::{self, Head},
    clock::{Clock, SystemClock},
    error::{Error, Result},
    secrets::hex,
};

const FORMAT: &str = "seatbook-journal-head-1";

/// What `seatbook journal head` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct HeadArgs {
    /// Where the book is: a file, or `postgres://user@host/database`. A running server is not disturbed.
    #[arg(long, env = "SEATBOOK_DATABASE", default_value = "seatbook.db")]
    pub database: String,
    /// The file to write; standard output where there is none.
    #[arg(long)]
    pub to: Option<PathBuf>,
}

/// The file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    format: String,
    /// When it was written.
    at: Timestamp,
    /// Every entry up to this number is in it.
    pub seq: i64,
    /// SHA-256 over all heads, to be read out or printed.
    hash: String,
    /// Where each chain ended.
    pub chains: Vec<Line>,
}

/// Where one chain ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The chain; the nil id for entries of no organization.
    pub organization_id: Uuid,
    /// The number of its last entry.
    pub seq: i64,
    /// The hash of its last link.
    pub hash: String,
}

impl File {
    /// Of these heads.
    pub fn of(seq: i64, heads: &[Head], at: Timestamp) -> File {
        let line = |head: &Head| Line {
            organization_id: head.organization_id,
            seq: head.seq,
            hash: hex(&head.hash),
        };
        let chains: Vec<Line> = heads.iter().map(line).collect();
        File {
            format: FORMAT.into(),
            at,
            seq,
            hash: all(&chains),
            chains,
        }
    }

    /// Reads one that was written earlier: by itself, among the marks of a backup, or in its manifest.
    pub fn read(path: &Path) -> Result<File> {
        let wrong = |what: String| Error::internal(format!("{}: {what}", path.display()));
        let text = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let mut found: Value =
            serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        for around in ["high_water", "journal_head"] {
            if let Some(within) = found.get_mut(around) {
                found = within.take();
            }
        }
        let file: File = serde_json::from_value(found).map_err(|error| wrong(error.to_string()))?;
        if file.format != FORMAT || file.hash != all(&file.chains) {
            return Err(wrong("it is not as `journal head` wrote it".into()));
        }
        Ok(file)
    }
}

/// One hash over all heads, in the order in which they stand.
fn all(chains: &[Line]) -> String {
    let mut hasher = Sha256::new();
    for line in chains {
        hasher.update(format!(
            "{} {} {}\n",
            line.organization_id, line.seq, line.hash
        ));
    }
    let hash: [u8; 32] = hasher.finalize().into();
    hex(&hash)
}

/// Writes the file, beside a running server too.
pub async fn tell(args: &HeadArgs, out: &mut impl Write) -> Result<()> {
    let options = store::Options {
        read_only: true,
        readers: 1,
        ..store::Options::new(&args.database)
    };
    let db = Db::open(&options, crate::schema::MIGRATIONS).await?;
    let file = now(&db).await?;
    let text = serde_json::to_string_pretty(&file)? + "\n";
    match &args.to {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| Error::internal(format!("{}: {error}", path.display()))),
        None => out.write_all(text.as_bytes()).map_err(Error::internal),
    }
}

/// Where the chains end now.
pub async fn now(db: &Db) -> Result<File> {
    let read = db.read(|mut tx| -> BoxFuture<'_, Result<File>> {
        Box::pin(async move {
            let place = queries::place(&mut tx).await?;
            let heads = queries::heads(&mut tx).await?;
            Ok(File::of(place.seq, &heads, SystemClock.now()))
        })
    });
    read.await?
}
