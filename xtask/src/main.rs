//! Developer commands, in Rust so that they run wherever the project does: `cargo xtask --help` lists them.

mod axe;
mod ci;
mod instructions;
mod new_room;
mod packages;
mod postgres;
mod schemathesis;
mod shell;
mod test;
mod trials;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Developer commands of Seatbook")]
struct Line {
    #[command(subcommand)]
    command: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Everything a change must pass: format, lints, documentation, tests, instructions, a short torture. `.ci/run` runs
    /// this.
    Ci,
    /// All tests on both database engines; installs what they need where it is missing: PostgreSQL, Chromium, npm, a
    /// mail server, poppler and qpdf.
    Test {
        /// Given on to the test runner, for example `-p store` or a part of a test's name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Takes the documentation's screenshots anew, in a real Chromium.
    Screenshots,
    /// Keeps a small book of this version, which every later one must bring up to date: for each release with new tables,
    /// before its tag.
    KeepRelease,
    /// A throwaway PostgreSQL until Ctrl-C, for running single tests by hand.
    Postgres,
    /// Kills the server, cuts it off, fills its disk and races for the last units, on both engines.
    Torture(trials::Torture),
    /// Measures the server beside the limits of this machine: drivers, pgbench, a bare answer of axum, the bare typesetter.
    Bench(trials::Bench),
    /// Counts the instructions of the commands that are asked most often, beside docs/instructions.md.
    Instructions,
    /// Writes docs/proof.md from what `torture` and `bench` printed with `--json`.
    Proof(trials::Proof),
    /// Writes a room's plaque, its drawers and its test file.
    NewRoom {
        /// A plural noun that customers use: `refunds`.
        name: String,
    },
}

fn main() -> ExitCode {
    let outcome = match Line::parse().command {
        Verb::Ci => ci::run(),
        Verb::Test { arguments } => test::run(&arguments),
        Verb::Screenshots => test::screenshots(),
        Verb::KeepRelease => test::keep_release(),
        Verb::Postgres => postgres::serve(),
        Verb::Torture(torture) => trials::torture(&torture),
        Verb::Bench(bench) => trials::bench(&bench),
        Verb::Instructions => instructions::run(),
        Verb::Proof(proof) => trials::proof(&proof),
        Verb::NewRoom { name } => new_room::run(&name),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
