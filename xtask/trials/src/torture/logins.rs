//! Logins: five hundred wrong passwords at once, again and again, while others work. Looking at a password costs time and
//! memory on purpose, so no more are looked at than there are cores for, and nobody else waits for them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

use super::{
    Measure, Tally, Trial,
    street::{Crowd, Street},
};
use crate::{
    Result,
    person::{Person, Request},
    server::Ground,
    wire::Wire,
};

const GUESSERS: u64 = 500;
const STORM: Duration = Duration::from_secs(10);
const GROWTH_MIB: f64 = 200.0;
/// What is answered to a wrong password: that it is, that it was tried too often, that there is no place to look at it.
const REFUSALS: [u16; 3] = [401, 429, 503];

/// Each round is a quiet time and a storm, on one book.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut street = Street::open(ground, trial, "logins").await?;
    let guesses = Arc::new(AtomicU64::new(0));
    for round in trial.from..=trial.rounds {
        let address = street.book.operator.address;
        let gather = |stopped: watch::Receiver<bool>| {
            let mut guessers = Crowd::new();
            for guesser in 0..GUESSERS {
                // One in ten guesses at somebody who is there.
                let email = match guesser % 10 {
                    0 => "operator@provider.example".into(),
                    _ => format!("person-{guesser}@provider.example"),
                };
                let until = (Arc::clone(&guesses), stopped.clone());
                guessers.spawn(guess(Person::at(address), email, until));
            }
            guessers
        };
        street.round(round, STORM, gather).await?;
    }
    street.close().await?;
    let tried = guesses.load(Ordering::Relaxed);
    let mut measures = street.measures(GROWTH_MIB);
    measures.push(Measure::at_least(
        "guesses",
        (tried as f64, "guesses"),
        GUESSERS as f64,
    ));
    Ok(Tally {
        tried,
        figures: vec![("quiet_p99_us", street.quiet_p99_us())],
        measures,
        wrong: street.wrong,
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
