//! The burst: many writers at once, each choosing by the seed, until the server is gone.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::{
    Result,
    book::{Book, number},
    person::{Person, Request},
    random::Random,
    wire::{Answer, Wire},
};

const WRITERS: u64 = 32;
const CHILDREN: usize = 6;
/// Pools that programs split by difference and by sight, and pools that only jobs split.
const POOLS: usize = 4;
const JOB_POOLS: usize = 2;
const UNITS: i64 = 300;

/// What the writers write to, made once for each book.
pub struct Field {
    pub provider: String,
    pub sku: String,
    pub children: Vec<String>,
    /// The first are split by programs, the rest by jobs.
    pub pools: Vec<String>,
    /// A license of its own for each writer, whose quantity it alone changes.
    pub own: Vec<String>,
}

impl Field {
    pub async fn new(book: &Book) -> Result<Field> {
        let mut field = Field {
            provider: book.provider.clone(),
            sku: book.sku.clone(),
            children: Vec::new(),
            pools: Vec::new(),
            own: Vec::new(),
        };
        for child in 0..CHILDREN {
            field
                .children
                .push(book.customer(&format!("Tenant {child}")).await?);
        }
        for pool in 0..POOLS + JOB_POOLS {
            field
                .pools
                .push(book.license(&format!("Pool {pool}"), UNITS).await?.1);
        }
        for writer in 0..WRITERS {
            field
                .own
                .push(book.license(&format!("Own {writer}"), 1).await?.0);
        }
        Ok(field)
    }
}

/// One round under one seed.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub seed: u64,
    pub round: u64,
}

impl Turn {
    /// What marks everything that a round makes, and is no part of another round's mark.
    pub fn order(self) -> String {
        format!("SO-{:06}", self.round)
    }
}

/// What a write does, if it is done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A license of this name and quantity is there, once.
    License(String, i64),
    /// An organization of this name is there, once.
    Organization(String),
    /// A child's share of a pool differs by so much.
    Share(usize, usize, i64),
    /// A job that does so is there, once.
    Job(usize, usize, i64),
    /// A writer's own license has this quantity.
    Quantity(usize, i64),
}

/// A write that was sent, and its answer where one came.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub request: Request,
    pub effect: Effect,
    pub answer: Option<Answer>,
}

/// The writers at work.
pub type Writers = JoinSet<Vec<Attempt>>;

/// Sets the writers off.
pub fn begin(turn: Turn, book: &Book, field: &Arc<Field>) -> Writers {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            random: Random::of(turn.seed, &[turn.round, number]),
            number: number as usize,
            turn,
            done: 0,
            wire: Wire::to(book.operator.address),
            person: book.operator.clone(),
            field: Arc::clone(field),
        };
        writers.spawn(writer.write());
    }
    writers
}

/// Gathers what they have sent; they end by themselves when the server is gone.
pub async fn end(mut writers: Writers) -> Result<Vec<Attempt>> {
    let mut attempts = Vec::new();
    while let Some(sent) = writers.join_next().await {
        attempts.extend(sent.map_err(|e| format!("a writer failed: {e}"))?);
    }
    Ok(attempts)
}

struct Writer {
    random: Random,
    number: usize,
    turn: Turn,
    done: u64,
    wire: Wire,
    person: Person,
    field: Arc<Field>,
}

impl Writer {
    async fn write(mut self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        while let Some((request, effect)) = self.choose().await {
            let sent = self.wire.send(&self.person.bytes(&request)).await;
            let answer = sent.ok();
            let gone = answer.is_none();
            attempts.push(Attempt {
                request,
                effect,
                answer,
            });
            if gone {
                break;
            }
        }
        attempts
    }

    /// The next write; none where the server was gone before it could be chosen.
    async fn choose(&mut self) -> Option<(Request, Effect)> {
        self.done += 1;
        let name = format!("{} {} {}", self.turn.order(), self.number, self.done);
        let key = format!("{}-{}-{}", self.turn.round, self.number, self.done);
        let (request, effect) = match self.random.below(100) {
            0..25 => self.issue(name),
            25..55 => self.allocate(),
            55..70 => self.set().await?,
            70..80 => self.grid().await?,
            80..90 => self.organization(name),
            _ => self.quantity(),
        };
        Some((request.with_key(key), effect))
    }

