//! Cut: PostgreSQL is behind a wire that is cut at commits, slow, swallowing everything, or down, while clients write.
//! Meanwhile they are answered or told 503 and when to come back; afterwards everything works within five seconds, and
//! every request that was sent again under its key has had one effect.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet, time::timeout};

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    proxy::{Proxy, Weather},
    random::Random,
    server::{Ground, pause},
    wire::{Answer, Wire},
};

const CLIENTS: u64 = 16;
/// Enough for every connection of the server to have work: rows choose it.
const POOLS: usize = 16;
const UNITS: i64 = 900_000_000;
/// The server gives a request up after 30 seconds; whoever hears nothing for longer is stuck.
const PATIENCE: Duration = Duration::from_secs(40);
/// What the longest answer may take: those 30 seconds, and what a busy machine adds.
const ANSWER_SECONDS: f64 = 32.0;
/// How soon everything must work when the wire does.
const RECOVERY_SECONDS: f64 = 5.0;

/// Each round is every kind of bad weather once, on one book.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let proxy = Proxy::to(ground.postgres_address().await?, trial.seed).await?;
    let through = ground.with_postgres_at(proxy.address)?;
    let book = Book::new(&through, trial.engine, "cut").await?;
    let field = Arc::new(Field::new(&book).await?);
    let mut total = Count::default();
    let mut slowest: f64 = 0.0;
    let mut storms = 0;
    for round in trial.from..=trial.rounds {
        for (what, weather, time) in storms_of(trial.seed, round) {
            storms += 1;
            let (count, recovery) =
                storm(&book, &field, &proxy, (weather, time), (trial.seed, storms)).await?;
            eprintln!(
                "cut: round {round}, {what} for {time:?}: worked again after {recovery:.2} s"
            );
            slowest = slowest.max(recovery);
            total.add(count, &format!("round {round}, {what}"));
        }
        let off = book.passed_on(&field.pools, total.units).await?;
        total.wrong.extend(off);
        total.wrong.extend(book.site.verify().await?);
    }
    total.wrong.extend(book.site.panics());
    Ok(Tally {
        tried: total.done,
        wrong: total.wrong,
        figures: vec![
            ("storms", storms),
            ("cut_commits", proxy.lost()),
            ("unavailable", total.unavailable),
            ("replayed", total.replayed),
        ],
        measures: vec![
            Measure::at_most(
                "everything works again after",
                (slowest, "s"),
                RECOVERY_SECONDS,
            ),
            Measure::at_most(
                "longest wait for an answer",
                (total.longest, "s"),
                ANSWER_SECONDS,
            ),
            // Storms that nobody noticed prove nothing.
            Measure::at_least("commits cut", (proxy.lost() as f64, "commits"), 1.0),
            Measure::at_least("answers 503", (total.unavailable as f64, "answers"), 1.0),
        ],
        ..Tally::default()
    })
}

