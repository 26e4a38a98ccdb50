//! One writer of the PostgreSQL engine: gathers waiting work into a transaction, and sees to it that a
//! failed, refused or unanswered piece neither spoils its neighbours nor happens twice.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::join_all};

use super::{Connector, Session};
use crate::{
    Error, Lane, Result, Tx,
    queue::{Item, Queue},
    sqlite::message,
    tx::Ledger,
    work::Ran,
};

const BATCH_COMMANDS: usize = 128;
/// Batches that were spoilt more often than this run one by one.
const BATCH_TRIES: usize = 3;
const ALONE_TRIES: u32 = 6;
/// Nor is anything tried again after this time: those that wait behind it would wait for each of its tries.
const ALONE_TIME: Duration = Duration::from_secs(5);
/// A COMMIT that takes longer counts as unanswered.
const COMMIT_TIME: Duration = Duration::from_secs(10);
/// Here a preview holds one connection and the rows it looks at, not the only writer; a first one on a fresh
/// connection prepares every statement within it.
const PREVIEW_TIME: Duration = Duration::from_secs(1);

/// Serves one queue with one connection, which it replaces when it breaks.
pub(crate) struct Writer {
    connector: Connector,
    session: Option<Session>,
    queue: Arc<Queue>,
}

/// How a batch ended.
enum Batch {
    Committed,
    /// Taken back because of the items at these places.
    Spoilt(Vec<usize>),
    /// Nothing was sent to be kept, or it is not known whether it was.
    Lost {
        commit_sent: bool,
    },
}

impl Writer {
    pub(crate) fn new(connector: Connector, queue: Arc<Queue>) -> Self {
        Writer {
            connector: connector.writing(),
            session: None,
            queue,
        }
    }

    /// Serves the queue until it is closed and empty.
    pub(crate) async fn run(mut self) {
        while self.queue.wait_async().await {
            let mut batch = Vec::new();
            while batch.len() < BATCH_COMMANDS {
                match self.queue.next() {
                    Some(item) if item.place().lane == Lane::Preview => self.preview(item).await,
                    Some(item) if item.place().shard.is_none() => self.alone(item, false).await,
                    Some(item) => batch.push(item),
                    None => break,
                }
            }
            self.together(batch).await;
        }
    }

    /// Runs the batch in one transaction; whatever spoils it is taken out and run alone.
    async fn together(&mut self, mut batch: Vec<Item>) {
        // Two servers that meet on several pools take their locks in the same order.
        batch.sort_by_key(|item| item.place().shard);
        let (mut spoilers, mut unknown) = (Vec::new(), false);
        for _ in 0..BATCH_TRIES {
            if batch.len() < 2 {
                break;
            }
            match self.try_batch(&mut batch).await {
                Batch::Committed => {
                    batch.drain(..).for_each(|item| item.answer(Ok(())));
                }
                Batch::Spoilt(places) => {
                    for place in places.into_iter().rev() {
                        spoilers.push(batch.remove(place));
                    }
                }
                Batch::Lost { commit_sent } => {
                    self.session = None;
                    unknown = commit_sent;
                    if commit_sent {
                        let (safe, unsafe_): (Vec<_>, Vec<_>) =
                            batch.drain(..).partition(|item| item.recognises_itself());
                        unsafe_
                            .into_iter()
                            .for_each(|item| item.answer(Err(Error::CommitUnknown)));
                        batch = safe;
                    }
                    break;
                }
            }
        }
        for item in batch.into_iter().chain(spoilers) {
            self.alone(item, unknown).await;
        }
    }

    async fn try_batch(&mut self, batch: &mut [Item]) -> Batch {
        let Ok(session) = self.session().await else {
            return Batch::Lost { commit_sent: false };
        };
        let pipelined = batch.iter().all(|item| item.place().pipelined);
        let begin = session.batch("BEGIN");
        let (begun, mut runs) = if pipelined {
            let all = join_all(batch.iter_mut().map(|item| run(session, item, None)));
            futures_util::future::join(begin, all).await
        } else {
            let begun = begin.await;
            let mut runs = Vec::with_capacity(batch.len());
            for item in batch.iter_mut() {
                runs.push(run(session, item, None).await);
                if runs.last().is_some_and(is_spoilt) {
                    break;
                }
            }
            (begun, runs)
        };
        if begun.is_err() || session.is_closed() {
            return Batch::Lost { commit_sent: false };
        }
        if !runs.iter().any(is_spoilt) {
            settle(session, batch, &mut runs).await;
        }
        let spoilers: Vec<usize> = (0..runs.len())
            .filter(|&place| is_spoilt(&runs[place]) && !is_follower(&runs[place]))
            .collect();
        if runs.iter().any(is_spoilt) {
            let crashed = runs
                .iter()
                .any(|run| matches!(run.end, Err(Error::Crashed(_))));
            if session.batch("ROLLBACK").await.is_err() || crashed {
                self.session = None;
            }
            return Batch::Spoilt(spoilers);
        }
        match commit(session).await {
            Ok(()) => Batch::Committed,
            Err(_) => Batch::Lost { commit_sent: true },
        }
    }

