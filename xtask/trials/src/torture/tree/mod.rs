//! Tree: a provider, partners and customers issue, pass on, return, bind, free, shrink and move, by chance. First one
//! after the other, where a small model must explain every answer, status, code and figures ([`model`]); then many at
//! once, where the book must be what the accepted ones add up to.

mod model;
mod world;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::task::JoinSet;

use self::{
    model::{Model, Op, Told},
    world::World,
};
use super::{Measure, Tally, Trial};
use crate::{
    Result,
    book::{Book, text},
    person::{Person, Request},
    random::Random,
    server::Ground,
    wire::{Answer, Wire},
};

/// Operations of a round one after the other, and of each writer at once: 368 + 16 × 40, so that 1,000 rounds are about
/// a million.
const ALONE: u64 = 368;
const WRITERS: usize = 16;
const TOGETHER: u64 = 40;
const LICENSES: usize = 24;

/// Runs the rounds on one book; looks at everything after each, and verifies it after each tenth and at the end.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut book = Book::new(ground, trial.engine, "tree").await?;
    book.sell_several_per_holder().await?;
    let (mut world, mut model) = World::new(&book).await?;
    let (mut tally, mut count) = (Tally::default(), Count::default());
    for round in trial.from..=trial.rounds {
        let mut random = Random::of(trial.seed, &[round]);
        alone(&book, (&mut world, &mut model), &mut random, &mut count).await?;
        count.complain("after one by one", look(&book, &world, &model).await?);
        let both = together(&book, (world, model), (trial.seed, round), &mut count).await?;
        (world, model) = both;
        count.complain("after all at once", look(&book, &world, &model).await?);
        world.find_pools(&book, &model).await?;
        if round % 10 == 0 || round == trial.rounds {
            count.complain("verify", book.site.verify().await?);
        }
        let place = |what| format!("round {round}: {what}");
        tally.wrong.extend(count.wrong.drain(..).map(place));
    }
    tally.wrong.extend(book.site.panics());
    tally.tried = count.explained + count.done + count.refused;
    tally.figures = vec![
        ("explained", count.explained),
        ("done_at_once", count.done),
        ("refused_at_once", count.refused),
    ];
    // A server that refuses everything is not explained by that.
    tally.measures = vec![Measure::at_least(
        "done of those at once",
        (count.done as f64, "operations"),
        (count.done + count.refused) as f64 / 4.0,
    )];
    Ok(tally)
}

/// One after the other: the model says what is answered.
async fn alone(
    book: &Book,
    (world, model): (&mut World, &mut Model),
    random: &mut Random,
    count: &mut Count,
) -> Result<()> {
    let mut wire = Wire::to(book.operator.address);
    for step in 0..ALONE {
        let op = model.choose(random, LICENSES);
        let Some(request) = world.request(op, random) else {
            continue;
        };
        let wanted = model.explain(op);
        let answer = book.operator.send(&mut wire, &request).await?;
        count.explained += 1;
        if !explains(&wanted, &answer) {
            let what = format!(
                "step {step}: {op:?} is {wanted:?}, answered {}",
                answer.brief()
            );
            count.wrong.push(what);
            // From here on nothing would be explained any more.
            return Ok(());
        }
        if wanted.is_done() {
            model.enter(op);
            world.enter(op, &answer.json())?;
            world.find_pool(book, op).await?;
        }
    }
    Ok(())
}

fn explains(wanted: &Told, answer: &Answer) -> bool {
    let said = answer.json();
    let code = said["code"].as_str().filter(|_| !answer.is_done());
    let figures = wanted.figures.iter();
    answer.status == wanted.status
        && code.unwrap_or_default() == wanted.code
        && figures
            .clone()
            .all(|(place, figure)| said.pointer(place).and_then(Value::as_i64) == Some(*figure))
}

