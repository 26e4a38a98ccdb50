//! Races: requests whose last bytes arrive at once, for more units than there are. Of one server, and of several on one
//! PostgreSQL, where each request meets its rivals in the database alone.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{Tally, Trial};
use crate::{
    Result,
    book::{Book, number, text},
    person::Request,
    server::{Ground, Server, pause},
    wire::{self, Answer},
};

/// Clients of a race, and the units they race for.
const CLIENTS: usize = 64;
const UNITS: i64 = 50;
/// A job is done by then, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Sends of one key at once.
const SENDS: usize = 50;

struct Track {
    book: Book,
    /// All servers of the book.
    addresses: Vec<SocketAddr>,
    children: Vec<String>,
    wrong: Vec<String>,
    races: u64,
    round: u64,
}

/// Runs every race so many times on one book with so many servers, and verifies the book at the end.
pub async fn run(ground: &Ground, trial: Trial, servers: usize) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, &format!("race-{servers}")).await?;
    let mut others: Vec<Server> = Vec::new();
    for _ in 1..servers {
        others.push(book.site.start().await?);
    }
    let mut children = Vec::with_capacity(CLIENTS);
    for number in 0..CLIENTS {
        children.push(book.customer(&format!("Tenant {number}")).await?);
    }
    let mut track = Track {
        addresses: [book.operator.address]
            .into_iter()
            .chain(others.iter().map(|server| server.address))
            .collect(),
        book,
        children,
        wrong: Vec::new(),
        races: 0,
        round: 0,
    };
    for round in trial.from..=trial.rounds {
        track.round = round;
        track.last_units().await?;
        track.two_times_thirty().await?;
        track.whole_splits().await?;
        track.one_row().await?;
        track.grid().await?;
        track.one_key().await?;
    }
    track.wrong.extend(track.book.site.verify().await?);
    track.wrong.extend(track.book.site.panics());
    Ok(Tally {
        tried: track.races,
        wrong: track.wrong,
        figures: vec![("clients", CLIENTS as u64), ("servers", servers as u64)],
        ..Tally::default()
    })
}

impl Track {
    /// 64 clients pass on one unit each of the last 50.
    async fn last_units(&mut self) -> Result<()> {
        let pool = self.pool("allocate").await?;
        let child = |client: usize| &self.children[client % 8];
        let one = |client| {
            let body = json!({"pool_id": pool, "organization_id": child(client), "units": 1});
            Request::json("POST", "/api/v1/allocations", &body)
        };
        let answers = self.race((0..CLIENTS).map(one).collect()).await?;
        self.expect("allocate", &answers, (201, 50), "pool.exhausted");
        self.says_free("allocate", &answers, 0);
        self.balance("allocate", &pool, 50).await
    }

    /// Two clients want 30 of 50: one gets them, the other hears of the 20.
    async fn two_times_thirty(&mut self) -> Result<()> {
        let pool = self.pool("thirty").await?;
        let one = |client: usize| {
            let body =
                json!({"pool_id": pool, "organization_id": self.children[client], "units": 30});
            Request::json("POST", "/api/v1/allocations", &body)
        };
        let answers = self.race((0..2).map(one).collect()).await?;
        self.expect("thirty", &answers, (201, 1), "pool.exhausted");
        self.says_free("thirty", &answers, 20);
        self.balance("thirty", &pool, 30).await
    }

    /// 64 clients set a row of their own from 0 to 1.
    async fn whole_splits(&mut self) -> Result<()> {
        let pool = self.pool("set").await?;
        let requests = (0..CLIENTS)
            .map(|client| self.set(&pool, client, 1))
            .collect();
        let answers = self.race(requests).await?;
        self.expect("set", &answers, (200, 50), "pool.exhausted");
        self.balance("set", &pool, 50).await
    }

    /// 64 editors saw the same row and change it: one is in time, the others are told what it is now.
    async fn one_row(&mut self) -> Result<()> {
        let pool = self.pool("row").await?;
        let requests = (0..CLIENTS).map(|_| self.set(&pool, 0, 7)).collect();
        let answers = self.race(requests).await?;
        self.expect("row", &answers, (200, 1), "allocation.changed");
        self.balance("row", &pool, 7).await
    }

    fn set(&self, pool: &str, child: usize, quantity: i64) -> Request {
        let row = json!({"organization_id": self.children[child], "seen": 0, "quantity": quantity});
        let path = format!("/api/v1/pools/{pool}/allocations");
        Request::json("PUT", path, &json!({"rows": [row]}))
    }

