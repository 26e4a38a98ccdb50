//! Imports over the API.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Multipart, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    applying::{self, Application, INLINE_ROWS, Queued, RequestImport},
    commands::MapImport,
    model::{Import, ImportRow, Mode},
    queries, runs, uploads,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    files::Format,
    gate::Caller,
    rows::sheet::named,
    sheets::Outcome,
};

/// Lists the imports you can see, the newest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(Paging),
    responses((status = 200, description = "A page of imports.", body = List<Import>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<Import>>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, after, limit + 1).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.id)))
}

/// A file to import.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "read part by part; this describes the parts"
)]
pub struct UploadIn {
    /// What is in it.
    kind: crate::sheets::ImportKind,
    /// Where what is imported belongs; the first organization in which you may import unless said. A workbook of
    /// customers knows by itself.
    organization_id: Option<Uuid>,
    /// Columns by fields, over what is guessed: a JSON object such as `{"sku_code": "String_Id"}`.
    mapping: Option<String>,
    /// A CSV file or a workbook (XLSX), known by its content: a heading line, then at most 200,000 rows; at most
    /// 32 MiB, 256 columns, 64 KiB in a row. CSV: comma, semicolon or tab; UTF-8, UTF-16 with a byte-order mark, else
    /// Windows-1252. Of a workbook, the first sheet that can be seen and has rows.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads a file and checks every row of it. Nothing changes in the book before you apply it. What was done
/// with what is odd about the file stands in `oddities`, and in the remarks of each row.
#[utoipa::path(post, path = "/imports", tag = "imports",
    request_body(content = UploadIn, content_type = "multipart/form-data"),
    responses((status = 201, description = "The import, checked where its columns could be guessed.", body = Import)))]
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    parts: Multipart,
) -> Result<Response> {
    let upload = uploads::read(&caller, parts).await?;
    let key = uploads::key(&headers, &upload)?;
    let import = runs::upload(&app, &caller, key, upload).await?;
    let location = format!("/api/v1/imports/{}", import.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(import),
    )
        .into_response())
}

/// Shows an import: its mapping, how far it is, what becomes of its rows.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports",
    params(("id" = Uuid, Path, description = "The import.")),
    responses((status = 200, description = "The import, its version as ETag.", body = Import)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Which column is which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappingIn {
    /// The heading of a column for each field that is in the file.
    mapping: BTreeMap<String, String>,
}

/// Says which field is read from which column, in place of what was guessed, and checks every row again.
#[utoipa::path(put, path = "/imports/{id}/mapping", tag = "imports", request_body = MappingIn,
    params(("id" = Uuid, Path, description = "The import.")),
    responses((status = 200, description = "The import, checked by this mapping.", body = Import)))]
pub async fn map(
    State(app): State<App>,
    Id(id): Id,
    write: Write<MappingIn>,
) -> Result<Json<Import>> {
    let scope = write.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    let mapping = named(&write.body.mapping, &found.headings)?;
    let command = MapImport {
        id,
        version: write.if_match(),
        mapping,
    };
    let (caller, is_preview) = (write.caller.clone(), write.is_preview());
    let import = write.submit(&app, command).await?.outcome;
    match is_preview {
        true => Ok(Json(import)),
        false => Ok(Json(runs::check(&app, &caller, id).await?)),
    }
}

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowParams {
    /// Rows of which this becomes: `create`, `update`, `remove`, `same` or `bad`.
    outcome: Option<Outcome>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the rows of a file in its order, with what becomes of each and why.
#[utoipa::path(get, path = "/imports/{id}/rows", tag = "imports",
    params(("id" = Uuid, Path, description = "The import."), RowParams),
    responses((status = 200, description = "A page of rows.", body = List<ImportRow>)))]
pub async fn rows(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<RowParams>,
) -> Result<Json<List<ImportRow>>> {
    let paging = Paging {
        limit: params.limit,
        cursor: params.cursor,
    };
    let (limit, after) = (paging.limit()?, paging.after::<i64>()?.unwrap_or_default());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_visible(&mut tx, &caller.scope, id).await?;
            found.ok_or_else(Error::not_found)?;
            queries::rows(&mut tx, id, params.outcome, (after, limit + 1)).await
        })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.number)))
}

/// How to apply a file.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyIn {
    /// `all`: as long as one row has a problem, nothing is imported. `good`: the good rows are, the others are
    /// left out.
    mode: Mode,
    /// Import a file whose exact content was imported before.
    #[serde(default)]
    again: bool,
    /// The `fingerprint` of the check you saw: if the book has changed since, `preview.stale` says so.
    fingerprint: Option<String>,
}

/// Puts a checked file into the book: all of it, or its good rows. Files of more than 500 rows are applied by a job.
///
/// Good rows go in steps of 500, and so does all of a file with more than 1,000 things; all of a shorter one goes in
/// one step. Where all is asked for and the book has changed meanwhile, so that a row cannot be applied, what was
/// done is taken back, the last step first, and nothing is imported. Should the server stop in the middle, the work
/// goes on where it stopped, and nothing is applied twice.
#[utoipa::path(post, path = "/imports/{id}/apply", tag = "imports", request_body = ApplyIn,
    params(("id" = Uuid, Path, description = "The import.")),
    responses((status = 200, description = "The import, applied; with what became of its rows.", body = Import),
        (status = 202, description = "The job that applies it.", body = Queued)))]
pub async fn apply(State(app): State<App>, Id(id): Id, write: Write<ApplyIn>) -> Result<Response> {
    let ApplyIn {
        mode,
        again,
        fingerprint,
    } = write.body.clone();
    let import = runs::visible(&app, &write.caller, id).await?;
    if write.is_preview() {
        return Ok(Json(runs::check(&app, &write.caller, id).await?).into_response());
    }
    let how = Application {
        mode,
        again,
        fingerprint,
    };
    if import.row_count > INLINE_ROWS {
        applying::check_again(&app, &write.caller, &import, mode).await?;
        let answer = write.submit(&app, RequestImport { id, how }).await?;
        let location = format!("/api/v1/jobs/{}", answer.outcome.job_id);
        return Ok(answer.accepted(&location));
    }
    let (caller, key) = (write.caller.clone(), write.into_key());
    Ok(Json(applying::apply(&app, &caller, key, (id, how)).await?).into_response())
}

/// Gives the file back as CSV, each row with what became of it and why. Whatever it was sent as, it can be had as CSV
/// and as a workbook.
#[utoipa::path(get, path = "/imports/{id}/result.csv", tag = "imports",
    params(("id" = Uuid, Path, description = "The import.")),
    responses((status = 200, description = "The file with two columns more.", body = String, content_type = "text/csv")))]
pub async fn result_csv(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let file = uploads::result_file(&app, &caller, id, Format::Csv).await?;
    Ok(file.into_response())
}

/// Gives the file back as a workbook (XLSX), each row with what became of it and why. Every cell is text, as it was
/// sent.
#[utoipa::path(get, path = "/imports/{id}/result.xlsx", tag = "imports",
    params(("id" = Uuid, Path, description = "The import.")),
    responses((status = 200, description = "The file with two columns more.", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn result_xlsx(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let file = uploads::result_file(&app, &caller, id, Format::Xlsx).await?;
    Ok(file.into_response())
}
