//! Logins: five hundred wrong passwords at once, again and again, while others work. Looking at a password costs time and
//! memory on purpose, so no more are looked at than there are cores for, and nobody else waits for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use tokio::{sync::watch, task::JoinSet};

use super::{Measure, Tally, Trial, slow};
use crate::{
    Result,
    book::Book,
    person::{Person, Request},
    server::Ground,
    wire::Wire,
};

const GUESSERS: u64 = 500;
const QUIET: Duration = Duration::from_secs(5);
const STORM: Duration = Duration::from_secs(10);
const GROWTH_MIB: f64 = 200.0;
/// What is answered to a wrong password: that it is, that it was tried too often, that there is no place to look at it.
const REFUSALS: [u16; 3] = [401, 429, 503];

/// Each round is a quiet time and a storm, on one book.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let book = Book::new(ground, trial.engine, "logins").await?;
    let (_, pool) = book.license("Logins", 900_000_000).await?;
    let child = book.customer("Tenant").await?;
    let body = json!({"pool_id": pool, "organization_id": child, "units": 1});
    let body = Arc::new(Request::json("POST", "/api/v1/allocations", &body));
    let guesses = Arc::new(AtomicU64::new(0));
    let (mut quiet, mut meanwhile, mut grown) = (0.0_f64, 0.0_f64, 0.0_f64);
    let mut wrong = Vec::new();
    for round in trial.from..=trial.rounds {
        let (before, _) = slow::others(&book.operator, &body, QUIET).await?;
        let memory = book.memory_kib("VmRSS")?;
        let (stop, stopped) = watch::channel(false);
        let mut guessers = JoinSet::new();
        for guesser in 0..GUESSERS {
            let person = Person::at(book.operator.address);
            // One in ten guesses at somebody who is there.
            let email = match guesser % 10 {
                0 => "operator@provider.example".into(),
                _ => format!("person-{guesser}@provider.example"),
            };
            guessers.spawn(guess(
                person,
                email,
                (Arc::clone(&guesses), stopped.clone()),
            ));
        }
        let (during, refused) = slow::others(&book.operator, &body, STORM).await?;
        grown = grown.max((book.memory_kib("VmHWM")? as f64 - memory as f64) / 1024.0);
        stop.send_replace(true);
        while let Some(ended) = guessers.join_next().await {
            wrong.extend(ended.map_err(|e| format!("a guesser failed: {e}"))?);
        }
        (quiet, meanwhile) = (quiet.max(before), meanwhile.max(during));
        wrong.extend(refused.map(|what| format!("round {round}: {what}")));
    }
    wrong.extend(book.site.verify().await?);
    wrong.extend(book.site.panics());
    let tried = guesses.load(Ordering::Relaxed);
    Ok(Tally {
        tried,
        wrong,
        figures: vec![("quiet_p99_us", (quiet * 1000.0) as u64)],
        measures: vec![
            Measure::at_most(
                "others wait (p99)",
                (meanwhile, "ms"),
                slow::bearable(quiet),
            ),
            Measure::at_most("memory grows", (grown, "MiB"), GROWTH_MIB),
            Measure::at_least("guesses", (tried as f64, "guesses"), GUESSERS as f64),
        ],
        ..Tally::default()
    })
}

/// Guesses until it is over; the first answer that is no refusal.
async fn guess(
    person: Person,
    email: String,
    (guesses, stopped): (Arc<AtomicU64>, watch::Receiver<bool>),
) -> Option<String> {
    let mut wire = Wire::to(person.address);
    let form = [("email", email.as_str()), ("password", "not the right one")];
    let request = Request::form("/sign-in", &form);
    while !*stopped.borrow() {
        match person.send(&mut wire, &request).await {
            Ok(answer) if REFUSALS.contains(&answer.status) => {
                guesses.fetch_add(1, Ordering::Relaxed);
            }
            Ok(answer) => return Some(answer.brief()),
            Err(error) => return Some(error),
        }
    }
    None
}
