//! Retries: a wire loses 30 of 100 answers after the server has done its work, and the clients send again under the same
//! key until they are answered. In the end the book holds each request's effect once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use tokio::task::JoinSet;

use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::{Book, number},
    person::{Person, Request},
    proxy::{Proxy, Weather},
    random::Random,
    server::{Ground, pause},
    wire::{Answer, Wire},
};

const CLIENTS: u64 = 20;
/// Requests of each client in a round: 20 × 50 a round, so that 100 rounds are 100,000.
const STEPS: u64 = 50;
const LOST: u64 = 30;
/// Units of the pool that is passed on one by one in a round.
const UNITS: i64 = 1_000_000;
/// A request that needs more sends has not been answered by chance.
const SENDS: u32 = 60;

/// Runs the rounds on one book behind one wire, and verifies the book after each tenth, and at the end.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "retries").await?;
    let proxy = Proxy::to(book.operator.address, trial.seed).await?;
    proxy.set(Weather::LosesAnswers(LOST));
    let child = book.customer("Tenant").await?;
    let mut total = Count::default();
    for round in trial.from..=trial.rounds {
        let (_, pool) = book.license(&format!("Pool {round}"), UNITS).await?;
        let desk = Arc::new(Desk {
            round,
            pool,
            child: child.clone(),
            provider: book.provider.clone(),
            sku: book.sku.clone(),
            total: Mutex::default(),
        });
        serve(&book, &proxy, &desk, trial.seed).await?;
        let mut count =
            std::mem::take(&mut *desk.total.lock().unwrap_or_else(PoisonError::into_inner));
        count.effects = effects(&book, &desk).await?;
        if count.effects != count.wanted {
            let what = format!(
                "{:?} licenses, holders and units were asked for, {:?} are there",
                count.wanted, count.effects
            );
            count.wrong.push(what);
        }
        if round % 10 == 0 || round == trial.rounds {
            count.wrong.extend(book.site.verify().await?);
        }
        let placed = |what| format!("round {round}: {what}");
        count.wrong = count.wrong.into_iter().map(placed).collect();
        total.add(count);
    }
    total.wrong.extend(book.site.panics());
    Ok(Tally {
        tried: total.keys,
        wrong: total.wrong,
        figures: vec![
            ("lost_answers", proxy.lost()),
            ("sends", total.sends),
            ("replayed", total.replayed),
            ("refused", total.refused),
        ],
        measures: vec![
            Measure::exactly(
                "effects in the book",
                (total.effects.iter().sum::<u64>() as f64, "effects"),
                total.wanted.iter().sum::<u64>() as f64,
            ),
            // Whatever else broke would be the server's doing.
            Measure::exactly(
                "sends that came to nothing",
                (total.broken as f64, "sends"),
                proxy.lost() as f64,
            ),
            Measure::at_least(
                "answers lost",
                (proxy.lost() as f64, "answers"),
                total.keys as f64 / 5.0,
            ),
        ],
        ..Tally::default()
    })
}

/// All clients of one round.
async fn serve(book: &Book, proxy: &Proxy, desk: &Arc<Desk>, seed: u64) -> Result<()> {
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let person = Person {
            address: proxy.address,
            ..book.operator.clone()
        };
        let client = Client {
            random: Random::of(seed, &[desk.round, number]),
            number,
            wire: Wire::to(proxy.address),
            // Past the wire: what is asked again must be as it was answered.
            direct: Wire::to(book.operator.address),
            person,
            desk: Arc::clone(desk),
            count: Count::default(),
        };
        clients.spawn(client.work());
    }
    while let Some(ended) = clients.join_next().await {
        ended.map_err(|e| format!("a client failed: {e}"))??;
    }
    Ok(())
}

/// Licenses, holders and units passed on that a round has left in the book.
async fn effects(book: &Book, desk: &Desk) -> Result<[u64; 3]> {
    let order = desk.order();
    let licenses = book
        .all(&format!("/api/v1/licenses?sales_order={order}&"))
        .await?;
    let holders = book.all(&format!("/api/v1/holders?q={order}&")).await?;
    let pool = book.get(&format!("/api/v1/pools/{}", desk.pool)).await?;
    let passed_on = number(&pool["allocated"])?.unsigned_abs();
    Ok([licenses.len() as u64, holders.len() as u64, passed_on])
}

/// What the clients of one round write to.
struct Desk {
    round: u64,
    pool: String,
    child: String,
    provider: String,
    sku: String,
    total: Mutex<Count>,
}

