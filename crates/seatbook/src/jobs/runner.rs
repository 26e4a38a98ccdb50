//! The workers of one server: take, do, end, again.

use std::{sync::Arc, time::Duration};

use store::Timestamp;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, watch},
    task::{JoinHandle, JoinSet},
    time::{MissedTickBehavior, interval, timeout},
};
use uuid::Uuid;

use super::{
    leases::{self, Claim, Settlement},
    model::{Ended, Failure, Outcome, State},
    work::{Kind, Work},
};
use crate::{
    app::App,
    error::{Error, Result},
};

/// Jobs one server does at once.
const WORKERS: usize = 4;
/// How often an idle server looks for jobs that others handed in.
const PERIOD: Duration = Duration::from_millis(500);
/// How often a worker renews its lease: three tries within it.
const RENEWAL: Duration = Duration::from_secs(10);
/// Waits after the first, second … failure; after the last of them one more try, then it is dead.
const BACK_OFF_SECONDS: [i64; 5] = [1, 4, 16, 64, 256];
const TRIES: i64 = BACK_OFF_SECONDS.len() as i64 + 1;

static ENQUEUED: Notify = Notify::const_new();
/// A row is seen when its command is durable, shortly after the nudge; so the runner looks this often.
const LOOKS: [u64; 6] = [1, 4, 10, 25, 50, 100];

/// Tells the workers of this process that a job is about to be there.
pub(super) fn nudge() {
    ENQUEUED.notify_one();
}

/// The workers of one server.
pub struct Runner {
    stop: watch::Sender<bool>,
    dispatcher: JoinHandle<()>,
}

impl Runner {
    /// Starts taking jobs of these kinds.
    pub fn start(app: App, kinds: &'static [Kind]) -> Runner {
        let (stop, stopping) = watch::channel(false);
        let dispatcher = tokio::spawn(dispatch(Server {
            app,
            kinds,
            stopping,
        }));
        Runner { stop, dispatcher }
    }

    /// Takes no more jobs, and gives those it has back so that another server goes on at once. A command
    /// under way is not torn: it is kept or not, and its key tells the next worker which.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let _ = self.dispatcher.await;
    }
}

/// Does everything that is due now and whatever becomes due by it, here and in order: for tests.
pub async fn run_until_idle(app: &App, kinds: &'static [Kind]) -> Result<()> {
    let (_stop, stopping) = watch::channel(false);
    let server = Server {
        app: app.clone(),
        kinds,
        stopping,
    };
    while let Some(claim) = server.take().await? {
        server.work(claim).await?;
    }
    Ok(())
}

#[derive(Clone)]
struct Server {
    app: App,
    kinds: &'static [Kind],
    stopping: watch::Receiver<bool>,
}