    /// 64 people assign one unit each in the console's grid: each is refused at once, or by their job.
    async fn grid(&mut self) -> Result<()> {
        let pool = self.pool("grid").await?;
        let one = |client: usize| {
            let child = self.children[client].as_str();
            let fields = [
                ("row", "a"),
                ("organization.a", child),
                ("seen.a", "0"),
                ("quantity.a", "1"),
                ("step", "assign"),
            ];
            Request::form(format!("/pools/{pool}/allocations"), &fields)
        };
        let answers = self.race((0..CLIENTS).map(one).collect()).await?;
        let mut done = 0;
        for answer in &answers {
            match (answer.status, answer.header("location")) {
                (303, Some(place)) => {
                    let job = place.rsplit('=').next().unwrap_or_default();
                    done += i64::from(self.job_is_done(job).await?);
                }
                (409, _) => {}
                _ => self.wrong("grid", format!("answered {}", answer.brief())),
            }
        }
        if done != UNITS {
            self.wrong("grid", format!("{done} jobs were done, not {UNITS}"));
        }
        self.balance("grid", &pool, 50).await
    }

    /// One request is sent 50 times at once: it is done once, and whoever is answered is answered the same. Who comes
    /// while it is under way is told to come back.
    async fn one_key(&mut self) -> Result<()> {
        let pool = self.pool("key").await?;
        let body = json!({"pool_id": pool, "organization_id": self.children[0], "units": 3});
        let request = Request::json("POST", "/api/v1/allocations", &body);
        let request = request.with_key(format!("one-key-{}", self.round));
        let mut answers = self.race(vec![request.clone(); SENDS]).await?;
        answers.extend(self.race(vec![request]).await?);
        let early = |answer: &Answer| {
            answer.status == 409 && answer.json()["code"] == "idempotency.in_flight"
        };
        answers.retain(|answer| !early(answer));
        let told = answers.last().map(|answer| answer.text.clone());
        let odd: Vec<String> = answers
            .iter()
            .filter(|answer| answer.status != 201 || Some(&answer.text) != told.as_ref())
            .map(Answer::brief)
            .collect();
        for answer in odd {
            self.wrong("key", format!("answered {answer}"));
        }
        self.balance("key", &pool, 3).await
    }

    /// Waits for a job; whether it was done, where the alternative is a refusal for want of units.
    async fn job_is_done(&mut self, job: &str) -> Result<bool> {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let found = self.book.get(&format!("/api/v1/jobs/{job}")).await?;
            match (found["state"].as_str(), found["code"].as_str()) {
                (Some("done"), _) => return Ok(true),
                (Some("refused"), Some("pool.exhausted")) => return Ok(false),
                (Some("queued" | "running"), _) => pause(Duration::from_millis(10)).await,
                _ => {
                    self.wrong("grid", format!("a job ended like this: {found}"));
                    return Ok(false);
                }
            }
        }
        self.wrong("grid", format!("job {job} did not end within {PATIENCE:?}"));
        Ok(false)
    }

    /// The pool of a new license with the units to race for.
    async fn pool(&self, what: &str) -> Result<String> {
        let name = format!("{what} {}", self.round);
        Ok(self.book.license(&name, UNITS).await?.1)
    }

    async fn race(&mut self, requests: Vec<Request>) -> Result<Vec<Answer>> {
        self.races += 1;
        let operator = &self.book.operator;
        let bytes: Vec<Vec<u8>> = requests
            .iter()
            .map(|request| operator.bytes(request))
            .collect();
        let answers = wire::race(&self.addresses, &bytes).await;
        answers.map_err(|e| format!("round {}: {e}", self.round))
    }

    /// So many with this status, and all others 409 with this code.
    fn expect(
        &mut self,
        race: &str,
        answers: &[Answer],
        (status, count): (u16, usize),
        code: &str,
    ) {
        let done = answers
            .iter()
            .filter(|answer| answer.status == status)
            .count();
        if done != count {
            self.wrong(race, format!("{done} were granted, not {count}"));
        }
        let others = answers.iter().filter(|answer| answer.status != status);
        let odd: Vec<String> = others
            .filter(|answer| answer.status != 409 || answer.json()["code"] != code)
            .map(Answer::brief)
            .collect();
        for answer in odd {
            self.wrong(race, format!("answered {answer}"));
        }
    }

    /// Every refusal says what is free.
    fn says_free(&mut self, race: &str, answers: &[Answer], free: i64) {
        let refused = answers.iter().filter(|answer| answer.status == 409);
        let odd: Vec<Value> = refused
            .map(|answer| answer.json()["free"].clone())
            .filter(|said| *said != free)
            .collect();
        for said in odd {
            self.wrong(race, format!("a refusal says {said} are free, not {free}"));
        }
    }

    /// The pool has passed on so many, and its children hold as many.
    async fn balance(&mut self, race: &str, pool: &str, allocated: i64) -> Result<()> {
        let found = self.book.get(&format!("/api/v1/pools/{pool}")).await?;
        let shares = self
            .book
            .all(&format!("/api/v1/pools/{pool}/allocations?"))
            .await?;
        let mut held = 0;
        for share in &shares {
            text(&share["organization_id"])?;
            held += number(&share["quantity"])?;
        }
        let says = (number(&found["allocated"])?, held);
        if says != (allocated, allocated) {
            self.wrong(
                race,
                format!("{allocated} units went, but pool and children say {says:?}"),
            );
        }
        Ok(())
    }

    fn wrong(&mut self, race: &str, what: String) {
        self.wrong
            .push(format!("round {}, {race}: {what}", self.round));
    }
}
