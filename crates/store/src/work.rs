//! What a caller hands to the engine room, and how it is queued.

use std::{future::Future, pin::Pin, sync::Arc};

use tokio::sync::oneshot;

use crate::{
    Error, Result, Tx,
    watch::{Touch, Watch, Watched},
};

/// A future that owns its place on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A closure that reads: `|mut tx| Box::pin(async move { … })`.
pub trait Reading<T>: for<'a> FnOnce(Tx<'a>) -> BoxFuture<'a, T> + Send + 'static {}
impl<T, F: for<'a> FnOnce(Tx<'a>) -> BoxFuture<'a, T> + Send + 'static> Reading<T> for F {}

/// What a piece of work decided about its own writes.
#[derive(Debug)]
pub enum Verdict<T> {
    /// Keep what was written.
    Keep(T),
    /// Take back whatever was written; the value is still the answer.
    Undo(T),
}

/// Who goes first when several wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// A person or a program waits for the answer.
    Interactive,
    /// Long work in slices.
    Bulk,
    /// Looks only, and only when nobody writes.
    Preview,
}

/// Where a piece of work may run.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its lane.
    pub lane: Lane,
    /// The one contended row it begins with; work on the same row meets on one connection and shares
    /// a transaction. `None` means several rows or none: on PostgreSQL it runs in a transaction alone.
    pub shard: Option<u128>,
    /// Whether its statements may be sent interleaved with its neighbours' on one connection.
    pub pipelined: bool,
}

impl Place {
    /// Interactive, in a transaction of its own.
    pub const ALONE: Place = Place {
        lane: Lane::Interactive,
        shard: None,
        pipelined: false,
    };

    /// Behind everything that somebody waits for, in a transaction of its own.
    pub const BULK: Place = Place {
        lane: Lane::Bulk,
        ..Place::ALONE
    };
}

/// One write: its whole effect is atomic. It may run more than once (a batch that failed, a deadlock,
/// an unanswered commit), so it borrows itself and must give the same effect each time.
pub trait Work: Send + 'static {
    /// The answer.
    type Out: Send + 'static;

    /// Where it may run.
    fn place(&self) -> Place;

    /// Whether it recognises its own earlier effect, so that it may run again after a COMMIT that was
    /// never answered. Without this the caller is told [`Error::CommitUnknown`].
    fn recognises_itself(&self) -> bool {
        false
    }

    /// Does it. A statement that fails fails the work, whatever verdict it gives.
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> impl Future<Output = Verdict<Self::Out>> + Send + 'a;

    /// Runs after an undo, where the writes are gone: what it writes here stays.
    fn after_undo<'a>(
        &'a mut self,
        _tx: Tx<'a>,
        out: Self::Out,
    ) -> impl Future<Output = Self::Out> + Send + 'a {
        std::future::ready(out)
    }
}

/// What became of one run, without its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ran {
    Kept,
    Undone,
}

/// A queued piece of work without its type.
pub(crate) trait Queued: Send {
    fn place(&self) -> Place;
    fn recognises_itself(&self) -> bool;
    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Ran>;
    fn after_undo<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, ()>;
    /// Gives the last run's answer, or the error instead of it.
    fn answer(self: Box<Self>, end: Result<()>);
}

pub(crate) struct Pending<W: Work> {
    work: W,
    lane: Lane,
    out: Option<W::Out>,
    reply: oneshot::Sender<Answer<W::Out>>,
    watched: Arc<Watched>,
    touch: Touch,
}

/// What became of a piece of work, and whether it changed what somebody remembers.
pub(crate) struct Answer<T> {
    pub(crate) end: Result<T>,
    pub(crate) touched: bool,
}

impl<W: Work> Pending<W> {
    pub(crate) fn new(
        work: W,
        preview: bool,
        watched: Arc<Watched>,
    ) -> (Self, oneshot::Receiver<Answer<W::Out>>) {
        let (reply, answer) = oneshot::channel();
        let lane = if preview {
            Lane::Preview
        } else {
            work.place().lane
        };
        (
            Pending {
                work,
                lane,
                out: None,
                reply,
                // A preview changes nothing.
                touch: Touch::new(if preview {
                    Watch::NOTHING
                } else {
                    watched.watch
                }),
                watched,
            },
            answer,
        )
    }
}

impl<W: Work> Queued for Pending<W> {
    fn place(&self) -> Place {
        Place {
            lane: self.lane,
            ..self.work.place()
        }
    }

    fn recognises_itself(&self) -> bool {
        self.work.recognises_itself()
    }

    fn run<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, Ran> {
        Box::pin(async move {
            let tx = tx.seen_by(&self.touch);
            let (ran, out) = match self.work.run(tx).await {
                Verdict::Keep(out) => (Ran::Kept, out),
                Verdict::Undo(out) => (Ran::Undone, out),
            };
            self.out = Some(out);
            ran
        })
    }

    fn after_undo<'a>(&'a mut self, tx: Tx<'a>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Some(out) = self.out.take() {
                let tx = tx.seen_by(&self.touch);
                self.out = Some(self.work.after_undo(tx, out).await);
            }
        })
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let Pending {
            out,
            reply,
            watched,
            touch,
            ..
        } = *self;
        let touched = touch.is_touched();
        if touched {
            watched.end_turn();
        }
        let end = end.and_then(|()| out.ok_or_else(|| Error::Crashed("no answer".into())));
        // A caller that went away has nothing to be told.
        let _ = reply.send(Answer { end, touched });
    }
}

/// Work made of a closure, for the plumbing that is not a business command: leases, sessions, seals.
pub(crate) struct Plain<F>(pub(crate) F, pub(crate) Place);

impl<F, T> Work for Plain<F>
where
    F: for<'a> FnMut(Tx<'a>) -> BoxFuture<'a, Result<T>> + Send + 'static,
    T: Send + 'static,
{
    type Out = Result<T>;

    fn place(&self) -> Place {
        self.1
    }

    fn run<'a>(&'a mut self, tx: Tx<'a>) -> impl Future<Output = Verdict<Self::Out>> + Send + 'a {
        let run = (self.0)(tx);
        async move {
            match run.await {
                Ok(out) => Verdict::Keep(Ok(out)),
                Err(error) => Verdict::Undo(Err(error)),
            }
        }
    }
}
