//! `cargo xtask torture` and `cargo xtask bench`: the package `trials` on the real server, with what it needs.
//!
//! The trials are a package of their own, so that `cargo xtask test` need not build them (docs/decisions/0010).

use std::{path::PathBuf, process::Command};

use clap::{Args, ValueEnum};

use crate::{
    packages,
    postgres::{self, Cluster, Durability},
    schemathesis,
    shell::{Result, built, cargo, on_interrupt, on_path, root, run, scratch},
};

/// What `cargo xtask torture` is told.
#[derive(Args)]
pub struct Torture {
    /// Which; all unless said. docs/proof.md says what each proves.
    names: Vec<Ordeal>,
    /// How often, on each engine; 20 races, 300 kills, 5 times all files, 2 long files, 1,000 codes, 20 times 50 invoices,
    /// 100 times a thousand crossgrades and assignments, 100 times 1,000 retried requests, 10 times each bad weather, 50
    /// full disks, 100 times 1,000 operations in the tree, 20 races of servers, 10 queues of jobs, 100 backups restored, 3
    /// crowds of slow connections and of wrong passwords, 10 restarts of every server unless said.
    #[arg(long)]
    rounds: Option<u64>,
    /// Rows of the file of `import`; 100,000 unless said.
    #[arg(long)]
    rows: Option<u64>,
    /// Requests that `schemathesis` makes up for each operation; 50 unless said.
    #[arg(long)]
    examples: Option<u64>,
    /// Makes the same choices again.
    #[arg(long)]
    seed: Option<u64>,
    /// Goes on with a run that was stopped: its seed, and the first round that is to be run.
    #[arg(long, requires = "seed")]
    from: Option<u64>,
    /// The server as it is shipped, without the checks of arithmetic: what figures are taken of.
    #[arg(long)]
    release: bool,
    /// One JSON object a line: name, engine, tried, wrong, seed, whether it holds, the command; and the same of each
    /// figure that has a limit.
    #[arg(long)]
    json: bool,
}

/// What the server can be put to: the names that the package `trials` knows, so that another one is refused before
/// anything is installed, started or built.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Ordeal {
    Race,
    Kill,
    Files,
    Assign,
    Import,
    Codes,
    Invoices,
    Crossgrades,
    Retries,
    Cut,
    Disk,
    Tree,
    Servers,
    Jobs,
    Fsync,
    Restores,
    Slow,
    Logins,
    Restart,
    Schemathesis,
}

/// What `cargo xtask proof` is told.
#[derive(Args)]
pub struct Proof {
    /// Files with what `--json` printed.
    #[arg(long, num_args = 0..)]
    from: Vec<PathBuf>,
}

/// What can be measured.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Measure {
    /// The cheapest answer to somebody recognised, beside a bare answer of axum.
    Axum,
    /// Issuing at 64 connections, beside the same statements by the drivers and by pgbench.
    Issue,
    /// Passing one unit on, each connection on a pool of its own, then all on one.
    Allocate,
    /// Binding one unit of a named pool, each connection from a pool of its own.
    Assign,
    /// The same, all from one pool.
    #[value(name = "assign_hot")]
    AssignHot,
    /// SQLite: the same with 1,000 connections, beside 64.
    #[value(name = "assign_many")]
    AssignMany,
    /// PostgreSQL: the same by two servers on one database, beside one alone.
    #[value(name = "assign_servers")]
    AssignServers,
    /// The check that products ask, beside a bare answer, on PostgreSQL with the driver's lookup behind it.
    Check,
    /// The license list with few and with many licenses, for who sees all, one of 100 or one of 100,000 of them.
    List,
    /// The server's start on the book of `list`, what it holds of memory at rest, and for each open connection.
    Start,
    /// The first page, and the lists beside it, with what few and what very many organizations have.
    Overview,
    /// A file of 100,000 rows, beside bare inserts of the rows it makes; and how long others wait meanwhile.
    Import,
    /// 1,000 invoices as PDF with their XML, beside the same pages by the typesetter alone; and what memory they take.
    Pdf,
    /// A list of very many licenses as a workbook, beside the bare writer; and how long others wait meanwhile.
    Export,
}

