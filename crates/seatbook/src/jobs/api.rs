//! Jobs over the API.

use axum::{
    Json,
    extract::State as Held,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    commands::{CancelJob, RetryJob},
    events,
    model::{Job, State},
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which jobs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of the title.
    q: Option<String>,
    /// In this state only.
    state: Option<State>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the jobs you can see, the newest first.
#[utoipa::path(get, path = "/jobs", tag = "jobs", params(ListParams),
    responses((status = 200, description = "A page of jobs.", body = List<Job>)))]
pub async fn list(
    Held(app): Held<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Job>>> {
    let paging = Paging {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        states: params.state.into_iter().collect(),
        before: paging.after()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.id)))
}

/// Shows one job: how far it is, what came of it, or why it was refused.
#[utoipa::path(get, path = "/jobs/{id}", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job, its version as ETag.", body = Job)))]
pub async fn show(Held(app): Held<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Follows one job: a `progress` event with `state`, `rows_done`, `rows_total` and `message` at once and
/// whenever one of them changes. The stream ends with the job, and after five minutes in any case.
#[utoipa::path(get, path = "/jobs/{id}/events", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 200, description = "Server-sent events.", body = String, content_type = "text/event-stream")))]
pub async fn events(Held(app): Held<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    events::follow(app, caller.scope, id).await
}

/// Tells a job that was refused, failed too often or was canceled to try again. What it has done already
/// is not done twice.
#[utoipa::path(post, path = "/jobs/{id}/retry", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job, queued again.", body = Job)))]
pub async fn retry(Held(app): Held<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let answer = write.submit(&app, RetryJob { id, version }).await?;
    Ok(answer.ok())
}

/// Cancels a job: at once where nobody has begun it, else between two of its steps. What it has done stays.
#[utoipa::path(post, path = "/jobs/{id}/cancel", tag = "jobs",
    params(("id" = Uuid, Path, description = "The job.")),
    responses((status = 200, description = "The job, canceled or about to be.", body = Job)))]
pub async fn cancel(Held(app): Held<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let answer = write.submit(&app, CancelJob { id, version }).await?;
    Ok(answer.ok())
}
