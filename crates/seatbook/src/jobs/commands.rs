//! The verbs of jobs.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Job, NewJob, State},
    queries, runner,
};
use crate::{
    error::{Error, Kind as ErrorKind, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

/// Steps are known by their keys, and keys are forgotten after 72 hours: a job that is told to try again
/// must still find all of its own.
const RETRY_SECONDS: i64 = 48 * 3600;

/// Hands a job in, in the transaction of the command that needs it: both stand or neither does. The
/// command has asked for its permission; the job will be held to the same person's rights when it runs.
pub async fn enqueue(tx: &mut Tx<'_>, new: NewJob) -> Result<Uuid> {
    let id = tx.new_id();
    let row = queries::JobRow {
        id,
        new: &new,
        caller: tx.caller(),
        now: tx.now(),
    };
    queries::insert(tx, &row).await?;
    let after = json!({"kind": new.kind, "title": new.title, "rows_total": new.rows_total, "state": "queued"});
    tx.changed(Change {
        noun: "job",
        row_id: id,
        version: 1,
        organization_id: Some(new.organization_id),
        before: None,
        after: Some(after),
    });
    tx.queued(format!("job {}", new.kind));
    runner::nudge();
    Ok(id)
}

/// Stops a job: at once where nobody has begun it, else between two of its steps.
#[derive(Clone, Debug, Serialize)]
pub struct CancelJob {
    /// Which.
    pub id: Uuid,
    /// The version the caller saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for CancelJob {
    const NAME: &'static str = "jobs.cancel";
    type Outcome = Job;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Job> {
        let before = permitted(tx, self.id, self.version).await?;
        if !before.state.is_open() {
            let message = "This job has ended; there is nothing left to cancel.";
            return Err(Error::conflict("job.ended", message).with("state", before.state.as_str()));
        }
        let now = tx.now();
        if queries::cancel(tx, &before, now).await? == 0 {
            return Err(stale(&before));
        }
        recorded(tx, before).await
    }
}

/// Tells a job that was refused, died or was canceled to try again. Steps it has done are not done twice.
#[derive(Clone, Debug, Serialize)]
pub struct RetryJob {
    /// Which.
    pub id: Uuid,
    /// The version the caller saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for RetryJob {
    const NAME: &'static str = "jobs.retry";
    type Outcome = Job;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Job> {
        let before = permitted(tx, self.id, self.version).await?;
        if before.state.is_open() || before.state == State::Done {
            let message = "Only a job that was refused, failed or was canceled can be tried again.";
            return Err(
                Error::conflict("job.not_retryable", message).with("state", before.state.as_str())
            );
        }
        let now = tx.now();
        if before.created_at.plus_seconds(RETRY_SECONDS) < now {
            let message = "This job is older than two days; please hand the work in again.";
            return Err(Error::conflict("job.too_old", message));
        }
        if queries::requeue(tx, &before, now).await? == 0 {
            return Err(stale(&before));
        }
        runner::nudge();
        recorded(tx, before).await
    }
}

/// The job, for somebody who may change it.
async fn permitted(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Job> {
    let Some(job) = queries::find(tx, id).await? else {
        tx.unguarded("there is nothing to guard");
        return Err(Error::not_found());
    };
    tx.require(Permission::JobsEdit, job.organization_id)
        .await?;
    if version.is_some_and(|version| version != job.version) {
        return Err(stale(&job));
    }
    Ok(job)
}

async fn recorded(tx: &mut Tx<'_>, before: Job) -> Result<Job> {
    let after = queries::find(tx, before.id)
        .await?
        .ok_or_else(Error::not_found)?;
    let shown = |job: &Job| json!({"state": job.state, "cancel_requested": job.cancel_requested});
    tx.changed(Change {
        noun: "job",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(shown(&before)),
        after: Some(shown(&after)),
    });
    Ok(after)
}

fn stale(job: &Job) -> Error {
    let message = "This job changed while you looked at it; please look again.";
    Error::new(ErrorKind::Stale, "version.stale", message).with("version", job.version)
}
