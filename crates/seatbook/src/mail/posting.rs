//! What the deliverer writes: taking a mail, and what became of it.
//!
//! None of it is business, so none of it passes the gate. Every statement names the worker that was drawn when
//! the mail was taken: one that lost it changes nothing any more.

use store::{Db, FromRow, Lane, Place, Row, Timestamp};
use uuid::Uuid;

use super::model::State;
use crate::error::Result;

/// How long a worker that died keeps others away from its mail; longer than a mail server is spoken to.
pub(super) const LEASE_SECONDS: i64 = 300;
/// Lost races for a mail in a row, after which a worker looks again later.
const LOST_RACES: usize = 16;

const PLACE: Place = Place {
    lane: Lane::Interactive,
    shard: None,
    pipelined: false,
};

/// A mail that a worker has taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) id: Uuid,
    worker: Uuid,
    /// How often it was taken, this time included.
    pub(super) attempts: i64,
}

impl FromRow for Taken {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Taken {
            id: row.get(0)?,
            worker: row.get(1)?,
            attempts: row.get(2)?,
        })
    }
}

/// A restored book may stand where another stood when it was last looked: what leaves asks the book itself.
const DUE: &str = "SELECT id FROM mail WHERE state IN ('queued', 'sending') AND due_at <= $1
      AND NOT EXISTS (SELECT 1 FROM quarantine)
    ORDER BY due_at, id LIMIT 1";

/// Due twice: for the choice, and again for the row as it is when its turn to be written comes. One that is
/// found being sent was not heard of again: nobody knows whether it left, and that is counted.
const TAKE: &str = "UPDATE mail SET state = 'sending', worker = $2, due_at = $3, begun_at = $1,
      attempts = attempts + 1,
      resent_unknown = resent_unknown + CASE WHEN state = 'sending' THEN 1 ELSE 0 END
    WHERE id = (SELECT id FROM mail WHERE state IN ('queued', 'sending') AND due_at <= $1
                ORDER BY due_at, id LIMIT 1)
      AND state IN ('queued', 'sending') AND due_at <= $1
      AND NOT EXISTS (SELECT 1 FROM quarantine)
    RETURNING id, worker, attempts";

/// Takes the mail that has been due longest, if one is. When this has answered, it is durable that the mail is
/// being sent: only now a mail server may be spoken to.
pub(super) async fn take(db: &Db, worker: Uuid, now: Timestamp) -> Result<Option<Taken>> {
    for _ in 0..LOST_RACES {
        if !is_due(db, now).await? {
            return Ok(None);
        }
        let until = now.plus_seconds(LEASE_SECONDS);
        let taken: Option<Taken> = db
            .plumb(PLACE, move |mut tx| {
                Box::pin(async move { tx.query_opt(TAKE, &[&now, &worker, &until]).await })
            })
            .await?;
        if taken.is_some() {
            return Ok(taken);
        }
    }
    Ok(None)
}

/// A look that costs no write: most of the time there is nothing to do.
async fn is_due(db: &Db, now: Timestamp) -> Result<bool> {
    let due =
        db.read(move |mut tx| Box::pin(async move { tx.query_opt::<(Uuid,)>(DUE, &[&now]).await }));
    Ok(due.await??.is_some())
}

/// Frees what a server that died was sending, where it is sure that no other server is: at the start, so that no
/// mail waits for nobody. Says how many that were.
pub async fn free_all(db: &Db, now: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE mail SET due_at = $1
        WHERE state = 'sending' AND worker IS NOT NULL AND due_at > $1";
    if !db.is_exclusive() {
        return Ok(0);
    }
    let done = db.plumb(PLACE, move |mut tx| {
        Box::pin(async move { tx.execute(SQL, &[&now]).await })
    });
    Ok(done.await?)
}

/// What became of a try.
#[derive(Clone, Debug)]
pub(super) struct Settlement {
    pub(super) state: State,
    /// The mail server's last words, or why there were none.
    pub(super) answer: String,
    /// When it is tried again.
    pub(super) due_at: Timestamp,
}

/// Ends a try; `false` where the mail was lost meanwhile, and nothing is written.
pub(super) async fn settle(
    db: &Db,
    taken: &Taken,
    end: Settlement,
    now: Timestamp,
) -> Result<bool> {
    const SQL: &str =
        "UPDATE mail SET state = $3, answer = $4, due_at = $5, sent_at = $6, worker = NULL
        WHERE id = $1 AND worker = $2 AND state = 'sending'";
    let sent_at = (end.state == State::Sent).then_some(now);
    let (id, worker) = (taken.id, taken.worker);
    let done = db.plumb(PLACE, move |mut tx| {
        let answer = end.answer.clone();
        Box::pin(async move {
            let values: [&dyn store::Param; 6] = [
                &id,
                &worker,
                &end.state.as_str(),
                &answer,
                &end.due_at,
                &sent_at,
            ];
            tx.execute(SQL, &values).await
        })
    });
    Ok(done.await? == 1)
}
