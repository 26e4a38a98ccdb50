//! Assignments under fire: many writers bind, free and hand on the same few units, add-ons come and go, holders
//! leave and files are applied, all at once. What is left must be a book that one order of them explains.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Tally, Trial};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    random::Random,
    server::Ground,
    wire::{Answer, Wire},
};

const WRITERS: u64 = 32;
/// Operations of each writer in a round: 32 × 32 a round, so that 100 rounds are 100,000.
const STEPS: u64 = 32;
const USERS: usize = 40;
const UNITS: i64 = 30;
const ADD_ONS: usize = 3;

/// Runs the rounds on one book and verifies it after each tenth, and at the end.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "assign").await?;
    let field = Arc::new(Field::new(&book).await?);
    let mut tally = Tally::default();
    let (mut done, mut refused) = (0, 0);
    for round in trial.from..=trial.rounds {
        for count in round_of(&book, &field, (trial.seed, round)).await? {
            tally.tried += count.done + count.refused;
            done += count.done;
            refused += count.refused;
            tally.wrong.extend(count.wrong);
        }
        if round % 10 == 0 || round == trial.rounds {
            let off = book.site.verify().await?;
            tally
                .wrong
                .extend(off.into_iter().map(|off| format!("round {round}: {off}")));
        }
    }
    tally.wrong.extend(book.site.panics());
    tally.figures = vec![("writers", WRITERS), ("done", done), ("refused", refused)];
    Ok(tally)
}

async fn round_of(
    book: &Book,
    field: &Arc<Field>,
    (seed, round): (u64, u64),
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
        };
        writers.spawn(writer.write());
    }
    let mut counts = Vec::new();
    while let Some(count) = writers.join_next().await {
        counts.push(count.map_err(|e| format!("a writer failed: {e}"))?);
    }
    Ok(counts)
}

/// What the writers fight for.
struct Field {
    provider: String,
    seat: String,
    seat_pool: String,
    phone: String,
    add_ons: Vec<String>,
    /// Users who are there, and open bases, as far as anybody has heard.
    users: Mutex<Vec<String>>,
    bases: Mutex<Vec<String>>,
}

impl Field {
    async fn new(book: &Book) -> Result<Field> {
        let sku = book.get(&format!("/api/v1/skus/{}", book.sku)).await?;
        let mut field = Field {
            provider: book.provider.clone(),
            seat: text(&sku["product_id"])?,
            seat_pool: book.license("Seats", UNITS).await?.1,
            phone: String::new(),
            add_ons: Vec::new(),
            users: Mutex::default(),
            bases: Mutex::default(),
        };
        let phone = json!({"code": "phone", "name": "Phone", "has_extensions": true});
        field.phone = field.product(book, phone).await?;
        for number in 0..ADD_ONS {
            let code = format!("add_on_{number}");
            let product = json!({"code": code, "name": code, "kind": "add_on"});
            let id = field.product(book, product).await?;
            let fits = json!({"base_ids": [field.phone]});
            let request = Request::json("PUT", format!("/api/v1/products/{id}/fits"), &fits);
            book.operator.ask(&request).await?;
            field.add_ons.push(id);
        }
        for number in 0..USERS {
            let made = post(
                &book.operator,
                "/api/v1/holders",
                &field.user(number as u64),
            )
            .await?;
            locked(&field.users).push(text(&made["id"])?);
        }
        let path = format!("/api/v1/organizations/{}/extension-policy", book.provider);
        let policy = Request::json("PUT", path, &json!({"counts_numbers": false}));
        book.operator.ask(&policy).await?;
        Ok(field)
    }

    fn user(&self, number: u64) -> Value {
        json!({"organization_id": self.provider, "name": format!("User {number}")})
    }

    /// A product with a SKU and a license of the provider.
    async fn product(&self, book: &Book, product: Value) -> Result<String> {
        let code = product["code"].clone();
        let id = text(&post(&book.operator, "/api/v1/products", &product).await?["id"])?;
        let sku = json!({"code": code, "name": code, "product_id": id});
        let sku = text(&post(&book.operator, "/api/v1/skus", &sku).await?["id"])?;
        let license = json!({"organization_id": self.provider, "sku_id": sku, "quantity": UNITS});
        post(&book.operator, "/api/v1/licenses", &license).await?;
        Ok(id)
    }
}

/// Posts a document that the server must take.
pub(super) async fn post(person: &Person, path: &str, body: &Value) -> Result<Value> {
    Ok(person.ask(&Request::json("POST", path, body)).await?.json())
}

fn locked<T>(list: &Mutex<Vec<T>>) -> std::sync::MutexGuard<'_, Vec<T>> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Count {
    done: u64,
    refused: u64,
    wrong: Vec<String>,
}

struct Writer {
    random: Random,
    wire: Wire,
    person: Person,
    field: Arc<Field>,
    count: Count,
    place: String,
}

impl Writer {
    async fn write(mut self) -> Count {
        for _ in 0..STEPS {
            match self.random.below(100) {
                0..30 => self.seat().await,
                30..48 => self.phone().await,
                48..60 => self.add_on().await,
                60..74 => self.reassign().await,
                74..92 => self.unassign().await,
                92..96 => self.leave().await,
                _ => self.file().await,
            }
        }
        self.count
    }

