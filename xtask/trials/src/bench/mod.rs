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
mod loading;
mod overview;
mod pgbench;
mod rows;
mod scopes;
mod script;
mod servers;
mod start;
mod writes;

pub use bare_http::serve as serve_bare;

use std::{cell::RefCell, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use serde_json::Value;

use self::{scopes::Scope, writes::Spread};
use crate::{
    Result,
    book::Book,
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
    #[value(name = "assign_many")]
    AssignMany,
    #[value(name = "assign_servers")]
    AssignServers,
    Check,
    List,
    Start,
    Overview,
    Import,
    Export,
}

impl Name {
    /// What is measured, and what ours is held to, for the page of figures.
    pub fn measures(self) -> &'static str {
        match self {
            Name::Axum => {
                "The cheapest answer to somebody recognised, beside a bare answer of axum."
            }
            Name::Issue => {
                "Licenses issued at 64 connections, beside the same statements by the drivers and by pgbench."
            }
            Name::Allocate => {
                "Units passed on at 64 connections, each from a pool of its own, then all from one."
            }
            Name::Assign => {
                "Units bound at 64 connections, each from a pool of its own, beside the same statements by the driver, and \
                 by pgbench."
            }
            Name::AssignHot => "The same, all from one pool.",
            Name::AssignMany => {
                "SQLite: units bound at 1,000 connections, at least as many a second as at 64."
            }
            Name::AssignServers => {
                "PostgreSQL: units bound by two servers on one database, at least 0.85 of what one does alone."
            }
            Name::Check => {
                "The check that products ask, beside a bare answer, on PostgreSQL with the driver's lookup behind it."
            }
            Name::List => {
                "The list of licenses for an operator who sees all, a partner who sees one of 100 and a customer who sees \
                 one of 100,000, 60 at least: 95 of 100 answers from the largest book within twice the time of the \
                 smallest, for each page and order, and for each search up to a million licenses."
            }
            Name::Start => {
                "From the start of the program to the first 200 of `/readyz`, on the largest book of `list`: 200 ms, 95 of \
                 100 starts, each after a `kill -9`. What it holds of memory when it has come to rest: 60 MiB; for each \
                 million licenses more: 1 MiB; for each open connection, beside a bare axum."
            }
            Name::Overview => {
                "The first page and the lists of organizations, holders and assignments for an operator who sees all, a \
                 partner who sees one of 100 organizations, 60 at least, and a customer with one license and 100 \
                 assignments: 95 of 100 answers from the largest book within twice the time of the smallest."
            }
            Name::Import => {
                "A file of 100,000 rows, beside bare inserts of the rows it makes, and how long others wait meanwhile."
            }
            Name::Export => {
                "A list of very many licenses as a workbook, beside the bare writer, and how long others wait meanwhile."
            }
        }
    }
}

#[derive(Args)]
pub struct BenchArgs {
    /// Which benches; all unless said.
    names: Vec<Name>,
    /// How long each figure is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Licenses in the book of `list`, ascending; the first and the last of them in those of `start`, the last that a
    /// workbook holds in that of `export`.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 1_000_000, 10_000_000])]
    sizes: Vec<u64>,
    /// Who looks, in `list` and `overview`: all unless said.
    #[arg(long, value_delimiter = ',')]
    scopes: Vec<Scope>,
    /// Organizations in the book of `overview`, ascending, each with a hundred assignments.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000])]
    organizations: Vec<u64>,
    /// The folder of `pgbench`.
    #[arg(long)]
    programs: Option<PathBuf>,
}

/// Connections at once.
pub const CLIENTS: usize = 64;
/// As many licenses as one workbook holds, and as are searched.
pub const MILLION: u64 = 1_000_000;

/// What a bench is told.
pub struct Task<'a> {
    pub ground: &'a Ground,
    pub engine: Engine,
    pub time: Duration,
    pub sizes: &'a [u64],
    pub scopes: &'a [Scope],
    pub organizations: &'a [u64],
    pub pgbench: Option<PathBuf>,
    pub shelf: &'a Shelf,
}

/// The largest book that one bench has filled, closed, for the next one on the same engine: filling it takes longer than
/// all that is asked of it.
#[derive(Default)]
pub struct Shelf(RefCell<Option<(u64, Book)>>);

impl Shelf {
    pub fn put(&self, size: u64, book: Book) {
        *self.0.borrow_mut() = Some((size, book));
    }

    /// The book of this size, if it stands there.
    pub fn take(&self, size: u64) -> Option<Book> {
        let mut held = self.0.borrow_mut();
        let found = held.take_if(|(found, _)| *found == size);
        found.map(|(_, book)| book)
    }

    async fn clear(&self) -> Result<()> {
        let held = self.0.borrow_mut().take();
        match held {
            Some((_, book)) => book.remove().await,
            None => Ok(()),
        }
    }
}

/// What the p95 on the largest book may be of that on the smallest.
const ACROSS: f64 = 2.0;