    /// One item in a transaction of its own, again and again while that is safe and may help. Where a COMMIT before, or
    /// one of its own, was not answered, it is never told that nothing was changed.
    async fn alone(&mut self, mut item: Item, mut unknown: bool) {
        let (mut tries, begun) = (0, Instant::now());
        let end = loop {
            tries += 1;
            let end = self.try_alone(&mut item).await;
            let Err(error) = &end else { break end };
            unknown |= matches!(error, Error::CommitUnknown);
            if error.is_broken_connection()
                || matches!(error, Error::CommitUnknown | Error::Crashed(_))
            {
                self.session = None;
            }
            let again = match error {
                Error::CommitUnknown => item.recognises_itself(),
                Error::Unavailable(_) => true,
                error => error.is_transient() || error.is_broken_connection(),
            };
            if !again || tries >= ALONE_TRIES || begun.elapsed() > ALONE_TIME {
                break end;
            }
            pause(tries).await;
        };
        item.answer(end.map_err(|error| {
            if !error.is_transient() && !error.is_out_of_reach() {
                error
            } else if unknown {
                Error::CommitUnknown
            } else {
                Error::Unavailable(error.to_string())
            }
        }));
    }

    async fn try_alone(&mut self, item: &mut Item) -> Result<()> {
        let session = self.session().await?;
        session.batch("BEGIN").await?;
        let ran = run(session, item, None).await;
        match ran.end {
            Ok(Ran::Kept) => commit(session).await,
            Ok(Ran::Undone) => {
                session.batch("ROLLBACK; BEGIN").await?;
                match after_undo(session, item).await {
                    Ok(()) => commit(session).await,
                    Err(error) => {
                        session.batch("ROLLBACK").await?;
                        Err(error)
                    }
                }
            }
            Err(error) => {
                if !error.is_broken_connection() {
                    session.batch("ROLLBACK").await?;
                }
                Err(error)
            }
        }
    }

    /// The same run, alone, and always taken back.
    async fn preview(&mut self, mut item: Item) {
        let end = async {
            let session = self.session().await?;
            session
                .batch("BEGIN; SET LOCAL statement_timeout = 1000")
                .await?;
            let ran = run(session, &mut item, Some(Instant::now() + PREVIEW_TIME)).await;
            session.batch("ROLLBACK").await?;
            ran.end.map(|_| ())
        };
        let end: Result<()> = end.await;
        if end
            .as_ref()
            .is_err_and(|e| e.is_broken_connection() || matches!(e, Error::Crashed(_)))
        {
            self.session = None;
        }
        item.answer(end.map_err(|error| match &error {
            Error::Postgres(e)
                if e.code() == Some(&tokio_postgres::error::SqlState::QUERY_CANCELED) =>
            {
                Error::TooSlow
            }
            _ => error,
        }));
    }

    async fn session(&mut self) -> Result<&Session> {
        if self.session.as_ref().is_none_or(Session::is_closed) {
            let connected = self.connector.connect().await;
            self.session = Some(connected.map_err(|error| Error::Unavailable(error.to_string()))?);
        }
        Ok(self.session.as_ref().expect("a session was just opened"))
    }
}

/// One run of one item: what it decided, or why it failed, and whether it wrote before that.
struct Run {
    end: Result<Ran>,
    wrote: bool,
}

async fn run(session: &Session, item: &mut Item, deadline: Option<Instant>) -> Run {
    let ledger = Ledger::default();
    let tx = Tx::postgres(session, &ledger).until(deadline);
    let ran = AssertUnwindSafe(item.run(tx))
        .catch_unwind()
        .await
        .map_err(crashed);
    Run {
        wrote: ledger.wrote(),
        end: ledger.judge(ran),
    }
}

async fn after_undo(session: &Session, item: &mut Item) -> Result<()> {
    let ledger = Ledger::default();
    let tx = Tx::postgres(session, &ledger);
    let settled = AssertUnwindSafe(item.after_undo(tx))
        .catch_unwind()
        .await
        .map_err(crashed);
    ledger.judge(settled)
}

/// Lets those who refused before writing anything store their refusal in the same transaction.
async fn settle(session: &Session, batch: &mut [Item], runs: &mut [Run]) {
    for (item, run) in batch.iter_mut().zip(runs) {
        if matches!(run.end, Ok(Ran::Undone))
            && let Err(error) = after_undo(session, item).await
        {
            run.end = Err(error);
        }
    }
}

/// Whether this run's transaction cannot be committed as it is.
fn is_spoilt(run: &Run) -> bool {
    match &run.end {
        Ok(Ran::Kept) => false,
        Ok(Ran::Undone) => run.wrote,
        Err(_) => true,
    }
}

/// Whether it failed only because a neighbour had failed before it.
fn is_follower(run: &Run) -> bool {
    matches!(&run.end, Err(Error::Postgres(error))
        if error.code() == Some(&tokio_postgres::error::SqlState::IN_FAILED_SQL_TRANSACTION))
}

/// COMMIT of an aborted transaction answers without an error, so it is only ever sent when every
/// statement of the transaction succeeded.
async fn commit(session: &Session) -> Result<()> {
    match tokio::time::timeout(COMMIT_TIME, session.batch("COMMIT")).await {
        Ok(Ok(())) => Ok(()),
        // The server answered, and it said no: a deferred constraint, a full disk.
        Ok(Err(error)) if !error.is_broken_connection() => Err(error),
        Ok(Err(_)) | Err(_) => Err(Error::CommitUnknown),
    }
}

fn crashed(panic: Box<dyn std::any::Any + Send>) -> Error {
    Error::Crashed(message(&*panic))
}

/// Waits a little longer each time, and not the same for everyone.
#[expect(
    clippy::disallowed_methods,
    reason = "backing off before a retry is what a sleep is for"
)]
async fn pause(tries: u32) {
    let spread = u64::from(
        std::time::UNIX_EPOCH
            .elapsed()
            .map_or(0, |since| since.subsec_micros())
            % 16,
    );
    tokio::time::sleep(Duration::from_millis((1 << tries) + spread)).await;
}
