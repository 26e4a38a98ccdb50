//! Restart: servers are told to stop and started anew while clients work through something that spreads their connections
//! over the servers that are ready. With two on one PostgreSQL nobody notices; one alone is away for a moment.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    process::{await_ready, is_ready},
    proxy::Proxy,
    random::Random,
    server::{Engine, Ground, Server, pause},
    wire::Wire,
};

const CLIENTS: u64 = 8;
const UNITS: i64 = 900_000_000;
/// How often servers are asked whether they are ready.
const LOOK: Duration = Duration::from_millis(200);
/// How long a server says that it is not before it takes no more connections: some looks.
const STOP_DELAY: (&str, &str) = ("SEATBOOK_STOP_DELAY", "2");
/// What one server alone may be away for.
const GAP_SECONDS: f64 = 2.0;
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon somebody asks again who was not answered.
const AGAIN: Duration = Duration::from_millis(20);

/// Each round restarts every server once.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let alone = trial.engine == Engine::Sqlite;
    let settings: &'static [_] = if alone { &[] } else { &[STOP_DELAY] };
    let mut book = Book::with(ground, trial.engine, "restart", settings).await?;
    let field = Arc::new(Field {
        pool: book.license("Restart", UNITS).await?.1,
        child: book.customer("Tenant").await?,
        alone,
    });
    let mut servers = vec![book.take_server()?];
    if !alone {
        servers.push(book.site.start().await?);
    }
    let proxy = Arc::new(Proxy::to(servers[0].address, trial.seed).await?);
    let known = Arc::new(Mutex::new(addresses(&servers)));
    let looking = look(Arc::clone(&proxy), Arc::clone(&known));
    let (stop, stopped) = watch::channel(false);
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let mut operator = book.operator.clone();
        operator.address = proxy.address;
        let worker = Worker {
            random: Random::of(trial.seed, &[client]),
            wire: Wire::to(proxy.address),
            operator,
            field: Arc::clone(&field),
            count: Count::default(),
        };
        clients.spawn(worker.work(stopped.clone()));
    }
    let mut restarts = 0;
    for _ in trial.from..=trial.rounds {
        for place in 0..servers.len() {
            pause(Duration::from_secs(1)).await;
            let old = servers.remove(place);
            old.stop().await?;
            servers.insert(place, book.site.start().await?);
            *known.lock().unwrap_or_else(PoisonError::into_inner) = addresses(&servers);
            await_ready(servers[place].address, AGAIN).await?;
            restarts += 1;
        }
    }
    pause(Duration::from_secs(1)).await;
    stop.send_replace(true);
    let mut count = Count::default();
    while let Some(ended) = clients.join_next().await {
        count.add(ended.map_err(|e| format!("a client failed: {e}"))?);
    }
    looking.abort();
    book.operator.address = servers[0].address;
    let off = book.passed_on(std::slice::from_ref(&field.pool), count.units);
    count.wrong.extend(off.await?);
    count.wrong.extend(book.site.verify().await?);
    count.wrong.extend(book.site.panics());
    Ok(count.tally(alone, restarts))
}

fn addresses(servers: &[Server]) -> Vec<SocketAddr> {
    servers.iter().map(|server| server.address).collect()
}

/// Leads connections to the servers that say that they are ready, as often as what spreads load looks.
fn look(proxy: Arc<Proxy>, known: Arc<Mutex<Vec<SocketAddr>>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let all = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut ready = Vec::new();
            for address in all {
                if is_ready(address).await {
                    ready.push(address);
                }
            }
            proxy.lead_to(ready);
            pause(LOOK).await;
        }
    })
}

struct Field {
    pool: String,
    child: String,
    /// Whether there is one server: then clients ask again.
    alone: bool,
}

#[derive(Default)]
struct Count {
    done: u64,
    units: u64,
    again: u64,
    failed: u64,
    /// Seconds.
    gap: f64,
    wrong: Vec<String>,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.done += other.done;
        self.units += other.units;
        self.again += other.again;
        self.failed += other.failed;
        self.gap = self.gap.max(other.gap);
        self.wrong.extend(other.wrong);
    }

    fn tally(self, alone: bool, restarts: u64) -> Tally {
        let mut measures = vec![Measure::exactly(
            "failed requests",
            (self.failed as f64, "requests"),
            0.0,
        )];
        if alone {
            let gap = (self.gap, "s");
            measures.push(Measure::at_most("longest absence", gap, GAP_SECONDS));
        }
        Tally {
            tried: self.done,
            wrong: self.wrong,
            figures: vec![("restarts", restarts), ("asked_again", self.again)],
            measures,
            ..Tally::default()
        }
    }
}

struct Worker {
    random: Random,
    wire: Wire,
    operator: Person,
    field: Arc<Field>,
    count: Count,
}

impl Worker {
    async fn work(mut self, stopped: watch::Receiver<bool>) -> Count {
        while !*stopped.borrow() {
            if self.random.below(3) == 0 {
                let field = &self.field;
                let body =
                    json!({"pool_id": field.pool, "organization_id": field.child, "units": 1});
                let request = Request::json("POST", "/api/v1/allocations", &body);
                let key = format!("restart-{:016x}", self.random.next());
                let done = self.ask(&request.with_key(key)).await;
                self.count.units += u64::from(done);
            } else {
                let path = format!("/api/v1/pools/{}", self.field.pool);
                self.ask(&Request::get(path)).await;
            }
            pause(Duration::from_millis(self.random.below(10))).await;
        }
        self.count
    }

    /// Whether it was done. A server alone is asked until it is back; of two, one always answers.
    async fn ask(&mut self, request: &Request) -> bool {
        let begun = Instant::now();
        loop {
            let answer = self.operator.send(&mut self.wire, request).await;
            let what = match answer {
                Ok(answer) if answer.is_done() => {
                    self.count.done += 1;
                    self.count.gap = self.count.gap.max(begun.elapsed().as_secs_f64());
                    return true;
                }
                Ok(answer) => answer.brief(),
                // The connection was refused, or closed: nothing was answered, and the key makes it safe to ask again.
                Err(_) if self.field.alone && begun.elapsed() < PATIENCE => {
                    self.count.again += 1;
                    pause(AGAIN).await;
                    continue;
                }
                Err(error) => error,
            };
            self.count.failed += 1;
            self.count
                .wrong
                .push(format!("{}: {what}", request.brief()));
            return false;
        }
    }
}