/// One line of the report.
pub struct Figure {
    pub name: &'static str,
    pub ours: f64,
    pub limit: f64,
    pub unit: &'static str,
    /// What else there is to know.
    pub rest: Vec<(&'static str, Value)>,
}

impl Figure {
    /// A case on the largest of several books beside the smallest, by its p95: `times` has p50 and p95 of each.
    fn across(
        name: &'static str,
        (case, scope, what): (&'static str, Scope, &str),
        sizes: &[u64],
        times: &[Vec<f64>],
    ) -> Option<Figure> {
        let (ours, limit) = (times.last()?[1], times.first()?[1]);
        let (who, smallest) = (scope.as_str(), sizes.first()?);
        let each =
            |(size, time): (&u64, &Vec<f64>)| format!("{size}: {:.1} and {:.1}", time[0], time[1]);
        let all: Vec<String> = sizes.iter().zip(times).map(each).collect();
        let all = all.join(", ");
        eprintln!("  {case} for the {who}, p50 and p95 in ms at {all}");
        let figure = Figure {
            name,
            ours,
            limit,
            unit: "ms",
            rest: vec![
                ("case", case.into()),
                ("scope", who.into()),
                (
                    "limit_is",
                    format!("p95 at {smallest} {what}, {case} for the {who}").into(),
                ),
                ("p50_p95_ms", all.into()),
            ],
        };
        Some(figure.at_most(ACROSS))
    }

    /// Held to a goal: the most that ours may be of the limit.
    fn at_most(self, share: f64) -> Self {
        let holds = self.ours / self.limit <= share;
        self.held("at most", share, holds)
    }

    /// Held to a goal: the least that ours has to be of the limit.
    fn at_least(self, share: f64) -> Self {
        let holds = self.ours / self.limit >= share;
        self.held("at least", share, holds)
    }

    fn held(mut self, bound: &'static str, share: f64, holds: bool) -> Self {
        if !holds {
            eprintln!(
                "  WRONG {}: {bound} {share} of the limit is the goal",
                self.name
            );
        }
        self.rest.push(("bound", bound.into()));
        self.rest.push(("goal", share.into()));
        self.rest.push(("holds", holds.into()));
        self
    }
}

/// Runs the named benches on both engines, on one after the other: a large book of one is gone before that of the other
/// is filled.
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
    let scopes = match args.scopes.as_slice() {
        [] => Scope::value_variants(),
        scopes => scopes,
    };
    let small: Vec<u64> = up_to_a_million(&args.sizes);
    let mut rows = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let shelf = Shelf::default();
        for name in names {
            let task = Task {
                ground,
                engine,
                time: Duration::from_secs(args.seconds),
                sizes: match name {
                    Name::Export => &small,
                    _ => &args.sizes,
                },
                scopes,
                organizations: &args.organizations,
                pgbench: pgbench.clone(),
                shelf: &shelf,
            };
            eprintln!("{name:?} on {}", engine.as_str());
            let figures = one(*name, &task).await;
            let figures = figures.map_err(|e| format!("{name:?} on {}: {e}", engine.as_str()))?;
            let command = command(*name, args);
            for figure in figures {
                eprintln!(
                    "  {} {:.1} of {:.1} {}",
                    figure.name, figure.ours, figure.limit, figure.unit
                );
                rows.push(row(engine, figure, &command));
            }
        }
        shelf.clear().await?;
    }
    report::print(&rows, 6, json);
    Ok(())
}

async fn one(name: Name, task: &Task<'_>) -> Result<Vec<Figure>> {
    match name {
        Name::Axum => answers::run(task).await,
        Name::Issue => writes::issue(task).await,
        Name::Allocate => writes::allocate(task).await,
        Name::Assign => writes::assign(task, Spread::Pools).await,
        Name::AssignHot => writes::assign(task, Spread::Nothing).await,
        Name::AssignMany => servers::many(task).await,
        Name::AssignServers => servers::two(task).await,
        Name::Check => check::run(task).await,
        Name::List => list::run(task).await,
        Name::Start => start::run(task).await,
        Name::Overview => overview::run(task).await,
        Name::Import => import::run(task).await,
        Name::Export => export::run(task).await,
    }
}

/// The sizes that a workbook holds.
fn up_to_a_million(sizes: &[u64]) -> Vec<u64> {
    let small = sizes.iter().copied().filter(|size| *size <= MILLION);
    match small.collect::<Vec<_>>() {
        none if none.is_empty() => vec![MILLION],
        some => some,
    }
}

/// What measures this again.
fn command(name: Name, args: &BenchArgs) -> String {
    let word = name.to_possible_value();
    let word = word.as_ref().map_or("", |value| value.get_name());
    let listed = |numbers: &[u64]| {
        let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
        words.join(",")
    };
    let scopes = match args.scopes.as_slice() {
        [] => String::new(),
        some => {
            let words: Vec<&str> = some.iter().map(|scope| scope.as_str()).collect();
            format!(" --scopes {}", words.join(","))
        }
    };
    let size = match name {
        Name::List => format!("--sizes {}{scopes}", listed(&args.sizes)),
        Name::Start => format!("--sizes {}", listed(&args.sizes)),
        Name::Export => format!("--sizes {}", listed(&up_to_a_million(&args.sizes))),
        Name::Overview => format!("--organizations {}{scopes}", listed(&args.organizations)),
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