/// What the writers share: each accepted operation is entered when its answer is heard.
struct Shared {
    world: World,
    model: Model,
    count: Count,
}

async fn together(
    book: &Book,
    (world, model): (World, Model),
    (seed, round): (u64, u64),
    count: &mut Count,
) -> Result<(World, Model)> {
    let shared = Arc::new(Mutex::new(Shared {
        world,
        model,
        count: Count::default(),
    }));
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let writer = Writer {
            number,
            random: Random::of(seed, &[round, 1 + number as u64]),
            wire: Wire::to(book.operator.address),
            person: book.operator.clone(),
            shared: Arc::clone(&shared),
        };
        writers.spawn(writer.write());
    }
    while let Some(ended) = writers.join_next().await {
        ended.map_err(|e| format!("a writer failed: {e}"))??;
    }
    let shared = Arc::into_inner(shared).ok_or("a writer is still at work")?;
    let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    count.done += shared.count.done;
    count.refused += shared.count.refused;
    count.wrong.extend(shared.count.wrong);
    Ok((shared.world, shared.model))
}

struct Writer {
    number: usize,
    random: Random,
    wire: Wire,
    person: Person,
    shared: Arc<Mutex<Shared>>,
}

impl Writer {
    async fn write(mut self) -> Result<()> {
        for _ in 0..TOGETHER {
            let Some((op, request)) = self.choose() else {
                continue;
            };
            let answer = self.person.send(&mut self.wire, &request).await?;
            let mut shared = locked(&self.shared);
            if answer.is_done() {
                shared.count.done += 1;
                shared.model.enter(op);
                shared.world.enter(op, &answer.json())?;
            } else if [409, 422].contains(&answer.status) {
                shared.count.refused += 1;
            } else {
                let what = format!("{}: {}", request.brief(), answer.brief());
                shared.count.wrong.push(what);
            }
        }
        Ok(())
    }

    /// A license's quantity and an organization's place are one writer's matter: what it was told last is how they are.
    fn choose(&mut self) -> Option<(Op, Request)> {
        let shared = locked(&self.shared);
        let op = shared.model.choose(&mut self.random, LICENSES);
        let own = |number: usize| number % WRITERS == self.number;
        let may = match op {
            Op::Resize { license, .. } => own(license),
            Op::Move { organization, .. } => own(organization),
            _ => true,
        };
        let request = shared.world.request(op, &mut self.random)?;
        may.then_some((op, request))
    }
}

fn locked(shared: &Mutex<Shared>) -> std::sync::MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Compares every pool and every binding of the book with the model's, and the model with the one law.
async fn look(book: &Book, world: &World, model: &Model) -> Result<Vec<String>> {
    let mut off = model.breaches();
    for (number, organization) in world.organizations.iter().enumerate() {
        let path = format!("/api/v1/pools?organization_id={organization}&");
        let found = book.all(&path).await?;
        for license in 0..model.licenses {
            let said = world.found(&found, license)?;
            let wanted = model.pool((license, number));
            if said != wanted {
                off.push(format!(
                    "license {license} at {number}: {said:?}, the model has {wanted:?}"
                ));
            }
        }
        let path = format!("/api/v1/assignments?organization_id={organization}&");
        let mut bound = Vec::new();
        for binding in book.all(&path).await? {
            bound.push(text(&binding["id"])?);
        }
        bound.sort_unstable();
        let wanted = world.open_at(model, number);
        if bound != wanted {
            off.push(format!(
                "{} units are bound at {number}, {} in the model",
                bound.len(),
                wanted.len()
            ));
        }
    }
    Ok(off)
}

#[derive(Default)]
struct Count {
    explained: u64,
    done: u64,
    refused: u64,
    wrong: Vec<String>,
}

impl Count {
    fn complain(&mut self, place: &str, found: Vec<String>) {
        let placed = found.into_iter().map(|what| format!("{place}: {what}"));
        self.wrong.extend(placed);
    }
}