    /// Sends it; an answer that is neither done nor a refusal is wrong.
    async fn send(&mut self, request: Request) -> Value {
        let sent = self.wire.send(&self.person.bytes(&request)).await;
        let wrong = |what: String| format!("{}: {}: {what}", self.place, request.brief());
        match sent {
            Ok(answer) if answer.is_done() => {
                self.count.done += 1;
                return answer.json();
            }
            Ok(answer) if [404, 409, 412, 422].contains(&answer.status) => self.count.refused += 1,
            Ok(answer) => self.count.wrong.push(wrong(Answer::brief(&answer))),
            Err(error) => self.count.wrong.push(wrong(error.to_string())),
        }
        Value::Null
    }

    fn one_of(&mut self, list: &Mutex<Vec<String>>) -> Option<String> {
        let list = locked(list);
        match list.len() {
            0 => None,
            length => list.get(self.random.index(length)).cloned(),
        }
    }

    async fn assign(&mut self, row: Value) {
        let body = json!({"organization_id": self.field.provider, "rows": [row]});
        let made = self
            .send(Request::json("POST", "/api/v1/assignments", &body))
            .await;
        if let Ok(id) = text(&made["assigned"][0]["id"]) {
            locked(&self.field.bases).push(id);
        }
    }

    async fn seat(&mut self) {
        let field = Arc::clone(&self.field);
        let holder = self.one_of(&field.users);
        let mut row = json!({"product_id": field.seat, "holder_id": holder});
        if self.random.below(2) == 0 {
            row["pool_id"] = json!(field.seat_pool);
        }
        self.assign(row).await;
    }

    async fn phone(&mut self) {
        let field = Arc::clone(&self.field);
        let holder = self.one_of(&field.users);
        let extension = (100 + self.random.below(60)).to_string();
        let add_ons = self.add_ons();
        let row = json!({"product_id": field.phone, "holder_id": holder, "extension": extension, "add_ons": add_ons});
        self.assign(row).await;
    }

    fn add_ons(&mut self) -> Vec<String> {
        let chosen = self.random.below(1 << ADD_ONS);
        let all = self.field.add_ons.iter().enumerate();
        all.filter(|(place, _)| chosen & (1 << place) != 0)
            .map(|(_, id)| id.clone())
            .collect()
    }

    async fn add_on(&mut self) {
        let field = Arc::clone(&self.field);
        let (Some(base), add_ons) = (self.one_of(&field.bases), self.add_ons()) else {
            return;
        };
        let path = format!("/api/v1/assignments/{base}/add-ons");
        let body = json!({"product_ids": add_ons});
        self.send(Request::json("POST", path, &body)).await;
    }

    async fn reassign(&mut self) {
        let field = Arc::clone(&self.field);
        let (Some(base), holder) = (self.one_of(&field.bases), self.one_of(&field.users)) else {
            return;
        };
        let path = format!("/api/v1/assignments/{base}/reassign");
        let new = self
            .send(Request::json("POST", path, &json!({"holder_id": holder})))
            .await;
        if let Ok(id) = text(&new["id"]) {
            let mut bases = locked(&field.bases);
            bases.retain(|known| *known != base);
            bases.push(id);
        }
    }

    async fn unassign(&mut self) {
        let field = Arc::clone(&self.field);
        let Some(base) = self.one_of(&field.bases) else {
            return;
        };
        let body = json!({"ids": [base]});
        self.send(Request::json("POST", "/api/v1/assignments/unassign", &body))
            .await;
        // Freed now, or before: in both cases nobody needs to try it again.
        locked(&field.bases).retain(|known| *known != base);
    }

    /// Somebody leaves and somebody else comes.
    async fn leave(&mut self) {
        let field = Arc::clone(&self.field);
        let Some(user) = self.one_of(&field.users) else {
            return;
        };
        let path = format!("/api/v1/holders/{user}/leave");
        let left = self.send(Request::json("POST", path, &json!({}))).await;
        if left.is_null() {
            return;
        }
        locked(&field.users).retain(|known| *known != user);
        let new = field.user(self.random.next());
        let made = self
            .send(Request::json("POST", "/api/v1/holders", &new))
            .await;
        if let Ok(id) = text(&made["id"]) {
            locked(&field.users).push(id);
        }
    }

    /// A file of a few extensions, its good rows.
    async fn file(&mut self) {
        let mut content = String::from("Ext Key,Number,User,Addon license 1,Addon license 2\n");
        for _ in 0..8 {
            let (extension, add_on) = (100 + self.random.below(60), self.random.below(4));
            content += &format!("{extension},,,add_on_{add_on},\n");
        }
        let file = ("phones.csv", content.as_bytes());
        let upload = Request::file("/api/v1/imports", ("kind", "extensions"), file);
        let import = self.send(upload).await;
        if let Ok(id) = text(&import["id"]) {
            let path = format!("/api/v1/imports/{id}/apply");
            let how = json!({"mode": "good", "again": true});
            self.send(Request::json("POST", path, &how)).await;
        }
    }
}
