//! What workers write: taking a job, keeping it, saying how far it is, ending it.
//!
//! None of it is business, so none of it passes the gate. Every statement names the worker that was
//! drawn when the job was taken: one that lost its lease changes nothing any more.

use serde_json::Value;
use store::{Db, FromRow, Json, Lane, Place, Row, Timestamp};
use uuid::Uuid;

use super::model::{Failure, Outcome, State, read};
use crate::error::Result;

/// How long a worker that died keeps others away from its job.
const LEASE_SECONDS: i64 = 30;
/// Lost races for a job in a row, after which a worker looks again later.
const LOST_RACES: usize = 16;

const PLACE: Place = Place {
    lane: Lane::Interactive,
    shard: None,
    pipelined: false,
};

/// A job that a worker has taken.
#[derive(Clone, Debug)]
pub struct Claim {
    /// The job.
    pub id: Uuid,
    /// Drawn for this taking alone.
    pub worker: Uuid,
    /// Which code does it.
    pub kind: String,
    /// All it needs to know.
    pub payload: Value,
    /// Who asked.
    pub actor_id: Uuid,
    /// The token it was asked with.
    pub token_id: Option<Uuid>,
    /// What that token may do at most.
    pub limits: Option<Value>,
    /// Whose it is.
    pub organization_id: Uuid,
    /// How often it was taken, this time included.
    pub attempts: i64,
    /// Somebody has asked it to stop.
    pub cancel_requested: bool,
    /// Where the work goes on.
    pub cursor: Option<Value>,
    /// What went wrong before.
    pub failures: Vec<Failure>,
}

impl FromRow for Claim {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Claim {
            id: row.get(0)?,
            worker: row.get(1)?,
            kind: row.get(2)?,
            payload: row.get::<Json>(3)?.0,
            actor_id: row.get(4)?,
            token_id: row.get(5)?,
            limits: row.get::<Option<Json>>(6)?.map(|json| json.0),
            organization_id: row.get(7)?,
            attempts: row.get(8)?,
            cancel_requested: row.get(9)?,
            cursor: row.get::<Option<Json>>(10)?.map(|json| json.0),
            failures: read(row.get(11)?)?,
        })
    }
}

const DUE: &str =
    "SELECT id FROM job WHERE state IN ('queued', 'waiting', 'running') AND run_at <= $1
      AND NOT EXISTS (SELECT 1 FROM quarantine)
    ORDER BY run_at, id LIMIT 1";

/// Due twice: for the choice, and again for the row as it is when its turn to be written comes.
const TAKE: &str =
    "UPDATE job SET state = 'running', worker = $2, run_at = $3, attempts = attempts + 1,
    started_at = coalesce(started_at, $1)
    WHERE id = (SELECT id FROM job WHERE state IN ('queued', 'waiting', 'running') AND run_at <= $1
                ORDER BY run_at, id LIMIT 1)
      AND state IN ('queued', 'waiting', 'running') AND run_at <= $1
      AND NOT EXISTS (SELECT 1 FROM quarantine)
    RETURNING id, worker, kind, payload, actor_id, token_id, limits, organization_id, attempts,
      cancel_requested, cursor, failures";

