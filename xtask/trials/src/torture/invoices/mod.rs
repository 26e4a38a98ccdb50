//! Invoices: 32 clients bill what was sold while the server is killed again and again. In the end the numbers are 1 to n
//! without a hole or a double, every sum is right, and each invoice has its files and one mail.
//!
//! A round is 50 invoices and about one kill. A client that got no answer asks again under the same key, as it would at a
//! customer's; it knows nothing of what the server did.

mod audit;
mod clerk;
mod desk;

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::JoinSet};

use self::{
    clerk::{Clerk, Door, Record},
    desk::{Desk, Order},
};
use super::{Tally, Trial};
use crate::{
    Result,
    book::Book,
    random::Random,
    server::{Ground, pause},
};

const CLIENTS: usize = 32;
const INVOICES_A_ROUND: u64 = 50;
/// However slowly the clients come on, the server is killed this often.
const LONGEST_LIFE: Duration = Duration::from_secs(4);
/// Some job ends within this time: one whose worker was killed is taken over after its lease of 30 seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Bills so many rounds on one book, then looks at everything.
pub async fn run(ground: &Ground, trial: Trial) -> Result<Tally> {
    let rounds = trial.rounds + 1 - trial.from;
    let book = Book::new(ground, trial.engine, "invoices").await?;
    let mut random = Random::of(trial.seed, &[trial.from]);
    let desk = Desk::set(&book).await?;
    let orders = desk
        .sell(&book, rounds * INVOICES_A_ROUND, &mut random)
        .await?;
    let mut anvil = Anvil {
        trial,
        book,
        kills: 0,
    };
    let begun = Instant::now();
    let records = anvil.bill(&orders, &mut random).await?;
    let billed = begun.elapsed();
    anvil.deliver(orders.len()).await?;

    let mut wrong = audit::audit(&anvil.book, (&orders, &records)).await?;
    wrong.extend(anvil.book.site.verify().await?);
    wrong.extend(anvil.book.site.panics());
    let sum = |count: fn(&Record) -> u64| records.iter().map(count).sum();
    Ok(Tally {
        tried: orders.len() as u64,
        wrong,
        figures: vec![
            ("kills", anvil.kills),
            ("unanswered", sum(|it| it.unanswered)),
            ("kept_unanswered", sum(|it| it.kept)),
            ("refused", sum(|it| it.refused)),
            ("billed_seconds", billed.as_secs()),
        ],
        ..Tally::default()
    })
}

/// The book, and how often its server died.
struct Anvil {
    trial: Trial,
    book: Book,
    kills: u64,
}

impl Anvil {
    /// Lets the clients bill everything, and kills the server all the while.
    async fn bill(&mut self, orders: &[Order], random: &mut Random) -> Result<Vec<Record>> {
        let (open, door) = watch::channel(Door::at(self.book.operator.address));
        let (counted, mut done) = watch::channel(0);
        let counted = Arc::new(counted);
        let mut clerks = JoinSet::new();
        for number in 0..CLIENTS {
            let own = orders.iter().skip(number).step_by(CLIENTS).cloned();
            let clerk = Clerk {
                number,
                seed: self.trial.seed,
                person: self.book.operator.clone(),
                door: door.clone(),
                counted: Arc::clone(&counted),
            };
            clerks.spawn(clerk.work(own.collect::<VecDeque<Order>>()));
        }
        drop((counted, door));
        let total = orders.len() as u64;
        let mut next = 0;
        while next < total {
            // Anywhere within the next round: where the numbers are is where the next kill is.
            next += 1 + random.below(2 * INVOICES_A_ROUND);
            let wanted = next.min(total);
            let reached = done.wait_for(|done| *done >= wanted);
            let reached = tokio::time::timeout(LONGEST_LIFE, reached).await;
            match reached.map(|done| done.is_ok()) {
                Ok(true) => {}
                // Every client has ended, and not every order is billed.
                Ok(false) => break,
                Err(_) => next = *done.borrow(),
            }
            pause(Duration::from_millis(random.below(60))).await;
            self.kill(random).await?;
            let next_door = Door::after(&open.borrow(), self.book.operator.address);
            open.send_replace(next_door);
        }
        drop(open);
        let mut records = Vec::with_capacity(CLIENTS);
        while let Some(ended) = clerks.join_next().await {
            records.push(ended.map_err(|e| format!("a client failed: {e}"))??);
        }
        Ok(records)
    }

    async fn kill(&mut self, random: &mut Random) -> Result<()> {
        self.book.take_server()?.kill()?;
        if random.below(8) == 0 {
            // A start that is killed as well: whatever it was mending is mended by the next.
            let server = self.book.site.spawn()?;
            pause(Duration::from_millis(random.below(120))).await;
            server.kill()?;
            self.kills += 1;
        }
        self.kills += 1;
        self.book.reopen().await
    }

    /// Waits until every invoice has its files and its mail, or its job came to something else.
    async fn deliver(&self, invoices: usize) -> Result<()> {
        let (mut least, mut moved, mut told) = (usize::MAX, Instant::now(), Instant::now());
        while moved.elapsed() < PATIENCE {
            let mut left = 0;
            for state in ["queued", "running", "waiting"] {
                let path = format!("/api/v1/jobs?state={state}&");
                left += self.book.all(&path).await?.len();
            }
            if left == 0 {
                return Ok(());
            }
            if left < least {
                (least, moved) = (left, Instant::now());
            }
            if told.elapsed() > Duration::from_secs(30) {
                told = Instant::now();
                let engine = self.trial.engine.as_str();
                eprintln!("invoices {engine}: {left} of {invoices} are not delivered yet");
            }
            pause(Duration::from_millis(250)).await;
        }
        Err(format!(
            "{least} jobs are left, and none ended within {PATIENCE:?}"
        ))
    }
}
