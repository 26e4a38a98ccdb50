//! Ours beside the limit, in the same run on the same machine: a figure alone says nothing.
//!
//! The client, the server and the database share the machine, for ours as for the limits.

mod answers;
mod bare_http;
mod bare_postgres;
mod bare_sqlite;
mod check;
mod export;
mod fill;
mod import;
mod list;
mod load;
mod overview;
mod pgbench;
mod rows;
mod script;
mod writes;

pub use bare_http::serve as serve_bare;

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde_json::Value;

use self::writes::Spread;
use crate::{
    Result,
    report::{self, Row},
    server::{Engine, Ground},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Name {
    Axum,
    Issue,
    Allocate,
    Assign,
    #[value(name = "assign_hot")]
    AssignHot,
    Check,
    List,
    Overview,
    Import,
    Export,
}

#[derive(Args)]
pub struct BenchArgs {
    /// Which benches; all unless said.
    names: Vec<Name>,
    /// How long each figure is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Licenses in the book of `list`, ascending; the last of them in that of `export`.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    sizes: Vec<u64>,
    /// Organizations in the book of `overview`, ascending, each with a hundred assignments.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 10_000])]
    organizations: Vec<u64>,
    /// The folder of `pgbench`.
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// Connections at once.
pub const CLIENTS: usize = 64;

/// What a bench is told.
pub struct Task<'a> {
    pub ground: &'a Ground,
    pub engine: Engine,
    pub time: Duration,
    pub sizes: &'a [u64],
    pub organizations: &'a [u64],
    pub pgbench: Option<PathBuf>,
}

/// One line of the report.
pub struct Figure {
    pub name: &'static str,
    pub ours: f64,
    pub limit: f64,
    pub unit: &'static str,
    /// What else there is to know.
    pub rest: Vec<(&'static str, Value)>,
}

/// Runs the named benches on both engines.
pub async fn run(ground: &Ground, args: &BenchArgs, json: bool) -> Result<()> {
    let names = match args.names.as_slice() {
        [] => Name::value_variants(),
        names => names,
    };
    let pgbench = args.programs.as_ref().map(|folder| folder.join("pgbench"));
    let pgbench = pgbench.filter(|program| program.is_file());
    if pgbench.is_none() {
        eprintln!("pgbench is not here: PostgreSQL's limit is the drivers' alone");
    }
    if json {
        report::print_machine(ground).await;
    }
    let mut rows = Vec::new();
    for name in names {
        let command = command(*name, args);
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let task = Task {
                ground,
                engine,
                time: Duration::from_secs(args.seconds),
                sizes: &args.sizes,
                organizations: &args.organizations,
                pgbench: pgbench.clone(),
            };
            eprintln!("{name:?} on {}", engine.as_str());
            let figures = match name {
                Name::Axum => answers::run(&task).await,
                Name::Issue => writes::issue(&task).await,
                Name::Allocate => writes::allocate(&task).await,
                Name::Assign => writes::assign(&task, Spread::Pools).await,
                Name::AssignHot => writes::assign(&task, Spread::Nothing).await,
                Name::Check => check::run(&task).await,
                Name::List => list::run(&task).await,
                Name::Overview => overview::run(&task).await,
                Name::Import => import::run(&task).await,
                Name::Export => export::run(&task).await,
            };
            let figures = figures.map_err(|e| format!("{name:?} on {}: {e}", engine.as_str()))?;
            for figure in figures {
                eprintln!(
                    "  {} {:.1} of {:.1} {}",
                    figure.name, figure.ours, figure.limit, figure.unit
                );
                rows.push(row(engine, figure, &command));
            }
        }
    }
    report::print(&rows, 6, json);
    Ok(())
}

/// What measures this again.
fn command(name: Name, args: &BenchArgs) -> String {
    let word = name.to_possible_value();
    let word = word.as_ref().map_or("", |value| value.get_name());
    let listed = |numbers: &[u64]| {
        let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
        words.join(",")
    };
    let size = match name {
        Name::List | Name::Export => format!("--sizes {}", listed(&args.sizes)),
        Name::Overview => format!("--organizations {}", listed(&args.organizations)),
        _ => format!("--seconds {}", args.seconds),
    };
    format!("cargo xtask bench {word} {size}")
}

fn row(engine: Engine, figure: Figure, command: &str) -> Row {
    let rounded = |value: f64| Value::from((value * 1000.0).round() / 1000.0);
    let mut values = vec![
        ("name", figure.name.into()),
        ("engine", engine.as_str().into()),
        ("ours", rounded(figure.ours)),
        ("limit", rounded(figure.limit)),
        ("ratio", rounded(figure.ours / figure.limit)),
        ("unit", figure.unit.into()),
    ];
    values.extend(figure.rest);
    values.push(("command", command.into()));
    Row::new(values)
}