/// What `cargo xtask bench` is told.
#[derive(Args)]
pub struct Bench {
    /// Which; all unless said.
    names: Vec<Measure>,
    /// How long each rate is measured; 5 unless said.
    #[arg(long)]
    seconds: Option<u64>,
    /// Licenses in the book of `list`, ascending; 1000,1000000,10000000 unless said. `start` takes the first and the last
    /// of them, and ten million take about 15 GB on disk.
    #[arg(long)]
    sizes: Option<String>,
    /// Who looks, in `list` and `overview`: operator,partner,customer unless said.
    #[arg(long)]
    scopes: Option<String>,
    /// Organizations in the book of `overview`, ascending, each with a hundred assignments; 1000,10000 unless said.
    #[arg(long)]
    organizations: Option<String>,
    /// One JSON object a line: name, engine, ours, limit, ratio, unit; where ours is held to a goal, bound, goal and holds.
    #[arg(long)]
    json: bool,
}

/// Measures the server as it is shipped, beside the limits of the same machine in the same run.
pub fn bench(bench: &Bench) -> Result<()> {
    let _interrupts = on_interrupt()?;
    let everything = bench.names.is_empty();
    // Pages are no matter of the server: they are measured by the crate that makes them.
    if everything || bench.names.contains(&Measure::Pdf) {
        pages(bench.json)?;
    }
    let mut chosen = bench.names.clone();
    chosen.retain(|name| *name != Measure::Pdf);
    if everything || !chosen.is_empty() {
        server(bench, &chosen)?;
    }
    Ok(())
}

/// What is measured, always named as a whole: another choice of packages gives the typesetter's dependencies other
/// features, and then it is built once more, which is by far the longest part of it all.
const MEASURED: [&str; 6] = [
    "--package",
    "seatbook",
    "--package",
    "trials",
    "--package",
    "documents",
];

/// Asking for a bench lets the features of test dependencies in; so it is asked for where only the server is needed.
const PAGES: [&str; 2] = ["--bench", "pdf"];

fn pages(json: bool) -> Result<()> {
    let mut command = cargo(&["bench", "--quiet"]);
    command.args(MEASURED).args(PAGES);
    if json {
        command.args(["--", "--json"]);
    }
    run(&mut command)
}

fn server(bench: &Bench, chosen: &[Measure]) -> Result<()> {
    packages::ensure()?;
    let cluster = Cluster::start(Durability::Full)?;
    build(&[&["--release", "--bins"][..], &MEASURED, &PAGES].concat())?;
    eprintln!("profile release; client, server and database share this machine");
    let mut command = trials("release", &cluster, "bench", bench.json);
    command.args(names(chosen));
    if let Some(seconds) = bench.seconds {
        command.args(["--seconds", &seconds.to_string()]);
    }
    if let Some(sizes) = &bench.sizes {
        command.args(["--sizes", sizes]);
    }
    if let Some(scopes) = &bench.scopes {
        command.args(["--scopes", scopes]);
    }
    if let Some(organizations) = &bench.organizations {
        command.args(["--organizations", organizations]);
    }
    // A server's folder may hold its programs without this one, which then stands on the path.
    let has_pgbench = |folder: &PathBuf| folder.join("pgbench").is_file();
    let on_path = on_path("pgbench").and_then(|file| file.parent().map(PathBuf::from));
    let programs = postgres::programs().filter(has_pgbench).or(on_path);
    if let Some(programs) = programs {
        command.arg("--programs").arg(programs);
    }
    run(&mut command)
}

/// Tortures the server of the dev profile, whose checks of arithmetic are on, unless it is told otherwise.
pub fn torture(torture: &Torture) -> Result<()> {
    let _interrupts = on_interrupt()?;
    packages::ensure()?;
    let made_up = made_up(&torture.names)?;
    let cluster = Cluster::start(Durability::Full)?;
    match torture.release {
        true => build(&[&["--release", "--bins"][..], &MEASURED].concat())?,
        false => build(&["--package", "seatbook", "--package", "trials"])?,
    }
    let mut command = ordeals(&cluster, torture);
    if let Some(program) = made_up {
        command.arg("--schemathesis").arg(program);
    }
    run(&mut command)
}

