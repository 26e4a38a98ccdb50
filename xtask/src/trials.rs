//! `cargo xtask torture`: the package `trials` on the real server, with everything it needs.
//!
//! The trials are a package of their own, so that `cargo xtask test` need not build them (docs/decisions/0010).

use std::{path::PathBuf, process::Command};

use clap::{Args, ValueEnum};

use crate::{
    packages,
    postgres::{Cluster, Durability},
    shell::{Result, built, cargo, on_interrupt, run, scratch},
};

/// What can be tortured.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Ordeal {
    /// 64 clients whose last bytes arrive at once want the last 50 units: API, grid, split, row.
    Race,
    /// `kill -9` in the middle of bursts of writes; then `verify`, and everything acknowledged is looked for.
    Kill,
}

/// What `cargo xtask torture` is told.
#[derive(Args)]
pub struct Torture {
    /// Which; all unless said.
    names: Vec<Ordeal>,
    /// How often, on each engine; 20 races and 300 kills unless said.
    #[arg(long)]
    rounds: Option<u64>,
    /// Makes the same choices again.
    #[arg(long)]
    seed: Option<u64>,
    /// One JSON object a line: name, engine, tried, wrong, seed.
    #[arg(long)]
    json: bool,
}

/// Tortures the server of the dev profile: its checks of arithmetic are on.
pub fn torture(torture: &Torture) -> Result<()> {
    let _interrupts = on_interrupt()?;
    packages::ensure()?;
    let cluster = Cluster::start(Durability::Full)?;
    build(&[])?;
    run(&mut ordeals(&cluster, torture))
}

/// What CI has time for; the installed programs are there already.
pub fn short_torture() -> Result<()> {
    let cluster = Cluster::start(Durability::Full)?;
    build(&[])?;
    for (name, rounds) in [(Ordeal::Race, 3), (Ordeal::Kill, 30)] {
        let torture = Torture {
            names: vec![name],
            rounds: Some(rounds),
            seed: None,
            json: false,
        };
        run(&mut ordeals(&cluster, &torture))?;
    }
    Ok(())
}

/// Server and trials together: built apart, they would build what both depend on twice.
fn build(profile: &[&str]) -> Result<()> {
    let packages = ["build", "--package", "seatbook", "--package", "trials"];
    run(cargo(&packages).args(profile))
}

fn ordeals(cluster: &Cluster, torture: &Torture) -> Command {
    let names = torture.names.iter().filter_map(Ordeal::to_possible_value);
    let mut command = trials("debug", cluster, "torture", torture.json);
    command.args(names.map(|name| name.get_name().to_owned()));
    for (flag, value) in [("--rounds", torture.rounds), ("--seed", torture.seed)] {
        if let Some(value) = value {
            command.args([flag, &value.to_string()]);
        }
    }
    command
}

/// The program of the trials, told where everything is.
fn trials(profile: &str, cluster: &Cluster, verb: &str, json: bool) -> Command {
    let mut command = Command::new(built(profile, "trials"));
    let server: PathBuf = built(profile, "seatbook");
    command.arg(verb).arg("--server").arg(server);
    command.args(["--postgres", &cluster.url()]);
    command.arg("--scratch").arg(scratch().join("trials"));
    if json {
        command.arg("--json");
    }
    command
}
