//! Crossgrades under fire: customers move between service plans while their people are bound and freed, every unit of
//! the seller is drawn, and the server is killed in the middle. No binding may be lost or doubled.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Tally, Trial, assign::post};
use crate::{
    Result,
    book::{Book, number, text},
    person::{Person, Request},
    random::Random,
    server::{Ground, pause},
    wire::{Answer, Wire},
};

const WRITERS: u64 = 32;
/// Operations of each writer in a round: 32 × 32 a round, so that 100 rounds are about 100,000.
const STEPS: u64 = 32;
/// One round in so many is cut off by a kill.
const KILL_EACH: u64 = 3;
const CUSTOMERS: usize = 8;
const PEOPLE: usize = 12;
/// Units of each product that a customer gets; the seller has as many for each, and none over.
const UNITS: i64 = 10;
const PRODUCTS: usize = 3;

/// Runs the rounds on one book and looks at everything after each.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut book = Book::new(ground, trial.engine, "crossgrades").await?;
    let field = Arc::new(Field::new(&book).await?);
    let mut tally = Tally::default();
    let mut total = Count::default();
    let mut kills = 0;
    for round in trial.from..=trial.rounds {
        let kill = round % KILL_EACH == 0;
        let counts = round_of(&mut book, &field, (trial.seed, round), kill).await?;
        kills += u64::from(kill);
        for count in counts {
            total.add(&count);
            tally.wrong.extend(count.wrong);
        }
        let place = |wrong: String| format!("round {round}: {wrong}");
        tally
            .wrong
            .extend(field.look(&book).await?.into_iter().map(place));
        if kill || round % 10 == 0 || round == trial.rounds {
            let off = book.site.verify().await?;
            tally.wrong.extend(off.into_iter().map(place));
        }
    }
    tally.tried = total.moved + total.bound + total.refused;
    tally.wrong.extend(book.site.panics());
    tally.figures = vec![
        ("writers", WRITERS),
        ("crossgraded", total.moved),
        ("bound_or_freed", total.bound),
        ("refused", total.refused),
        ("unanswered", total.unanswered),
        ("kills", kills),
    ];
    Ok(tally)
}

async fn round_of(
    book: &mut Book,
    field: &Arc<Field>,
    (seed, round): (u64, u64),
    kill: bool,
) -> Result<Vec<Count>> {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            random: Random::of(seed, &[round, number]),
            wire: Wire::to(book.operator.address),
            person: book.operator.clone(),
            field: Arc::clone(field),
            count: Count::default(),
            place: format!("round {round}, writer {number}"),
            kill,
            cut: false,
        };
        writers.spawn(writer.write());
    }
    if kill {
        let mut random = Random::of(seed, &[round, WRITERS]);
        pause(Duration::from_millis(50 + random.below(800))).await;
        book.take_server()?.kill()?;
    }
    let mut counts = Vec::new();
    while let Some(count) = writers.join_next().await {
        counts.push(count.map_err(|e| format!("a writer failed: {e}"))?);
    }
    if kill {
        book.reopen().await?;
    }
    Ok(counts)
}

/// What the writers fight for.
struct Field {
    provider: String,
    /// Each with the license whose units are drawn.
    products: Vec<(String, String)>,
    /// {0}, {0, 1} and {0, 1, 2}.
    plans: Vec<String>,
    /// Each with its people.
    customers: Vec<(String, Vec<String>)>,
}

impl Field {
    async fn new(book: &Book) -> Result<Field> {
        let mut field = Field {
            provider: book.provider.clone(),
            products: vec![],
            plans: vec![],
            customers: vec![],
        };
        let mut components: Vec<Value> = Vec::new();
        for place in 0..PRODUCTS {
            let code = format!("suite_{place}");
            let product = json!({"code": code, "name": code});
            let product = post(&book.operator, "/api/v1/products", &product).await?;
            let product = text(&product["id"])?;
            let sku = json!({"code": code, "name": code, "product_id": product, "validity": "P1Y"});
            let sku = text(&post(&book.operator, "/api/v1/skus", &sku).await?["id"])?;
            // For more than the plans' term: what is drawn does not outlive it.
            let license = json!({"organization_id": book.provider, "sku_id": sku, "end_date": "2999-12-31",
                "quantity": UNITS * CUSTOMERS as i64});
            let license = post(&book.operator, "/api/v1/licenses", &license).await?;
            field.products.push((product, text(&license["pool_id"])?));
            components.push(json!({"sku_id": sku, "units": UNITS}));
            let plan = json!({"code": code, "name": code, "components": components});
            let plan = post(&book.operator, "/api/v1/service-plans", &plan).await?;
            field.plans.push(text(&plan["id"])?);
        }
        for place in 0..CUSTOMERS {
            let customer = book.customer(&format!("Customer {place}")).await?;
            let mut people = Vec::with_capacity(PEOPLE);
            for number in 0..PEOPLE {
                let person =
                    json!({"organization_id": customer, "name": format!("Person {number}")});
                let made = post(&book.operator, "/api/v1/holders", &person).await?;
                people.push(text(&made["id"])?);
            }
            let order = field.order(&customer, 0);
            post(&book.operator, "/api/v1/plan-subscriptions", &order).await?;
            field.customers.push((customer, people));
        }
        Ok(field)
    }