/// Takes the job that has been due longest, if one is: new, to be tried again, or left by a worker that died.
pub async fn take(db: &Db, worker: Uuid, now: Timestamp) -> Result<Option<Claim>> {
    for _ in 0..LOST_RACES {
        if !is_due(db, now).await? {
            return Ok(None);
        }
        let until = now.plus_seconds(LEASE_SECONDS);
        let taken: Option<Claim> = db
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

/// Keeps the job for another while; `false` where it is lost.
pub async fn renew(db: &Db, claim: &Claim, now: Timestamp) -> Result<bool> {
    const SQL: &str =
        "UPDATE job SET run_at = $3 WHERE id = $1 AND worker = $2 AND state = 'running'";
    let (id, worker, until) = (claim.id, claim.worker, now.plus_seconds(LEASE_SECONDS));
    let done = db.plumb(PLACE, move |mut tx| {
        Box::pin(async move { tx.execute(SQL, &[&id, &worker, &until]).await })
    });
    Ok(done.await? == 1)
}

/// Gives the job back untouched, to be taken from then on: the try does not count.
pub async fn release(db: &Db, claim: &Claim, run_at: Timestamp) -> Result<bool> {
    const SQL: &str =
        "UPDATE job SET state = 'queued', worker = NULL, run_at = $3, attempts = attempts - 1
        WHERE id = $1 AND worker = $2 AND state = 'running'";
    let (id, worker) = (claim.id, claim.worker);
    let done = db.plumb(PLACE, move |mut tx| {
        Box::pin(async move { tx.execute(SQL, &[&id, &worker, &run_at]).await })
    });
    Ok(done.await? == 1)
}

/// Frees what a server that died was working on, where it is sure that no other server is: at the start, so
/// that nothing waits for a lease of nobody. Says how many jobs that were.
pub async fn free_all(db: &Db, now: Timestamp) -> Result<u64> {
    const SQL: &str = "UPDATE job SET run_at = $1 WHERE state = 'running' AND run_at > $1";
    if !db.is_exclusive() {
        return Ok(0);
    }
    let done = db.plumb(PLACE, move |mut tx| {
        Box::pin(async move { tx.execute(SQL, &[&now]).await })
    });
    Ok(done.await?)
}

/// How far a job is, and where it goes on after a crash.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Rows done.
    pub rows_done: i64,
    /// All rows.
    pub rows_total: i64,
    /// Where to go on; as it was where there is none.
    pub cursor: Option<Value>,
}

/// Writes how far the job is; says whether somebody has asked it to stop, or nothing where it is lost.
pub async fn mark(db: &Db, claim: &Claim, mark: Mark) -> Result<Option<bool>> {
    const SQL: &str = "UPDATE job SET rows_done = $3, rows_total = $4, cursor = coalesce($5, cursor), message = ''
        WHERE id = $1 AND worker = $2 AND state = 'running' RETURNING cancel_requested";
    let (id, worker) = (claim.id, claim.worker);
    let written: Option<(bool,)> = db
        .plumb(PLACE, move |mut tx| {
            let mark = mark.clone();
            Box::pin(async move {
                let cursor = mark.cursor.map(Json);
                let values: [&dyn store::Param; 5] =
                    [&id, &worker, &mark.rows_done, &mark.rows_total, &cursor];
                tx.query_opt(SQL, &values).await
            })
        })
        .await?;
    Ok(written.map(|(canceled,)| canceled))
}

/// Whether somebody has asked the job to stop, or nothing where it is lost.
pub async fn is_canceled(db: &Db, claim: &Claim) -> Result<Option<bool>> {
    const SQL: &str =
        "SELECT cancel_requested FROM job WHERE id = $1 AND worker = $2 AND state = 'running'";
    let (id, worker) = (claim.id, claim.worker);
    let found: Option<(bool,)> = db
        .read(move |mut tx| Box::pin(async move { tx.query_opt(SQL, &[&id, &worker]).await }))
        .await??;
    Ok(found.map(|(canceled,)| canceled))
}

/// What became of a try.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Where the job stands from now on.
    pub state: State,
    /// Why, as a stable code.
    pub code: Option<String>,
    /// Why, or what it did, as a sentence.
    pub message: String,
    /// What came of it.
    pub outcome: Option<Outcome>,
    /// When it is tried again.
    pub run_at: Timestamp,
    /// What went wrong so far.
    pub failures: Vec<Failure>,
}

/// Ends a try; `false` where the job was lost meanwhile, and nothing is written.
pub async fn settle(db: &Db, claim: &Claim, end: Settlement, now: Timestamp) -> Result<bool> {
    const SQL: &str = "UPDATE job SET state = $3, code = $4, message = $5, result = $6, run_at = $7, failures = $8,
        ended_at = $9, worker = NULL WHERE id = $1 AND worker = $2 AND state = 'running'";
    let outcome = end.outcome.map(serde_json::to_value).transpose()?.map(Json);
    let failures = Json(serde_json::to_value(&end.failures)?);
    let ended_at = (!end.state.is_open()).then_some(now);
    let (id, worker) = (claim.id, claim.worker);
    let done = db.plumb(PLACE, move |mut tx| {
        let (outcome, failures) = (outcome.clone(), failures.clone());
        let (code, message) = (end.code.clone(), end.message.clone());
        Box::pin(async move {
            let values: [&dyn store::Param; 9] = [
                &id,
                &worker,
                &end.state.as_str(),
                &code,
                &message,
                &outcome,
                &end.run_at,
                &failures,
                &ended_at,
            ];
            tx.execute(SQL, &values).await
        })
    });
    Ok(done.await? == 1)
}
