//! Every statement about jobs but those of the workers, which are in `leases`.

use store::{Json, Select, Tx};
use uuid::Uuid;

use super::model::{Job, State};
use crate::{
    console::layout::JobBanner,
    error::Result,
    scope::{Permission, Scope, queries::below_any},
};

const COLUMNS: &str =
    "SELECT j.id, j.kind, j.title, j.state, j.organization_id, j.actor_id, coalesce(p.name, ''), j.attempts,
    j.cancel_requested, j.rows_done, j.rows_total, j.code, j.message, j.result, j.failures, j.created_at,
    j.started_at, j.ended_at, j.version FROM job j LEFT JOIN person p ON p.id = j.actor_id";

/// The job, whoever asks: for commands, which then ask for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Job>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE j.id = $1"), &[&id])
        .await?)
}

/// The job, where the scope can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Job>> {
    let roots = scope.roots(Permission::JobsRead);
    let mut select = Select::new(COLUMNS);
    select.and("j.id = ?", &id);
    below_any(&mut select, "j.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// What a page says about a job it was sent to with `?job=`; nothing where it cannot be seen.
pub async fn banner(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<JobBanner>> {
    Ok(find_visible(tx, scope, id).await?.as_ref().map(Job::banner))
}

/// What a list of jobs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of the title.
    pub keyword: Option<String>,
    /// In one of these states; in any where there is none.
    pub states: Vec<State>,
    /// Handed in before this one, the last row seen.
    pub before: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

/// Jobs the scope can see, the newest first.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Job>> {
    let roots = scope.require(Permission::JobsRead)?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let mut select = Select::new(COLUMNS);
    below_any(&mut select, "j.organization_id", &roots);
    if let Some(keyword) = &keyword {
        select.and(
            "j.id IN (SELECT id FROM job_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if !states.is_empty() {
        let places: Vec<String> = states.iter().map(|state| select.bind(state)).collect();
        select.and_raw(&format!("j.state IN ({})", places.join(", ")));
    }
    if let Some(before) = &filter.before {
        select.and("j.id < ?", before);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY j.id DESC LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// Jobs that are not done: under way, and refused or failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Queued, running or waiting.
    pub open: i64,
    /// Refused or failed.
    pub failed: i64,
}

/// Jobs of anybody that are looked at before those of an organization are looked for.
const LOOKED_THROUGH: i64 = 1_000;

/// How many jobs at or below an organization are not done, each counted up to a limit.
pub async fn unfinished(tx: &mut Tx<'_>, organization_id: Uuid, most: i64) -> Result<Unfinished> {
    let open = counted(
        tx,
        "'queued', 'waiting', 'running'",
        (organization_id, most),
    )
    .await?;
    let failed = counted(tx, "'refused', 'dead'", (organization_id, most)).await?;
    Ok(Unfinished { open, failed })
}

/// Few jobs are in these states as a rule, and whoever has many organizations would look below each of them. So each of
/// the few is asked where it belongs, and only where there are many are they looked for.
async fn counted(
    tx: &mut Tx<'_>,
    states: &str,
    (organization_id, most): (Uuid, i64),
) -> Result<i64> {
    let anybodys = format!(
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN (SELECT 1 FROM organization_closure c
           WHERE c.ancestor_id = $1 AND c.descendant_id = s.organization_id) = 1 THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM (SELECT organization_id FROM job WHERE state IN ({states}) LIMIT {LOOKED_THROUGH}) s"
    );
    let (all, found): (i64, i64) = tx.query_one(&anybodys, &[&organization_id]).await?;
    if all < LOOKED_THROUGH || found >= most {
        return Ok(found.min(most));
    }
    let theirs = format!(
        "SELECT count(*) FROM (SELECT j.id FROM job j JOIN organization_closure c
           ON c.ancestor_id = $1 AND c.descendant_id = j.organization_id WHERE j.state IN ({states}) LIMIT $2) s"
    );
    Ok(tx
        .query_one::<(i64,)>(&theirs, &[&organization_id, &most])
        .await?
        .0)
}

/// A job about to be written.
pub(super) struct JobRow<'a> {
    pub(super) id: Uuid,
    pub(super) new: &'a super::NewJob,
    pub(super) caller: &'a crate::gate::Caller,
    pub(super) now: store::Timestamp,
}

/// Adds the row: queued, due at once.
pub(super) async fn insert(tx: &mut Tx<'_>, row: &JobRow<'_>) -> Result<()> {
    let JobRow {
        id,
        new,
        caller,
        now,
    } = row;
    let limits = caller
        .limits
        .as_ref()
        .map(serde_json::to_value)
        .transpose()?;
    let (limits, payload) = (limits.map(Json), Json(new.payload.clone()));
    let none = Json(serde_json::json!([]));
    tx.execute(
        "INSERT INTO job (id, kind, title, payload, state, actor_id, organization_id, token_id, limits, run_at,
         attempts, cancel_requested, rows_done, rows_total, message, failures, created_at, version)
         VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9, 0, FALSE, 0, $10, '', $11, $9, 1)",
        &[
            id, &new.kind, &new.title, &payload, &caller.actor_id, &new.organization_id, &caller.token_id,
            &limits, now, &new.rows_total, &none,
        ],
    )
    .await?;
    let text = rules::text::search_text(&[&new.title]);
    let index = "INSERT INTO job_search_text (id, text) VALUES ($1, $2)";
    tx.execute(index, &[id, &text]).await?;
    Ok(())
}

/// Stops a job that nobody has begun, or asks the worker who has it to stop; says how many rows that was.
pub(super) async fn cancel(tx: &mut Tx<'_>, job: &Job, now: store::Timestamp) -> Result<u64> {
    let at_once = "UPDATE job SET state = 'canceled', cancel_requested = TRUE, ended_at = $3,
         message = 'Canceled before it was done.', version = version + 1
         WHERE id = $1 AND version = $2 AND state IN ('queued', 'waiting')";
    let stopped = tx.execute(at_once, &[&job.id, &job.version, &now]).await?;
    if stopped > 0 {
        return Ok(stopped);
    }
    let asked = "UPDATE job SET cancel_requested = TRUE, version = version + 1
         WHERE id = $1 AND version = $2 AND state = 'running'";
    Ok(tx.execute(asked, &[&job.id, &job.version]).await?)
}

/// Puts an ended job back into the queue; says how many rows that was.
pub(super) async fn requeue(tx: &mut Tx<'_>, job: &Job, now: store::Timestamp) -> Result<u64> {
    let sql = "UPDATE job SET state = 'queued', run_at = $3, attempts = 0, cancel_requested = FALSE, code = NULL,
         message = '', result = NULL, ended_at = NULL, version = version + 1
         WHERE id = $1 AND version = $2 AND state IN ('refused', 'dead', 'canceled')";
    Ok(tx.execute(sql, &[&job.id, &job.version, &now]).await?)
}
