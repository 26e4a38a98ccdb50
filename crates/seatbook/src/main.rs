//! The command line of Seatbook.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use seatbook::{config::Settings, serve};
use tracing_subscriber::EnvFilter;

/// License management: who bought how many units of what, who passed them on, and who uses them.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Starts the server. The first start makes the book and prints a one-time link to set it up.
    Serve(Settings),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Verb::Serve(settings) = cli.command;
    let filter = EnvFilter::try_from_env("SEATBOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if settings.log_json {
        lines.json().init()
    } else {
        lines.init()
    }
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the runtime could not be started");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(serve::serve(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "Seatbook stopped");
            ExitCode::FAILURE
        }
    }
}