    fn issue(&mut self, name: String) -> (Request, Effect) {
        let quantity = self.random.within(1, 500);
        let field = &self.field;
        let body = json!({"organization_id": field.provider, "sku_id": field.sku, "quantity": quantity,
            "name": name, "sales_order": self.turn.order()});
        let request = Request::json("POST", "/api/v1/licenses", &body);
        (request, Effect::License(name, quantity))
    }

    fn organization(&self, name: String) -> (Request, Effect) {
        let body = json!({"parent_id": self.field.provider, "kind": "customer", "name": name});
        let request = Request::json("POST", "/api/v1/organizations", &body);
        (request, Effect::Organization(name))
    }

    fn allocate(&mut self) -> (Request, Effect) {
        let (pool, child) = (self.random.index(POOLS), self.random.index(CHILDREN));
        let units = match self.random.within(-8, 12) {
            0 => 20,
            units => units,
        };
        let field = &self.field;
        let body = json!({"pool_id": field.pools[pool], "organization_id": field.children[child], "units": units});
        let request = Request::json("POST", "/api/v1/allocations", &body);
        (request, Effect::Share(pool, child, units))
    }

    async fn set(&mut self) -> Option<(Request, Effect)> {
        let (pool, child) = (self.random.index(POOLS), self.random.index(CHILDREN));
        let (seen, wanted) = self.look(pool, child).await?;
        let field = &self.field;
        let row =
            json!({"organization_id": field.children[child], "seen": seen, "quantity": wanted});
        let path = format!("/api/v1/pools/{}/allocations", field.pools[pool]);
        let request = Request::json("PUT", path, &json!({"rows": [row]}));
        Some((request, Effect::Share(pool, child, wanted - seen)))
    }

    /// The console's grid: a job does it.
    async fn grid(&mut self) -> Option<(Request, Effect)> {
        let (pool, child) = (
            POOLS + self.random.index(JOB_POOLS),
            self.random.index(CHILDREN),
        );
        let (seen, wanted) = self.look(pool, child).await?;
        let field = &self.field;
        let fields = [
            ("row", "a"),
            ("organization.a", field.children[child].as_str()),
            ("seen.a", &seen.to_string()),
            ("quantity.a", &wanted.to_string()),
            ("step", "assign"),
        ];
        let request = Request::form(format!("/pools/{}/allocations", field.pools[pool]), &fields);
        Some((request, Effect::Job(pool, child, wanted - seen)))
    }

    /// What a child has of a pool now, and what it shall have.
    async fn look(&mut self, pool: usize, child: usize) -> Option<(i64, i64)> {
        let (person, field) = (&self.person, &self.field);
        let request = Request::get(format!("/api/v1/pools/{}/allocations", field.pools[pool]));
        let shares = self.wire.send(&person.bytes(&request)).await.ok()?.json();
        let seen = share_of(&shares["items"], &field.children[child]);
        let wanted = self.random.within(0, 60);
        Some((seen, if wanted == seen { seen + 1 } else { wanted }))
    }

    fn quantity(&mut self) -> (Request, Effect) {
        let quantity = self.random.within(1, 999);
        let path = format!("/api/v1/licenses/{}", self.field.own[self.number]);
        let request = Request::json("PATCH", path, &json!({"quantity": quantity}));
        (request, Effect::Quantity(self.number, quantity))
    }
}

/// What a child has, in a list of shares: nothing where it is not in it.
pub fn share_of(items: &Value, child: &str) -> i64 {
    let items = items.as_array().map(Vec::as_slice).unwrap_or_default();
    let found = items.iter().find(|item| item["organization_id"] == child);
    found
        .and_then(|item| number(&item["quantity"]).ok())
        .unwrap_or_default()
}