impl Desk {
    /// What marks everything that a round makes, and is no part of another round's mark.
    fn order(&self) -> String {
        format!("RO-{:06}", self.round)
    }
}

#[derive(Default)]
struct Count {
    keys: u64,
    /// Requests that are to have an effect, and the effects there are: licenses, holders, units.
    wanted: [u64; 3],
    effects: [u64; 3],
    sends: u64,
    broken: u64,
    replayed: u64,
    refused: u64,
    wrong: Vec<String>,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.keys += other.keys;
        for kind in 0..3 {
            self.wanted[kind] += other.wanted[kind];
            self.effects[kind] += other.effects[kind];
        }
        self.sends += other.sends;
        self.broken += other.broken;
        self.replayed += other.replayed;
        self.refused += other.refused;
        self.wrong.extend(other.wrong);
    }
}

struct Client {
    random: Random,
    number: u64,
    wire: Wire,
    direct: Wire,
    person: Person,
    desk: Arc<Desk>,
    count: Count,
}

impl Client {
    async fn work(mut self) -> Result<()> {
        for step in 0..STEPS {
            let (request, other, effect) = self.choose(step);
            let answer = self.until_answered(&request).await?;
            self.count.keys += 1;
            let refused = answer.status == 409 && answer.json()["code"] == "pool.exhausted";
            match effect {
                Some(kind) if answer.status == 201 => self.count.wanted[kind] += 1,
                None if refused => self.count.refused += 1,
                _ => self.complain(&request, &answer),
            }
            if self.random.below(10) == 0 {
                self.ask_again(&request, &other, &answer).await?;
            }
        }
        let mut total = self
            .desk
            .total
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        total.add(self.count);
        Ok(())
    }

    /// A request, another one under the same key, and which kind of effect the first is to have; none where there are
    /// not so many units.
    fn choose(&mut self, step: u64) -> (Request, Request, Option<usize>) {
        let desk = &self.desk;
        let (number, order) = (self.number, desk.order());
        let key = format!("retry-{}-{number}-{step}", desk.round);
        let name = format!("{order} {number} {step}");
        let (path, effect, bodies) = match self.random.below(10) {
            0..4 => {
                let body = |quantity| {
                    json!({"organization_id": desk.provider, "sku_id": desk.sku,
                    "quantity": quantity, "name": name, "sales_order": order})
                };
                ("/api/v1/licenses", Some(0), [body(2), body(3)])
            }
            4..6 => {
                let body = |name| json!({"organization_id": desk.provider, "name": name});
                ("/api/v1/holders", Some(1), [body(&name), body(&order)])
            }
            kind => {
                let body = |units| json!({"pool_id": desk.pool, "organization_id": desk.child, "units": units});
                match kind {
                    // More than there are: the refusal is an answer, too.
                    9 => ("/api/v1/allocations", None, [body(UNITS + 1), body(1)]),
                    _ => ("/api/v1/allocations", Some(2), [body(1), body(2)]),
                }
            }
        };
        let [one, other] = bodies
            .map(|body| Request::json("POST", path, &body))
            .map(|request| request.with_key(key.clone()));
        (one, other, effect)
    }

    async fn until_answered(&mut self, request: &Request) -> Result<Answer> {
        for send in 0..SENDS {
            self.count.sends += 1;
            let Ok(answer) = self.wire.send(&self.person.bytes(request)).await else {
                self.count.broken += 1;
                continue;
            };
            if answer.json()["code"] == "idempotency.in_flight" {
                pause(Duration::from_millis(20)).await;
                continue;
            }
            let again = answer.header("idempotency-replayed").is_some();
            self.count.replayed += u64::from(again);
            if again && send == 0 {
                self.complain(request, &answer);
            }
            return Ok(answer);
        }
        Err(format!("{}: no answer in {SENDS} sends", request.brief()))
    }

    /// The same again is answered the same; something else under its key is refused.
    async fn ask_again(
        &mut self,
        request: &Request,
        other: &Request,
        before: &Answer,
    ) -> Result<()> {
        let again = self.person.send(&mut self.direct, request).await?;
        if (again.status, &again.text) != (before.status, &before.text) {
            self.complain(request, &again);
        }
        let odd = self.person.send(&mut self.direct, other).await?;
        if odd.status != 422 || odd.json()["code"] != "idempotency.mismatch" {
            self.complain(other, &odd);
        }
        Ok(())
    }

    fn complain(&mut self, request: &Request, answer: &Answer) {
        let wrong = format!("{}: {}", request.brief(), answer.brief());
        self.count.wrong.push(wrong);
    }
}
