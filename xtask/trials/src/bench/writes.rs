//! Issuing, allocating and assigning over HTTP at 64 connections, beside the same statements without us.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    CLIENTS, Figure, Task, bare_postgres, bare_sqlite, load, pgbench,
    script::{self, POSTGRES_ID, Step, Target},
};
use crate::{
    Result,
    book::{Book, text},
    person::Request,
    random,
    server::{Engine, run_sql},
};

/// Units enough that no pool runs dry.
const UNITS: i64 = 900_000_000;
/// As many connections as the server writes over.
const WRITERS: usize = 4;

/// A license a request, all by the provider.
pub async fn issue(task: &Task<'_>) -> Result<Vec<Figure>> {
    let (book, targets) = prepare(task, "bench-issue").await?;
    let bare = copy(task, &book, "bench_issue_bare").await?;
    let (owner, sku, salt) = (
        book.provider.clone(),
        book.sku.clone(),
        random::fresh_seed(),
    );
    let request = move |client: usize, sent: u64| {
        let name = format!("Bench {client} {sent}");
        let body = json!({"organization_id": owner, "sku_id": sku, "quantity": 100, "name": name,
            "sales_order": "SO-17"});
        let key = format!("{salt}-{client}-{sent}");
        Request::json("POST", "/api/v1/licenses", &body).with_key(key)
    };
    let ours = load::rate(&book.operator, task.time, 201, request).await?;
    drop(book);
    let limits = limits(task, &bare, script::issue, &targets).await?;
    Ok(vec![limits.figure("issue", ours)])
}

/// One unit a request: each connection on a pool of its own, then all on one.
pub async fn allocate(task: &Task<'_>) -> Result<Vec<Figure>> {
    let (book, targets) = prepare(task, "bench-allocate").await?;
    let bare = copy(task, &book, "bench_allocate_bare").await?;
    let mut figures = Vec::new();
    for (name, pools) in [("allocate", CLIENTS), ("allocate_hot", 1)] {
        let targets = targets[..pools].to_vec();
        let (own, salt) = (targets.clone(), random::fresh_seed());
        let request = move |client: usize, sent: u64| {
            let target = own[client % own.len()];
            let body = json!({"pool_id": target.pool, "organization_id": target.child, "units": 1});
            let key = format!("{salt}-{client}-{sent}");
            Request::json("POST", "/api/v1/allocations", &body).with_key(key)
        };
        let ours = load::rate(&book.operator, task.time, 201, request).await?;
        let every: Vec<Target> = targets.iter().cycle().take(CLIENTS).copied().collect();
        let limits = limits(task, &bare, script::allocate, &every).await?;
        figures.push(limits.figure(name, ours));
    }
    Ok(figures)
}

/// Over how much the connections spread.
#[derive(Clone, Copy)]
pub enum Spread {
    /// A pool for each.
    Pools,
    /// All want units of the same pool.
    Nothing,
}

/// One unit a request, from a pool that it names, to a holder of each connection's own.
pub async fn assign(task: &Task<'_>, spread: Spread) -> Result<Vec<Figure>> {
    let (name, place, pools) = match spread {
        Spread::Pools => ("assign", "bench-assign", CLIENTS),
        Spread::Nothing => ("assign_hot", "bench-assign-hot", 1),
    };
    let (book, targets) = prepare_holders(task, place, pools).await?;
    let bare = copy(task, &book, &format!("{}_bare", place.replace('-', "_"))).await?;
    let ours = load::rate(&book.operator, task.time, 201, binding(&targets)).await?;
    drop(book);
    let limits = limits(task, &bare, script::assign, &targets).await?;
    // The goals speak of these: what one writer can do who groups as we do, and PostgreSQL without us.
    let beside = match task.engine {
        Engine::Sqlite => "driver_batched",
        Engine::Postgres => "pgbench",
    };
    Ok(vec![limits.figure_beside(beside, (name, ours))])
}

/// The requests of each connection: a unit of its target's pool for its target's holder, again and again.
pub fn binding(
    targets: &[Target],
) -> impl Fn(usize, u64) -> Request + Clone + Send + Sync + 'static + use<> {
    let (own, salt) = (targets.to_vec(), random::fresh_seed());
    move |client: usize, sent: u64| {
        let target = own[client % own.len()];
        let row = json!({"product_id": target.product, "holder_id": target.holder, "pool_id": target.pool});
        let body = json!({"organization_id": target.owner, "rows": [row]});
        let key = format!("{salt}-{client}-{sent}");
        Request::json("POST", "/api/v1/assignments", &body).with_key(key)
    }
}

/// A book with so many pools and a holder for each connection.
pub async fn prepare_holders(
    task: &Task<'_>,
    name: &str,
    pools: usize,
) -> Result<(Book, Vec<Target>)> {
    let mut book = Book::new(task.ground, task.engine, name).await?;
    book.sell_several_per_holder().await?;
    let shared = Target {
        actor: id(&book.get("/api/v1/me").await?["id"])?,
        owner: parsed(&book.provider)?,
        sku: parsed(&book.sku)?,
        product: id(&book.get(&format!("/api/v1/skus/{}", book.sku)).await?["product_id"])?,
        ..Target::default()
    };
    let mut targets: Vec<Target> = Vec::with_capacity(CLIENTS);
    for number in 0..CLIENTS {
        let (license, pool) = match number.checked_sub(pools) {
            None => {
                let made = book.license(&format!("Pool {number}"), UNITS).await?;
                (parsed(&made.0)?, parsed(&made.1)?)
            }
            Some(twice) => (targets[twice].license, targets[twice].pool),
        };
        targets.push(Target {
            holder: parsed(&book.holder(&format!("Person {number}")).await?)?,
            license,
            pool,
            ..shared
        });
    }
    Ok((book, targets))
}

