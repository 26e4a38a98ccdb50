//! Verify: proves the book from its own records.
//!
//! Owns: the checks, how they are told, and the heads of the journal's chains as a file. Does not own: mending; what is off is for people to judge.
//! Keeps true: it only reads, and reads one snapshot; a finding names the row and both values.
//! Others may use: [`prove`], [`examine`] in an open snapshot, [`say`], [`head`].

mod chain;
mod checks;
mod figures;
pub mod head;
mod replay;

use serde::Serialize;
use store::{BoxFuture, Db, Engine, Options, Tx, copies::Snapshot};

use crate::{error::Result, schema::MIGRATIONS};

/// Findings shown of one check; more are counted.
const SHOWN: usize = 20;

/// What one check found.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What must hold, as a sentence.
    pub holds: &'static str,
    /// How many rows it looked at, where that is known.
    pub rows: i64,
    /// What is off, at most twenty.
    pub findings: Vec<String>,
    /// How many are off in all.
    pub wrong: usize,
}

impl Check {
    fn new(holds: &'static str, rows: i64, mut findings: Vec<String>) -> Check {
        let wrong = findings.len();
        findings.truncate(SHOWN);
        Check {
            holds,
            rows,
            findings,
            wrong,
        }
    }
}

/// What is proven of a book.
#[derive(Clone, Debug)]
pub enum Proof {
    /// Its laws.
    Laws,
    /// Its journal by its chains, and by heads that were kept elsewhere.
    Journal(Option<head::File>),
}

/// Proves a book in one snapshot, beside a running server too. On PostgreSQL it is read in a session that may take its
/// time: a large book has statements that take longer than one of the house may.
pub async fn prove(database: &str, proofs: Vec<Proof>) -> Result<Vec<Check>> {
    let options = Options {
        read_only: true,
        readers: 1,
        ..Options::new(database)
    };
    match options.engine() {
        Engine::Sqlite => {
            let db = Db::open(&options, MIGRATIONS).await?;
            let read = db.read(move |mut tx| -> BoxFuture<'_, Result<Vec<Check>>> {
                Box::pin(async move { look(&mut tx, proofs).await })
            });
            let checks = read.await?;
            db.close().await;
            checks
        }
        Engine::Postgres => {
            let snapshot = Snapshot::open(database, MIGRATIONS).await?;
            look(&mut snapshot.tx(), proofs).await
        }
    }
}

async fn look(tx: &mut Tx<'_>, proofs: Vec<Proof>) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for proof in proofs {
        checks.extend(match proof {
            Proof::Laws => examine(tx).await?,
            Proof::Journal(kept) => chain::prove(tx, kept).await?,
        });
    }
    Ok(checks)
}

/// Runs every check in a snapshot that is open.
pub async fn examine(tx: &mut Tx<'_>) -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for law in checks::LAWS.iter().chain(figures::LAWS) {
        checks.push(law.look(tx).await?);
    }
    checks.push(replay::pools(tx).await?);
    checks.push(replay::versions(tx).await?);
    Ok(checks)
}

/// What `seatbook verify` is told.
#[derive(clap::Args, Clone, Debug)]
pub struct VerifyArgs {
    /// Where the book is: a file, or `postgres://user@host/database`. A running server is not disturbed.
    #[arg(long, env = "SEATBOOK_DATABASE", default_value = "seatbook.db")]
    pub database: String,
    /// Proves the journal instead: every entry against its link in the chain of its organization.
    #[arg(long)]
    pub journal: bool,
    /// A file that `journal head` wrote earlier: the chains must still lead through what it says.
    #[arg(long, requires = "journal")]
    pub head: Option<std::path::PathBuf>,
    /// One JSON object a line instead of sentences.
    #[arg(long)]
    pub json: bool,
}

/// Verifies and tells, on the given output. `false` where anything is off.
pub async fn tell(args: &VerifyArgs, out: &mut impl std::io::Write) -> Result<bool> {
    let proof = match args.journal {
        true => Proof::Journal(args.head.as_deref().map(head::File::read).transpose()?),
        false => Proof::Laws,
    };
    let checks = prove(&args.database, vec![proof]).await?;
    say(&checks, args.json, out)
}

/// Tells what was found. `false` where anything is off.
pub fn say(checks: &[Check], json: bool, out: &mut impl std::io::Write) -> Result<bool> {
    for check in checks {
        let told = if json {
            writeln!(out, "{}", serde_json::to_string(check)?)
        } else {
            let mark = if check.wrong == 0 { "ok " } else { "OFF" };
            writeln!(out, "{mark}  {} ({} rows)", check.holds, check.rows).and_then(|()| {
                check
                    .findings
                    .iter()
                    .try_for_each(|finding| writeln!(out, "       {finding}"))
            })
        };
        told.map_err(crate::error::Error::internal)?;
    }
    Ok(checks.iter().all(|check| check.wrong == 0))
}
