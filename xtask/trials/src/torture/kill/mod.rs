//! `kill -9` in the middle of bursts of writes: no acknowledged write lost, nothing half done, and a write that
//! was not answered happens once when it is asked for again.
//!
//! Each round: a server, 32 writers, the kill; `verify` on what is left; a new server; the audit ([`ledger`]).

mod burst;
mod ledger;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use self::{
    burst::{Field, Turn},
    ledger::Ledger,
};
use super::{Tally, Trial};
use crate::{
    Result,
    book::Book,
    random::Random,
    server::{Ground, pause},
};

/// The journal of a book that has seen many bursts takes long to verify: then another book is begun.
const ROUNDS_A_BOOK: u64 = 30;
/// A job whose worker was killed is taken over after its lease of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(90);

/// A book under torture.
struct Anvil {
    book: Book,
    field: Arc<Field>,
    ledger: Ledger,
}

/// Runs so many rounds, on as many books as that takes.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let mut total = Ledger::default();
    let mut settling = JoinSet::new();
    let mut round = trial.from.saturating_sub(1);
    while round < trial.rounds {
        let mut anvil = Anvil::new(ground, trial, round / ROUNDS_A_BOOK).await?;
        for _ in 0..ROUNDS_A_BOOK.min(trial.rounds - round) {
            round += 1;
            anvil
                .round(trial, round)
                .await
                .map_err(|e| format!("round {round}: {e}"))?;
            if round.is_multiple_of(10) {
                eprintln!(
                    "kill {}: {round} of {}",
                    trial.engine.as_str(),
                    trial.rounds
                );
            }
        }
        // Its last jobs may wait for their leases; the next book need not.
        settling.spawn(anvil.settle());
    }
    while let Some(ledger) = settling.join_next().await {
        total.add(ledger.map_err(|e| e.to_string())??);
    }
    let figures = total.figures();
    Ok(Tally {
        tried: (round + 1).saturating_sub(trial.from),
        wrong: total.wrong,
        figures,
        ..Tally::default()
    })
}

impl Anvil {
    async fn new(ground: &Ground, trial: Trial, number: u64) -> Result<Anvil> {
        let book = Book::new(ground, trial.engine, &format!("kill-{number}")).await?;
        let field = Arc::new(Field::new(&book).await?);
        let ledger = Ledger::of(&field);
        Ok(Anvil {
            book,
            field,
            ledger,
        })
    }

    async fn round(&mut self, trial: Trial, round: u64) -> Result<()> {
        let mut random = Random::of(trial.seed, &[round]);
        let turn = Turn {
            seed: trial.seed,
            round,
        };
        let time = Duration::from_millis(5 + random.below(396));
        let writers = burst::begin(turn, &self.book, &self.field);
        pause(time).await;
        let server = self.book.take_server()?;
        server.kill()?;
        let attempts = burst::end(writers).await?;

        self.ledger.at = format!("round {round}, killed after {time:?}");
        let found = self.book.site.verify().await?;
        self.ledger.complain(found);
        if random.below(8) == 0 {
            // A start that is killed as well: whatever it was mending is mended by the next.
            let server = self.book.site.spawn()?;
            pause(Duration::from_millis(random.below(120))).await;
            server.kill()?;
        }
        self.book.reopen().await?;
        self.ledger
            .audit(&self.book, &self.field, turn, attempts)
            .await
    }

    /// Waits for the jobs that are left, and looks a last time.
    async fn settle(mut self) -> Result<Ledger> {
        let begun = Instant::now();
        self.ledger.at = "at the end".into();
        while self.ledger.waits_for_jobs() {
            if begun.elapsed() > PATIENCE {
                self.ledger
                    .complain(vec![format!("jobs did not end within {PATIENCE:?}")]);
                break;
            }
            pause(Duration::from_millis(200)).await;
            self.ledger.follow_jobs(&self.book).await?;
        }
        self.ledger
            .look_at_shares(&self.book, &self.field, &[])
            .await?;
        let found = self.book.site.verify().await?;
        self.ledger.complain(found);
        self.ledger.complain(self.book.site.panics());
        Ok(self.ledger)
    }
}