/// A book with 64 pools that have passed a unit on, and what a bare client needs to know of them.
async fn prepare(task: &Task<'_>, name: &str) -> Result<(Book, Vec<Target>)> {
    let book = Book::new(task.ground, task.engine, name).await?;
    let child = book.customer("Tenant").await?;
    let me = book.get("/api/v1/me").await?;
    let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
    let mut targets = Vec::with_capacity(CLIENTS);
    for number in 0..CLIENTS {
        let (license, pool) = book.license(&format!("Pool {number}"), UNITS).await?;
        let body = json!({"pool_id": pool, "organization_id": child, "units": 1});
        book.operator
            .ask(&Request::json("POST", "/api/v1/allocations", &body))
            .await?;
        let held = format!("/api/v1/pools?organization_id={child}&license_id={license}");
        let held = book.get(&held).await?;
        targets.push(Target {
            actor: id(&me["id"])?,
            owner: parsed(&book.provider)?,
            child: parsed(&child)?,
            sku: parsed(&book.sku)?,
            product: id(&sku["product_id"])?,
            license: parsed(&license)?,
            pool: parsed(&pool)?,
            child_pool: id(&held["items"][0]["id"])?,
            ..Target::default()
        });
    }
    Ok((book, targets))
}

fn id(value: &Value) -> Result<Uuid> {
    parsed(&text(value)?)
}

fn parsed(text: &str) -> Result<Uuid> {
    text.parse().map_err(|_| format!("`{text}` is no id"))
}

/// A book for the bare drivers: copied before the server is measured, so that both begin with the same.
pub struct Copy {
    pub database: String,
    folder: PathBuf,
}

pub async fn copy(task: &Task<'_>, book: &Book, name: &str) -> Result<Copy> {
    let folder = task.ground.scratch.clone();
    let from = &book.site.database;
    let database = match task.engine {
        Engine::Sqlite => {
            let to = folder.join(format!("{name}.db"));
            let copied = rusqlite::Connection::open(from)
                .and_then(|book| book.execute("VACUUM INTO ?1", [to.display().to_string()]));
            copied.map_err(|e| format!("{}: {e}", to.display()))?;
            to.display().to_string()
        }
        Engine::Postgres => {
            let (server, source) = from.rsplit_once('/').ok_or("an address of PostgreSQL")?;
            // A template must have no sessions, and the server's would come back by themselves in between.
            let doors = |open: bool| format!("ALTER DATABASE {source} ALLOW_CONNECTIONS {open}");
            let end = format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
            );
            let make = format!("CREATE DATABASE {name} TEMPLATE {source}");
            for sql in [doors(false), end, make, doors(true)] {
                run_sql(&task.ground.postgres, &sql).await?;
            }
            let url = format!("{server}/{name}");
            run_sql(&url, POSTGRES_ID).await?;
            url
        }
    };
    Ok(Copy { database, folder })
}

/// What the same statements reach without us.
struct Limits(Vec<(&'static str, f64)>);

impl Limits {
    /// The best of them is the limit.
    fn figure(self, name: &'static str, ours: f64) -> Figure {
        let rates = self.0.iter().copied();
        let best = rates.max_by(|one, other| one.1.total_cmp(&other.1));
        self.beside(best, (name, ours))
    }

    /// The one of this name is the limit, or the best of them where it was not measured.
    fn figure_beside(self, wanted: &str, (name, ours): (&'static str, f64)) -> Figure {
        match self.0.iter().copied().find(|(name, _)| *name == wanted) {
            None => self.figure(name, ours),
            found => self.beside(found, (name, ours)),
        }
    }

    fn beside(
        self,
        limit: Option<(&'static str, f64)>,
        (name, ours): (&'static str, f64),
    ) -> Figure {
        let (limit_is, limit) = limit.unwrap_or(("nothing", f64::NAN));
        let mut rest = vec![("limit_is", limit_is.into())];
        let rates = self.0.into_iter();
        rest.extend(rates.map(|(name, rate)| (name, Value::from(rate.round()))));
        Figure {
            name,
            ours,
            limit,
            unit: "writes/s",
            rest,
        }
    }
}

async fn limits(
    task: &Task<'_>,
    copy: &Copy,
    script: fn(Engine) -> Vec<Step>,
    targets: &[Target],
) -> Result<Limits> {
    let (steps, time) = (|| script(task.engine), task.time);
    let mut found = Vec::new();
    match task.engine {
        Engine::Sqlite => {
            let file = Path::new(&copy.database);
            for (name, batch) in [("driver_single", 1), ("driver_batched", bare_sqlite::GROUP)] {
                let targets = targets.to_vec();
                found.push((
                    name,
                    bare_sqlite::rate(file, steps(), targets, (batch, time)).await?,
                ));
            }
        }
        Engine::Postgres => {
            // On one hot row more connections would only wait for each other.
            let spread = targets.iter().any(|target| target.pool != targets[0].pool);
            let writers = if spread { WRITERS } else { 1 };
            let ways = [
                ("driver_single", CLIENTS, 1),
                ("driver_batched", writers, CLIENTS / writers),
            ];
            for (name, connections, batch) in ways {
                let how = (connections, batch, time);
                found.push((
                    name,
                    bare_postgres::rate(&copy.database, &steps(), targets, how).await?,
                ));
            }
            if let Some(program) = &task.pgbench {
                let place = (copy.database.as_str(), copy.folder.as_path());
                found.push((
                    "pgbench",
                    pgbench::rate(program, place, &steps(), targets, time).await?,
                ));
            }
        }
    }
    Ok(Limits(found))
}