/// The hole is short in the first round, which is all that CI has, and a minute in each fifth.
fn storms_of(seed: u64, round: u64) -> [(&'static str, Weather, Duration); 4] {
    let mut random = Random::of(seed, &[round]);
    let hole = match round {
        1 => 3,
        round if round.is_multiple_of(5) => 60,
        _ => 2 + random.below(15),
    };
    let late = Duration::from_secs(2);
    let millis = 1_500 + random.below(1_500);
    [
        (
            "commits cut",
            Weather::CutsCommits(30),
            Duration::from_millis(millis),
        ),
        ("slow", Weather::Slow(late), late * 2),
        ("swallowed", Weather::Hole, Duration::from_secs(hole)),
        ("down", Weather::Down, Duration::from_millis(millis)),
    ]
}

/// Clients write before, while and after the weather is bad. What they did, and the seconds until all worked again.
async fn storm(
    book: &Book,
    field: &Arc<Field>,
    proxy: &Proxy,
    (weather, time): (Weather, Duration),
    (seed, number): (u64, u64),
) -> Result<(Count, f64)> {
    let (stop, stopped) = watch::channel(false);
    let mut clients = JoinSet::new();
    let random = |client: u64| Random::of(seed, &[number, client]);
    for client in 0..CLIENTS {
        let client = Client::new(book, field, random(client));
        clients.spawn(client.work(stopped.clone()));
    }
    pause(Duration::from_millis(200)).await;
    proxy.set(weather);
    pause(time).await;
    proxy.set(Weather::Fair);
    let fair = Instant::now();
    let mut probes = JoinSet::new();
    for pool in 0..POOLS {
        let probe = Client::new(book, field, random(CLIENTS + pool as u64));
        probes.spawn(probe.probe(pool));
    }
    let mut count = Count::default();
    let mut recovery: f64 = 0.0;
    while let Some(ended) = probes.join_next().await {
        let probed = ended.map_err(|e| format!("a probe failed: {e}"))?;
        recovery = recovery.max(probed.answered.duration_since(fair).as_secs_f64());
        count.add(probed.count, "afterwards");
    }
    stop.send_replace(true);
    while let Some(ended) = clients.join_next().await {
        count.add(
            ended.map_err(|e| format!("a client failed: {e}"))?,
            "meanwhile",
        );
    }
    Ok((count, recovery))
}

struct Field {
    child: String,
    pools: Vec<String>,
}

impl Field {
    async fn new(book: &Book) -> Result<Field> {
        let mut pools = Vec::with_capacity(POOLS);
        for number in 0..POOLS {
            pools.push(book.license(&format!("Pool {number}"), UNITS).await?.1);
        }
        let child = book.customer("Tenant").await?;
        Ok(Field { child, pools })
    }
}

#[derive(Default)]
struct Count {
    done: u64,
    units: u64,
    unavailable: u64,
    replayed: u64,
    /// Seconds.
    longest: f64,
    wrong: Vec<String>,
}

impl Count {
    fn add(&mut self, other: Count, place: &str) {
        self.done += other.done;
        self.units += other.units;
        self.unavailable += other.unavailable;
        self.replayed += other.replayed;
        self.longest = self.longest.max(other.longest);
        let placed = |what| format!("{place}: {what}");
        self.wrong.extend(other.wrong.into_iter().map(placed));
    }
}

/// What a probe found.
struct Probed {
    count: Count,
    answered: Instant,
}

struct Client {
    random: Random,
    wire: Wire,
    person: Person,
    field: Arc<Field>,
    count: Count,
}

impl Client {
    fn new(book: &Book, field: &Arc<Field>, random: Random) -> Client {
        Client {
            random,
            wire: Wire::to(book.operator.address),
            person: book.operator.clone(),
            field: Arc::clone(field),
            count: Count::default(),
        }
    }

    async fn work(mut self, stopped: watch::Receiver<bool>) -> Count {
        while !*stopped.borrow() {
            let pool = self.random.index(POOLS);
            if self.random.below(5) == 0 {
                let read = Request::get(format!("/api/v1/pools/{}", self.field.pools[pool]));
                self.until_answered(&read).await;
            } else {
                self.pass_on(pool).await;
            }
        }
        self.count
    }

    /// A write, a reading of one thing and one of a list, and when they were answered.
    async fn probe(mut self, pool: usize) -> Probed {
        self.pass_on(pool).await;
        let one = format!("/api/v1/pools/{}", self.field.pools[pool]);
        for path in [one.as_str(), "/api/v1/licenses?limit=5"] {
            self.until_answered(&Request::get(path)).await;
        }
        Probed {
            answered: Instant::now(),
            count: self.count,
        }
    }

    async fn pass_on(&mut self, pool: usize) {
        let units = self.random.within(1, 9);
        let field = &self.field;
        let body =
            json!({"pool_id": field.pools[pool], "organization_id": field.child, "units": units});
        let request = Request::json("POST", "/api/v1/allocations", &body);
        let request = request.with_key(format!("cut-{:016x}", self.random.next()));
        let Some(answer) = self.until_answered(&request).await else {
            return;
        };
        match answer.status {
            201 => self.count.units += units.unsigned_abs(),
            _ => self.complain(&request, &answer.brief()),
        }
        let again = answer.header("idempotency-replayed").is_some();
        self.count.replayed += u64::from(again);
    }

    /// Asks until there is an answer that is not 503. Anything else that no server should do is noted.
    async fn until_answered(&mut self, request: &Request) -> Option<Answer> {
        loop {
            let begun = Instant::now();
            let sent = timeout(PATIENCE, self.wire.send(&self.person.bytes(request))).await;
            self.count.longest = self.count.longest.max(begun.elapsed().as_secs_f64());
            let answer = match sent {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => {
                    self.complain(request, &error.to_string());
                    return None;
                }
                Err(_) => {
                    self.complain(request, &format!("no answer within {PATIENCE:?}"));
                    return None;
                }
            };
            let early = answer.json()["code"] == "idempotency.in_flight";
            if answer.status != 503 && !early {
                self.count.done += 1;
                if !answer.is_done() {
                    self.complain(request, &answer.brief());
                }
                return Some(answer);
            }
            self.count.unavailable += u64::from(!early);
            let problem = answer.header("content-type") == Some("application/problem+json");
            if !problem || answer.header("retry-after").is_none() {
                self.complain(request, &answer.brief());
            }
            pause(Duration::from_millis(50)).await;
        }
    }

    fn complain(&mut self, request: &Request, what: &str) {
        self.count
            .wrong
            .push(format!("{}: {what}", request.brief()));
    }
}