async fn dispatch(server: Server) {
    let slots = Arc::new(Semaphore::new(WORKERS));
    let mut working = JoinSet::new();
    let mut looks = LOOKS.iter();
    loop {
        let slot = tokio::select! {
            slot = Arc::clone(&slots).acquire_owned() => slot,
            () = stopped(&server.stopping) => break,
        };
        let Ok(slot) = slot else { break };
        while working.try_join_next().is_some() {}
        match server.take().await {
            Ok(Some(claim)) => drop(working.spawn(work_and_free(server.clone(), claim, slot))),
            Ok(None) => {
                drop(slot);
                let wait = looks
                    .next()
                    .map_or(PERIOD, |millis| Duration::from_millis(*millis));
                tokio::select! {
                    nudged = timeout(wait, ENQUEUED.notified()) => if nudged.is_ok() { looks = LOOKS.iter() },
                    () = stopped(&server.stopping) => break,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be looked for; trying again");
                let _ = timeout(PERIOD * 4, stopped(&server.stopping)).await;
            }
        }
    }
    while working.join_next().await.is_some() {}
}

/// Ends when the server is told to stop.
async fn stopped(stopping: &watch::Receiver<bool>) {
    let mut stopping = stopping.clone();
    while !*stopping.borrow_and_update() {
        if stopping.changed().await.is_err() {
            return;
        }
    }
}

async fn work_and_free(server: Server, claim: Claim, slot: OwnedSemaphorePermit) {
    let id = claim.id;
    if let Err(error) = server.work(claim).await {
        // Its lease will end, and then somebody takes it again.
        tracing::warn!(job = %id, %error, "what became of a job could not be written");
    }
    drop(slot);
}

/// How one try came out.
enum Tried {
    Ended(Result<Ended>),
    /// Somebody else has it now.
    Lost,
    /// This server stops.
    Stopped,
}

impl Server {
    fn now(&self) -> Timestamp {
        self.app.gate.now()
    }

    async fn take(&self) -> Result<Option<Claim>> {
        if self.app.gate.quarantine().is_some() {
            return Ok(None);
        }
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        leases::take(self.app.gate.db(), Uuid::from_bytes(random), self.now()).await
    }

    /// Does one job and writes what became of it.
    async fn work(&self, claim: Claim) -> Result<()> {
        // Work that was begun ends itself: it may have something to take back.
        let tried = if claim.cancel_requested && claim.attempts <= 1 {
            Tried::Ended(Ok(Ended::canceled("Canceled before it was done.")))
        } else if claim.attempts > TRIES {
            Tried::Ended(Err(abandoned()))
        } else {
            self.attempt(&claim).await
        };
        let (db, now) = (self.app.gate.db(), self.now());
        let kept = match tried {
            Tried::Ended(Ok(Ended {
                again_seconds: Some(seconds),
                ..
            })) => leases::release(db, &claim, now.plus_seconds(seconds)).await?,
            Tried::Ended(ended) => {
                leases::settle(db, &claim, settlement(&claim, ended, now), now).await?
            }
            Tried::Stopped => leases::release(db, &claim, now).await?,
            Tried::Lost => false,
        };
        if !kept {
            tracing::info!(job = %claim.id, "a job was taken over by another worker");
        }
        Ok(())
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        self.kinds.iter().find(|kind| kind.name == name).copied()
    }

    /// The work in a task of its own, so that a panic ends it alone, with its lease kept meanwhile.
    async fn attempt(&self, claim: &Claim) -> Tried {
        let Some(kind) = self.kind(&claim.kind) else {
            return Tried::Ended(Err(unknown(&claim.kind)));
        };
        let work = match Work::new(&self.app, claim).await {
            Ok(work) => work,
            Err(error) => return Tried::Ended(Err(error)),
        };
        // Dropped on every way out, and then the task is ended too.
        let mut task = JoinSet::new();
        task.spawn((kind.run)(self.app.clone(), work));
        tokio::select! {
            ended = task.join_next() => Tried::Ended(match ended {
                Some(Ok(ended)) => ended,
                Some(Err(crash)) => Err(crashed(&crash)),
                None => Err(Error::internal("a job ended without a word")),
            }),
            () = keep(&self.app, claim) => Tried::Lost,
            () = stopped(&self.stopping) => Tried::Stopped,
        }
    }
}

/// Renews the lease until it is lost.
async fn keep(app: &App, claim: &Claim) {
    let mut beat = interval(RENEWAL);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat.tick().await;
    loop {
        beat.tick().await;
        match leases::renew(app.gate.db(), claim, app.gate.now()).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => {
                tracing::warn!(job = %claim.id, %error, "a lease could not be renewed; trying again");
            }
        }
    }
}

/// What a try means for the job: done, refused for good, to be tried again, or dead.
fn settlement(claim: &Claim, ended: Result<Ended>, now: Timestamp) -> Settlement {
    let failures = claim.failures.clone();
    let error = match ended {
        Ok(ended) => {
            let state = if ended.canceled {
                State::Canceled
            } else {
                State::Done
            };
            return Settlement {
                state,
                code: None,
                message: ended.message,
                outcome: Some(ended.outcome),
                run_at: now,
                failures,
            };
        }
        Err(error) => error,
    };
    if is_final(&error) {
        let outcome = Outcome {
            problem: Some(error.problem()),
            ..Outcome::default()
        };
        return Settlement {
            state: State::Refused,
            code: Some(error.code.to_string()),
            message: error.message,
            outcome: Some(outcome),
            run_at: now,
            failures,
        };
    }
    tracing::error!(job = %claim.id, kind = claim.kind, attempt = claim.attempts, %error, "a job failed");
    failed(claim, &error, now)
}

fn failed(claim: &Claim, error: &Error, now: Timestamp) -> Settlement {
    let mut failures = claim.failures.clone();
    failures.push(Failure::new(now, error));
    let tries = usize::try_from(claim.attempts - 1).unwrap_or_default();
    let (state, run_at, message) = match BACK_OFF_SECONDS.get(tries) {
        Some(seconds) => (
            State::Waiting,
            now.plus_seconds(*seconds),
            error.message.clone(),
        ),
        None => {
            let message = format!("Given up after {TRIES} tries. {}", error.message);
            (State::Dead, now, message)
        }
    };
    Settlement {
        state,
        code: Some(error.code.to_string()),
        message,
        outcome: None,
        run_at,
        failures,
    }
}

/// A refusal is decided by rules and would be the same again; but a twin that is still under way is no
/// decision at all.
fn is_final(error: &Error) -> bool {
    error.is_refusal() && error.code != "idempotency.in_flight"
}

fn crashed(crash: &tokio::task::JoinError) -> Error {
    let mut error = Error::internal(crash.to_string());
    error.code = "job.crashed".into();
    error.message = "The work stopped unexpectedly; the error has been logged.".into();
    error
}

fn abandoned() -> Error {
    let mut error = Error::internal("its workers ended without a word");
    error.code = "job.abandoned".into();
    error.message = "Its workers stopped without a word, each time it was tried.".into();
    error
}

fn unknown(kind: &str) -> Error {
    let mut error = Error::internal(format!("no code for jobs of kind {kind}"));
    error.code = "job.unknown_kind".into();
    error.message = "This version of Seatbook does not know how to do this.".into();
    error
}