    fn order(&self, customer: &str, plan: usize) -> Value {
        json!({"seller_id": self.provider, "organization_id": customer, "plan_id": self.plans[plan]})
    }

    /// Everything that must hold between two rounds, as the API tells it.
    async fn look(&self, book: &Book) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for (product, pool) in &self.products {
            let found = book.get(&format!("/api/v1/pools/{pool}")).await?;
            let (all, drawn) = (number(&found["quantity"])?, number(&found["allocated"])?);
            let held = self.held(book, product).await?;
            // Every customer has the first product all the time, and all there is of it.
            let full = *product != self.products[0].0 || drawn == all;
            if held != drawn || !full {
                wrong.push(format!("{product}: {held} held, {drawn} of {all} drawn"));
            }
        }
        for (customer, _) in &self.customers {
            let path = format!("/api/v1/assignments?organization_id={customer}&");
            let mut seen = BTreeSet::new();
            for row in book.all(&path).await? {
                let pair = (text(&row["holder_id"])?, text(&row["product_id"])?);
                if !seen.insert(pair) {
                    wrong.push(format!("{customer}: bound twice: {row}"));
                }
            }
            let path = format!("/api/v1/plan-subscriptions?organization_id={customer}&");
            let running = book.all(&path).await?.len();
            if running != 1 {
                wrong.push(format!("{customer} has {running} service plans"));
            }
        }
        Ok(wrong)
    }

    /// Units of a product that customers have, by their pools.
    async fn held(&self, book: &Book, product: &str) -> Result<i64> {
        let names: BTreeMap<&str, usize> = self
            .products
            .iter()
            .enumerate()
            .map(|(place, (id, _))| (id.as_str(), place))
            .collect();
        let name = format!("suite_{}", names[product]);
        let mut held = 0;
        for (customer, _) in &self.customers {
            let path = format!("/api/v1/pools?organization_id={customer}&");
            for pool in book.all(&path).await? {
                if pool["product_name"] == name.as_str() {
                    held += number(&pool["quantity"])?;
                }
            }
        }
        Ok(held)
    }
}

#[derive(Default)]
struct Count {
    moved: u64,
    bound: u64,
    refused: u64,
    unanswered: u64,
    wrong: Vec<String>,
}

impl Count {
    fn add(&mut self, other: &Count) {
        self.moved += other.moved;
        self.bound += other.bound;
        self.refused += other.refused;
        self.unanswered += other.unanswered;
    }
}

struct Writer {
    random: Random,
    wire: Wire,
    person: Person,
    field: Arc<Field>,
    count: Count,
    place: String,
    /// The server is going to be killed in this round.
    kill: bool,
    cut: bool,
}

impl Writer {
    async fn write(mut self) -> Count {
        let field = Arc::clone(&self.field);
        for _ in 0..STEPS {
            if self.cut {
                break;
            }
            let (customer, people) = &field.customers[self.random.index(field.customers.len())];
            let person = &people[self.random.index(people.len())];
            match self.random.below(100) {
                0..45 => self.crossgrade(customer).await,
                45..80 => self.bind((customer, person)).await,
                _ => self.free(person).await,
            }
        }
        self.count
    }

    /// Sends it; an answer that is neither done nor a refusal is wrong, and none is right only in a kill.
    async fn send(&mut self, request: Request) -> Option<Value> {
        let sent = self.wire.send(&self.person.bytes(&request)).await;
        let wrong = |what: String| format!("{}: {}: {what}", self.place, request.brief());
        match sent {
            Ok(answer) if answer.is_done() => return Some(answer.json()),
            Ok(answer) if [404, 409, 412, 422].contains(&answer.status) => self.count.refused += 1,
            Ok(answer) => self.count.wrong.push(wrong(Answer::brief(&answer))),
            Err(_) if self.kill => {
                self.count.unanswered += 1;
                self.cut = true;
            }
            Err(error) => self.count.wrong.push(wrong(error.to_string())),
        }
        None
    }

    async fn crossgrade(&mut self, customer: &str) {
        let plan = self.random.index(self.field.plans.len());
        let body = json!({"order": self.field.order(customer, plan)});
        let done = self
            .send(Request::json("POST", "/api/v1/crossgrades", &body))
            .await;
        self.count.moved += u64::from(done.is_some());
    }

    async fn bind(&mut self, (customer, person): (&str, &str)) {
        let product = &self.field.products[self.random.index(PRODUCTS)].0;
        let rows = json!([{"product_id": product, "holder_id": person}]);
        let body = json!({"organization_id": customer, "rows": rows});
        let done = self
            .send(Request::json("POST", "/api/v1/assignments", &body))
            .await;
        self.count.bound += u64::from(done.is_some());
    }

    async fn free(&mut self, person: &str) {
        let path = format!("/api/v1/assignments?holder_id={person}&limit=1");
        let Some(found) = self.send(Request::get(path)).await else {
            return;
        };
        let Some(id) = found["items"][0]["id"].as_str() else {
            return;
        };
        let body = json!({"ids": [id]});
        let done = self
            .send(Request::json("POST", "/api/v1/assignments/unassign", &body))
            .await;
        self.count.bound += u64::from(done.is_some());
    }
}
