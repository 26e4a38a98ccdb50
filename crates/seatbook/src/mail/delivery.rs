//! The deliverer of one server: take, carry, write down, again.

use std::{sync::Arc, time::Duration};

use store::Timestamp;
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::timeout,
};
use uuid::Uuid;

use super::{
    letter::{Letter, Mailer, Verdict},
    model::State,
    posting::{self, Settlement, Taken},
};
use crate::{
    app::App,
    error::{Error, Result},
};

/// Mails one server sends at once.
const WORKERS: usize = 4;
/// How often a server looks for mails that are due: nobody notices half a second of a mail.
const PERIOD: Duration = Duration::from_millis(500);
/// How long a server that stops waits for what it is sending. What is cut off then is sent again, and counted.
const PATIENCE: Duration = Duration::from_secs(20);
/// Waits after the first, second … try that came to nothing: from a minute to a day, three days together. After
/// the last of them one more try, then it has failed.
const BACK_OFF_SECONDS: [i64; 11] = [
    60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 57_600, 86_400, 86_400,
];
const TRIES: i64 = BACK_OFF_SECONDS.len() as i64 + 1;

/// Sends what is due, as long as the server runs.
pub struct Deliverer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Deliverer {
    /// Starts to send by this mailer.
    pub fn start(app: App, mailer: Arc<dyn Mailer>) -> Deliverer {
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(deliver(Post { app, mailer }, stopping));
        Deliverer { stop, task }
    }

    /// Takes no more mails, and ends when what is being sent is sent.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// Sends everything that is due now, here and in order: for tests.
pub async fn deliver_until_idle(app: &App, mailer: Arc<dyn Mailer>) -> Result<()> {
    let post = Post {
        app: app.clone(),
        mailer,
    };
    while let Some(taken) = post.take().await? {
        post.send(taken).await?;
    }
    Ok(())
}

#[derive(Clone)]
struct Post {
    app: App,
    mailer: Arc<dyn Mailer>,
}

async fn deliver(post: Post, mut stopping: watch::Receiver<bool>) {
    let mut sending = JoinSet::new();
    while !*stopping.borrow_and_update() {
        let mut idle = true;
        while sending.len() < WORKERS {
            match post.take().await {
                Ok(Some(taken)) => {
                    idle = false;
                    sending.spawn(send(post.clone(), taken));
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "mails could not be looked for; trying again");
                    break;
                }
            }
        }
        if !idle && sending.len() == WORKERS {
            tokio::select! {
                _ = sending.join_next() => {}
                _ = stopping.changed() => {}
            }
        } else {
            let _ = timeout(PERIOD, stopping.changed()).await;
        }
        while sending.try_join_next().is_some() {}
    }
    let rest = async { while sending.join_next().await.is_some() {} };
    if timeout(PATIENCE, rest).await.is_err() {
        tracing::warn!("mails were cut off while they were sent; the next start sends them again");
    }
}

async fn send(post: Post, taken: Taken) {
    let id = taken.id;
    if let Err(error) = post.send(taken).await {
        // Somebody will find it being sent, and send it again.
        tracing::warn!(mail = %id, %error, "what became of a mail could not be written");
    }
}

impl Post {
    fn now(&self) -> Timestamp {
        self.app.gate.now()
    }

    async fn take(&self) -> Result<Option<Taken>> {
        if self.app.gate.quarantine().is_some() {
            return Ok(None);
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        posting::take(self.app.gate.db(), Uuid::from_bytes(random), self.now()).await
    }

    /// Sends one mail and writes what became of it.
    async fn send(&self, taken: Taken) -> Result<()> {
        let verdict = match taken.attempts > TRIES {
            true => Verdict::Never("Nothing was heard of it, each time it was sent.".into()),
            false => self.carry(taken.id).await,
        };
        let now = self.now();
        let settlement = settlement(&taken, verdict, now);
        if settlement.state == State::Failed {
            // What the mail server said stands with the mail: it names whom the mail was for.
            tracing::warn!(mail = %taken.id, "a mail came to nothing");
        }
        if !posting::settle(self.app.gate.db(), &taken, settlement, now).await? {
            tracing::info!(mail = %taken.id, "a mail was taken over by another worker");
        }
        Ok(())
    }

    /// In a task of its own, so that a panic ends it alone. Dropped on every way out, and then the task is
    /// ended too.
    async fn carry(&self, id: Uuid) -> Verdict {
        let letter = match Letter::open(&self.app, id).await {
            Ok(letter) => letter,
            Err(error) => return Verdict::Later(format!("It cannot be opened: {error}")),
        };
        let (mailer, mut task) = (Arc::clone(&self.mailer), JoinSet::new());
        task.spawn(async move { mailer.carry(&letter).await });
        match task.join_next().await {
            Some(Ok(verdict)) => verdict,
            Some(Err(crash)) => {
                Verdict::Unknown(format!("Sending it stopped unexpectedly: {crash}"))
            }
            None => Verdict::Unknown("Sending it ended without a word.".into()),
        }
    }
}

/// What a try means for the mail: sent, failed, to be tried again, or to be sent again because nobody knows.
fn settlement(taken: &Taken, verdict: Verdict, now: Timestamp) -> Settlement {
    let (state, why) = match verdict {
        Verdict::Taken(answer) => {
            return Settlement {
                state: State::Sent,
                answer,
                due_at: now,
            };
        }
        Verdict::Never(why) => {
            return Settlement {
                state: State::Failed,
                answer: why,
                due_at: now,
            };
        }
        Verdict::Later(why) => (State::Queued, why),
        Verdict::Unknown(why) => (State::Sending, why),
    };
    let tries = usize::try_from(taken.attempts - 1).unwrap_or_default();
    match BACK_OFF_SECONDS.get(tries) {
        Some(seconds) => Settlement {
            state,
            answer: why,
            due_at: now.plus_seconds(*seconds),
        },
        None => Settlement {
            state: State::Failed,
            answer: format!("Given up after {TRIES} tries. {why}"),
            due_at: now,
        },
    }
}