/// The program that makes requests up, where a trial needs it. Whoever asks for all trials has the others without it: the
/// one says that it was not run.
fn made_up(names: &[Ordeal]) -> Result<Option<PathBuf>> {
    if names.contains(&Ordeal::Schemathesis) {
        return schemathesis::ensure().map(Some);
    }
    if !names.is_empty() {
        return Ok(None);
    }
    let ensured = schemathesis::ensure();
    if let Err(why) = &ensured {
        eprintln!("schemathesis cannot be installed, and its trial is not run: {why}");
    }
    Ok(ensured.ok())
}

/// Writes the page of figures.
pub fn proof(proof: &Proof) -> Result<()> {
    build(&["--package", "seatbook", "--package", "trials"])?;
    let mut command = Command::new(built("debug", "trials"));
    command.arg("proof").arg("--to");
    command.arg(root().join("docs").join("proof.md"));
    if !proof.from.is_empty() {
        command.arg("--from").args(&proof.from);
    }
    run(&mut command)
}

/// Rows of a long file where time is short: some steps, and time to be killed in.
const SHORT_ROWS: u64 = 5_000;

/// What CI has time for; the installed programs are there already.
pub fn short_torture() -> Result<()> {
    let cluster = Cluster::start(Durability::Full)?;
    // What the step before has built: without the tests, half of the dependencies have fewer features, and they
    // and the house would be built once more.
    build(&["--workspace", "--bins", "--tests"])?;
    // Not `jobs`: a killed worker's lease alone lasts half a minute. The tests of jobs have its rules. Not `schemathesis`:
    // a few requests for each operation take longer than all the others. Not `slow`, `logins` and `restart`, which hold
    // waits to limits: a machine that does other things besides has others.
    for (name, rounds) in [
        (Ordeal::Race, 3),
        (Ordeal::Kill, 30),
        (Ordeal::Files, 1),
        (Ordeal::Assign, 3),
        (Ordeal::Import, 1),
        (Ordeal::Codes, 20),
        (Ordeal::Invoices, 1),
        (Ordeal::Crossgrades, 3),
        (Ordeal::Retries, 1),
        (Ordeal::Cut, 1),
        (Ordeal::Disk, 1),
        (Ordeal::Tree, 1),
        (Ordeal::Servers, 1),
        (Ordeal::Fsync, 1),
        (Ordeal::Restores, 1),
    ] {
        let torture = Torture {
            names: vec![name],
            rounds: Some(rounds),
            rows: Some(SHORT_ROWS),
            examples: None,
            seed: None,
            from: None,
            release: false,
            json: false,
        };
        run(&mut ordeals(&cluster, &torture))?;
    }
    Ok(())
}

/// Server and trials together, so that what both depend on is built once.
fn build(what: &[&str]) -> Result<()> {
    run(cargo(&["build"]).args(what))
}

fn ordeals(cluster: &Cluster, torture: &Torture) -> Command {
    let profile = if torture.release { "release" } else { "debug" };
    let mut command = trials(profile, cluster, "torture", torture.json);
    command.args(names(&torture.names));
    let numbers = [
        ("--rounds", torture.rounds),
        ("--rows", torture.rows),
        ("--examples", torture.examples),
        ("--seed", torture.seed),
        ("--from", torture.from),
    ];
    for (flag, value) in numbers {
        if let Some(value) = value {
            command.args([flag, &value.to_string()]);
        }
    }
    command
}

fn names<N: ValueEnum>(chosen: &[N]) -> Vec<String> {
    let values = chosen.iter().filter_map(ValueEnum::to_possible_value);
    values.map(|value| value.get_name().to_owned()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: &str = include_str!("../../docs/proof.md");

    /// The page is held to the package's own names by a test there.
    #[test]
    fn every_trial_of_the_page_can_be_asked_for() {
        let tried = PROOF
            .split("\n## ")
            .find(|it| it.starts_with("What is tried"));
        let rows = tried
            .expect("the trials")
            .lines()
            .filter(|line| line.starts_with("| "));
        let told: Vec<&str> = rows
            .skip(1)
            .filter_map(|row| row.split(' ').nth(1))
            .collect();
        // A test with figures, which `cargo xtask test` runs.
        let told: Vec<&str> = told.into_iter().filter(|it| *it != "strangers").collect();
        assert_eq!(names(Ordeal::value_variants()), told);
    }
}
