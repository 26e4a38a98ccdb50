//! Workbooks over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{commands::ExportWorkbook, exporting, file, model::Workbook, queries};
use crate::{
    api::{Id, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which customers.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkbookIn {
    /// Any part of name, reference, web site or tax number; all customers where there is none.
    q: Option<String>,
}

/// Exports the customers of a pool as a workbook that can come back within 90 days: edit it, upload it as an import of
/// the kind `customers`, look at the difference, apply it. Beyond 100,000 customers it is read-only.
#[utoipa::path(post, path = "/pools/{id}/workbooks", tag = "workbooks", request_body = WorkbookIn,
    params(("id" = Uuid, Path, description = "The pool whose units were passed on.")),
    responses((status = 201, description = "The workbook; its file is at `/workbooks/{id}/file`.", body = Workbook)))]
pub async fn create(
    State(app): State<App>,
    Id(pool_id): Id,
    write: Write<WorkbookIn>,
) -> Result<Response> {
    let keyword = write.body.q.clone();
    let is_preview = write.is_preview();
    let command = ExportWorkbook { pool_id, keyword };
    let mut answer = write.submit(&app, command).await?;
    if is_preview {
        return Ok(answer.ok());
    }
    answer.outcome = exporting::fill(&app, answer.outcome).await?;
    let location = format!("/api/v1/workbooks/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// Shows a workbook: whose customers, how many, until when it can come back.
#[utoipa::path(get, path = "/workbooks/{id}", tag = "workbooks",
    params(("id" = Uuid, Path, description = "The workbook.")),
    responses((status = 200, description = "The workbook.", body = Workbook)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Workbook>> {
    Ok(Json(visible(&app, &caller, id).await?))
}

/// Gives a workbook as a file (XLSX): one row a customer with its name, reference, kind, units and units in use. The
/// hidden column names each row; leave it empty in a row for a new customer. It says what was exported, also later.
#[utoipa::path(get, path = "/workbooks/{id}/file", tag = "workbooks",
    params(("id" = Uuid, Path, description = "The workbook.")),
    responses((status = 200, description = "The file.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn file(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let workbook = visible(&app, &caller, id).await?;
    file::answer(&app, workbook).await
}

/// The workbook, where the caller may bring it back and it can come back.
async fn visible(app: &App, caller: &Caller, id: Uuid) -> Result<Workbook> {
    let (scope, now) = (caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    let found = read.await?.filter(|it| it.ready && it.expires_at > now);
    found.ok_or_else(Error::not_found)
}
