//! Trials that try to make the server lose, double or tear what was written.

mod assign;
mod codes;
mod crossgrades;
mod files;
mod import;
mod invoices;
mod kill;
mod race;

use std::time::Instant;

use clap::{Args, ValueEnum};

use crate::{
    Result, random,
    report::{self, Row},
    server::{Engine, Ground},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    Race,
    Kill,
    Files,
    Assign,
    Import,
    Codes,
    Invoices,
    Crossgrades,
}

impl Name {
    fn as_str(self) -> &'static str {
        match self {
            Name::Race => "race",
            Name::Kill => "kill",
            Name::Files => "files",
            Name::Assign => "assign",
            Name::Import => "import",
            Name::Codes => "codes",
            Name::Invoices => "invoices",
            Name::Crossgrades => "crossgrades",
        }
    }

    /// What an evening allows. CI asks for fewer.
    fn usual_rounds(self) -> u64 {
        match self {
            Name::Race => 20,
            Name::Kill => 300,
            Name::Files => 5,
            Name::Assign => 100,
            Name::Import => 2,
            Name::Codes => 1_000,
            Name::Invoices => 20,
            Name::Crossgrades => 100,
        }
    }
}

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
}

/// Runs the named trials on both engines; `false` where anything was wrong.
pub async fn run(ground: &Ground, args: &TortureArgs, json: bool) -> Result<bool> {
    let seed = args.seed.unwrap_or_else(random::fresh_seed);
    eprintln!("seed {seed}");
    let names = match args.names.as_slice() {
        [] => Name::value_variants(),
        names => names,
    };
    let mut rows = Vec::new();
    let mut clean = true;
    for name in names {
        let rounds = args.rounds.unwrap_or(name.usual_rounds());
        let trial = |engine| Trial {
            engine,
            from: args.from,
            rounds,
            seed,
            rows: args.rows,
        };
        // Both engines at once: a killed server leaves the machine to the other one's.
        let (sqlite, postgres) = tokio::try_join!(
            one(ground, *name, trial(Engine::Sqlite)),
            one(ground, *name, trial(Engine::Postgres))
        )?;
        for (trial, tally, seconds) in [sqlite, postgres] {
            clean &= tally.wrong.is_empty();
            rows.push(row(*name, trial, &tally, seconds));
        }
    }
    report::print(&rows, 5, json);
    Ok(clean)
}

async fn one(ground: &Ground, name: Name, trial: Trial) -> Result<(Trial, Tally, f64)> {
    let begun = Instant::now();
    let tally = match name {
        Name::Race => race::run(ground, trial).await,
        Name::Kill => kill::run(ground, trial).await,
        Name::Files => files::run(ground, trial).await,
        Name::Assign => assign::run(ground, trial).await,
        Name::Import => import::run(ground, trial).await,
        Name::Codes => codes::run(ground, trial).await,
        Name::Invoices => invoices::run(ground, trial).await,
        Name::Crossgrades => crossgrades::run(ground, trial).await,
    };
    let place = format!("{} {}", name.as_str(), trial.engine.as_str());
    let tally = tally.map_err(|e| format!("{place}: {e}"))?;
    for wrong in &tally.wrong {
        eprintln!("WRONG {place}: {wrong}");
    }
    Ok((trial, tally, begun.elapsed().as_secs_f64()))
}

fn row(name: Name, trial: Trial, tally: &Tally, seconds: f64) -> Row {
    let mut values = vec![
        ("name", name.as_str().into()),
        ("engine", trial.engine.as_str().into()),
        ("tried", tally.tried.into()),
        ("wrong", tally.wrong.len().into()),
        ("seed", trial.seed.into()),
    ];
    let figures = tally.figures.iter();
    values.extend(figures.map(|(name, count)| (*name, (*count).into())));
    values.push(("seconds", ((seconds * 10.0).round() / 10.0).into()));
    Row::new(values)
}
