//! Trials that try to make the server lose, double or tear what was written.

mod assign;
mod codes;
mod crossgrades;
mod cut;
mod disk;
mod files;
mod fsync;
mod import;
mod invoices;
mod jobs;
mod kill;
mod logins;
mod measure;
mod name;
mod race;
mod restores;
mod restart;
mod retries;
mod schemathesis;
mod slow;
mod street;
mod tree;

pub use name::Name;

use std::time::Instant;

use clap::{Args, ValueEnum};
use serde_json::Value;

use self::measure::Measure;
use crate::{
    Result, random,
    report::{self, Row},
    server::{Engine, Ground},
};

#[derive(Args)]
pub struct TortureArgs {
    /// Which trials; all unless said.
    names: Vec<Name>,
    /// How often, on each engine.
    #[arg(long)]
    rounds: Option<u64>,
    /// Makes the same choices again.
    #[arg(long)]
    seed: Option<u64>,
    /// The first round that is run: goes on with a run that was stopped.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Rows of the file of `import`.
    #[arg(long, default_value_t = 100_000)]
    rows: u64,
    /// Requests that `schemathesis` makes up for each operation.
    #[arg(long, default_value_t = 50)]
    examples: u64,
}

/// What one trial is told.
#[derive(Clone, Copy, Debug)]
pub struct Trial {
    pub engine: Engine,
    /// The first round and the last.
    pub from: u64,
    pub rounds: u64,
    pub seed: u64,
    pub rows: u64,
    pub examples: u64,
}

/// What one trial counted.
#[derive(Default)]
pub struct Tally {
    /// How often it tried.
    pub tried: u64,
    /// What was wrong, each with its place.
    pub wrong: Vec<String>,
    /// What else there is to know.
    pub figures: Vec<(&'static str, u64)>,
    /// Figures with the limits that they are to keep.
    pub measures: Vec<Measure>,
    /// Why it could not be tried on this machine.
    pub not_run: Option<String>,
}

impl Tally {
    /// Of a trial for which this machine lacks something.
    fn not_run(why: impl Into<String>) -> Tally {
        Tally {
            not_run: Some(why.into()),
            ..Tally::default()
        }
    }

    fn is_clean(&self) -> bool {
        self.wrong.is_empty() && self.measures.iter().all(Measure::holds)
    }
}

/// Runs the named trials on their engines; `false` where anything was wrong.
pub async fn run(ground: &Ground, args: &TortureArgs, json: bool) -> Result<bool> {
    let seed = args.seed.unwrap_or_else(random::fresh_seed);
    eprintln!("seed {seed}");
    let names = match args.names.as_slice() {
        [] => Name::value_variants(),
        names => names,
    };
    // All of them before the first is run: hours later it is too late to say so.
    for name in names {
        let (rounds, from) = (rounds_of(*name, args), args.from);
        if from == 0 || from > rounds {
            let name = name.as_str();
            return Err(format!(
                "{name} has rounds 1 to {rounds}, and none from {from} on"
            ));
        }
    }
    if json {
        report::print_machine(ground).await;
    }
    let (mut rows, mut measured) = (Vec::new(), Vec::new());
    let mut clean = true;
    for name in names {
        let rounds = rounds_of(*name, args);
        let trial = |engine| Trial {
            engine,
            from: args.from,
            rounds,
            seed,
            rows: args.rows,
            examples: args.examples,
        };
        // Both engines at once: a killed server leaves the machine to the other one's.
        let trials = name
            .engines()
            .iter()
            .map(|engine| one(ground, *name, trial(*engine)));
        for (trial, tally, seconds) in futures_util::future::try_join_all(trials).await? {
            clean &= tally.is_clean();
            let command = command(*name, trial);
            let own = tally.measures.iter();
            measured.extend(own.map(|it| it.row(name.as_str(), trial, command.clone())));
            rows.push(row(*name, trial, &tally, (seconds, command)));
        }
    }
    report::print(&rows, 5, json);
    report::print(&measured, 7, json);
    Ok(clean)
}

fn rounds_of(name: Name, args: &TortureArgs) -> u64 {
    args.rounds.unwrap_or(name.usual_rounds())
}

async fn one(ground: &Ground, name: Name, trial: Trial) -> Result<(Trial, Tally, f64)> {
    let begun = Instant::now();
    let tally = match name {
        Name::Race => race::run(ground, trial, 1).await,
        Name::Kill => kill::run(ground, trial).await,
        Name::Files => files::run(ground, trial).await,
        Name::Assign => assign::run(ground, trial).await,
        Name::Import => import::run(ground, trial).await,
        Name::Codes => codes::run(ground, trial).await,
        Name::Invoices => invoices::run(ground, trial).await,
        Name::Crossgrades => crossgrades::run(ground, trial).await,
        Name::Retries => retries::run(ground, trial).await,
        Name::Cut => cut::run(ground, trial).await,
        Name::Disk => disk::run(ground, trial).await,
        Name::Tree => tree::run(ground, trial).await,
        Name::Servers => race::run(ground, trial, SERVERS).await,
        Name::Jobs => jobs::run(ground, trial).await,
        Name::Fsync => fsync::run(ground, trial).await,
        Name::Restores => restores::run(ground, trial).await,
        Name::Slow => slow::run(ground, trial).await,
        Name::Logins => logins::run(ground, trial).await,
        Name::Schemathesis => schemathesis::run(ground, trial).await,
        Name::Restart => restart::run(ground, trial).await,
    };
    let place = format!("{} {}", name.as_str(), trial.engine.as_str());
    let tally = tally.map_err(|e| format!("{place}: {e}"))?;
    for wrong in &tally.wrong {
        eprintln!("WRONG {place}: {wrong}");
    }
    for broken in tally.measures.iter().filter(|it| !it.holds()) {
        eprintln!("WRONG {place}: {broken}");
    }
    if let Some(why) = &tally.not_run {
        eprintln!("NOT RUN {place}: {why}");
    }
    Ok((trial, tally, begun.elapsed().as_secs_f64()))
}

/// Servers that race on one PostgreSQL.
const SERVERS: usize = 3;

/// What runs this trial again, with these choices.
fn command(name: Name, trial: Trial) -> String {
    let rows = match name {
        Name::Import => format!(" --rows {}", trial.rows),
        Name::Schemathesis => format!(" --examples {}", trial.examples),
        _ => String::new(),
    };
    let release = if report::is_release() {
        " --release"
    } else {
        ""
    };
    let Trial {
        from, rounds, seed, ..
    } = trial;
    let from = match from {
        1 => String::new(),
        _ => format!(" --from {from}"),
    };
    let name = name.as_str();
    format!("cargo xtask torture {name} --rounds {rounds}{from}{rows} --seed {seed}{release}")
}

fn row(name: Name, trial: Trial, tally: &Tally, (seconds, command): (f64, String)) -> Row {
    let mut values: Vec<(&'static str, Value)> = vec![
        ("name", name.as_str().into()),
        ("engine", trial.engine.as_str().into()),
        ("tried", tally.tried.into()),
        ("wrong", tally.wrong.len().into()),
        ("seed", trial.seed.into()),
    ];
    let figures = tally.figures.iter();
    values.extend(figures.map(|(name, count)| (*name, (*count).into())));
    values.push(("seconds", ((seconds * 10.0).round() / 10.0).into()));
    match &tally.not_run {
        Some(why) => values.push(("not_run", why.as_str().into())),
        None => values.push(("holds", tally.is_clean().into())),
    }
    values.push(("command", command.into()));
    Row::new(values)
}
