//! Trials: Seatbook tried hard (`torture`) and measured (`bench`), from outside, as the process that customers run.
//!
//! Owns: the trials, and what they count. Does not own: building the server and the throwaway PostgreSQL, which
//! `cargo xtask torture` and `cargo xtask bench` bring. Knows nothing of the house but its doors.
//! Keeps true: what is wrong is printed with where it is, and nothing wrong ends with success.
//! Read first: docs/decisions/0010, on why this is a package and may have drivers.

mod bench;
mod book;
mod person;
mod phones;
mod process;
mod proof;
mod proxy;
mod random;
mod report;
mod server;
mod torture;
mod wire;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use crate::{bench::BenchArgs, proof::ProofArgs, server::Ground, torture::TortureArgs};

/// What went wrong, as a sentence for the person at the terminal.
pub type Result<T> = std::result::Result<T, String>;

#[derive(Parser)]
#[command(about = "What `cargo xtask torture` and `cargo xtask bench` run")]
struct Line {
    #[command(subcommand)]
    command: Verb,
    #[command(flatten)]
    ground: GroundArgs,
}

#[derive(Subcommand)]
enum Verb {
    /// Tries to make the server lose, double or tear what was written.
    Torture(TortureArgs),
    /// Measures the server beside the limits of this machine.
    Bench(BenchArgs),
    /// Writes the page of figures from what the other two have printed with `--json`.
    Proof(ProofArgs),
    /// Answers and does nothing else, or looks up in a PostgreSQL what it answers: what `bench axum` and
    /// `bench check` measure the server beside.
    #[command(hide = true)]
    Answer {
        listen: SocketAddr,
        database: Option<String>,
    },
}

/// What there is to work with.
#[derive(Args)]
struct GroundArgs {
    /// The server's program.
    #[arg(long, global = true, default_value = "target/debug/seatbook")]
    server: PathBuf,
    /// A PostgreSQL where databases may be made.
    #[arg(
        long,
        global = true,
        default_value = "postgres://postgres@127.0.0.1/postgres"
    )]
    postgres: String,
    /// A folder for books and logs; on a real disk, or durability costs nothing here.
    #[arg(long, global = true, default_value = "target/xtask/trials")]
    scratch: PathBuf,
    /// The program of schemathesis, where there is one.
    #[arg(long, global = true)]
    schemathesis: Option<PathBuf>,
    /// One JSON object a line instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    let outcome = tokio::select! {
        outcome = run(line) => outcome,
        () = told_to_stop() => Err("interrupted".into()),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("trials: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(line: Line) -> Result<bool> {
    let given = line.ground;
    if let Verb::Answer { listen, database } = line.command {
        let answered = bench::serve_bare(listen, database.as_deref()).await;
        return answered.map(|()| true);
    }
    if let Verb::Proof(args) = &line.command {
        return proof::write(args).map(|()| true);
    }
    // A run before this one may have been killed and have left its books.
    match std::fs::remove_dir_all(&given.scratch) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let place = given.scratch.display();
            return Err(format!(
                "{place}: {error}; a disk that was left mounted in it is taken away by umount"
            ));
        }
        _ => {}
    }
    let made = std::fs::create_dir_all(&given.scratch);
    made.map_err(|e| format!("{}: {e}", given.scratch.display()))?;
    let absolute = |path: PathBuf| {
        let found = path.canonicalize();
        found.map_err(|e| format!("{}: {e}", path.display()))
    };
    let ground = Ground {
        server: absolute(given.server)?,
        postgres: given.postgres,
        scratch: absolute(given.scratch)?,
        schemathesis: given.schemathesis,
    };
    let done = match line.command {
        Verb::Torture(args) => torture::run(&ground, &args, given.json).await?,
        Verb::Bench(args) => bench::run(&ground, &args, given.json)
            .await
            .map(|()| true)?,
        Verb::Proof(_) | Verb::Answer { .. } => true,
    };
    if done {
        let _ = std::fs::remove_dir_all(&ground.scratch);
    } else {
        eprintln!("Books and logs are kept in {}.", ground.scratch.display());
    }
    Ok(done)
}

/// Then the servers are killed with us, as everything that holds one is dropped.
async fn told_to_stop() {
    match (
        signal(SignalKind::terminate()),
        signal(SignalKind::interrupt()),
    ) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        }
        _ => std::future::pending().await,
    }
}
