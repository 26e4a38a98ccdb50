//! Statements over the API.

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
    commands::{MapStatement, RemoveStatement},
    model::{Statement, StatementRow},
    queries, uploads,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Lists the statements of distributors you can see, the newest first.
#[utoipa::path(get, path = "/statements", tag = "statements", params(Paging),
    responses((status = 200, description = "A page of statements.", body = List<Statement>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Json<List<Statement>>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, after, limit + 1).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.id)))
}

/// A distributor's statement.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "read part by part; this describes the parts"
)]
pub struct StatementIn {
    /// Whose customers it names; the first organization in which you may import unless said.
    organization_id: Option<Uuid>,
    /// The month it is about, such as `2026-05`.
    month: String,
    /// Columns by fields, over what is guessed: a JSON object such as `{"customer": "Account no."}`. Fields are
    /// `customer`, `product`, `quantity`, `amount` and `currency`.
    mapping: Option<String>,
    /// A CSV file or a workbook (XLSX), as for an import: a heading line, then at most 20,000 rows.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Uploads what a distributor says that your customers have, in place of the statement about the same month.
///
/// Each row is of a customer directly below you, by its reference or name, and of a product, by the code of a SKU, or code
/// or name of the product. Rows that match nothing are kept and say why. Nothing changes in the book.
#[utoipa::path(post, path = "/statements", tag = "statements",
    request_body(content = StatementIn, content_type = "multipart/form-data"),
    responses((status = 201, description = "The statement, its rows matched where its columns could be guessed.", body = Statement)))]
pub async fn upload(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    parts: Multipart,
) -> Result<Response> {
    let upload = uploads::read(&caller, parts).await?;
    let key = uploads::key(&headers, &upload)?;
    let made = uploads::run(&app, &caller, key, upload).await?;
    let location = format!("/api/v1/statements/{}", made.id);
    let headers = [(header::LOCATION, location)];
    Ok((StatusCode::CREATED, headers, Json(made)).into_response())
}

/// Shows a statement: its month, its columns, and how many of its rows match.
#[utoipa::path(get, path = "/statements/{id}", tag = "statements",
    params(("id" = Uuid, Path, description = "The statement.")),
    responses((status = 200, description = "The statement, its version as ETag.", body = Statement)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let found = visible(&app, &caller, id).await?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// The statement, where the caller can see it.
pub async fn visible(app: &App, caller: &Caller, id: Uuid) -> Result<Statement> {
    let scope = caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

/// Which column is which.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StatementMapping)]
pub struct MappingIn {
    /// The heading of a column for each field that is in the file.
    mapping: BTreeMap<String, String>,
}

/// Says which field is read from which column, and looks for the customer and the product of every row anew: also of
/// those that came after the upload.
#[utoipa::path(put, path = "/statements/{id}/mapping", tag = "statements", request_body = MappingIn,
    params(("id" = Uuid, Path, description = "The statement.")),
    responses((status = 200, description = "The statement, its rows matched by this mapping.", body = Statement)))]
pub async fn map(State(app): State<App>, Id(id): Id, write: Write<MappingIn>) -> Result<Response> {
    let command = MapStatement {
        id,
        version: write.if_match(),
        mapping: write.body.mapping.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowParams {
    /// Only those that match, or that do not.
    matched: Option<bool>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the rows of a statement in its order: what they are about, or why they match nothing.
#[utoipa::path(get, path = "/statements/{id}/rows", tag = "statements",
    params(("id" = Uuid, Path, description = "The statement."), RowParams),
    responses((status = 200, description = "A page of rows.", body = List<StatementRow>)))]
pub async fn rows(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<RowParams>,
) -> Result<Json<List<StatementRow>>> {
    let found = visible(&app, &caller, id).await?;
    let paging = Paging::of(params.limit, params.cursor);
    let (limit, after) = (paging.limit()?, paging.after::<i64>()?.unwrap_or_default());
    let priced = queries::is_priced(&caller.scope, found.organization_id);
    let which = (params.matched, priced);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::rows(&mut tx, &found, which, (after, limit + 1)).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.number)))
}

/// Takes a statement away, with its rows.
#[utoipa::path(delete, path = "/statements/{id}", tag = "statements",
    params(("id" = Uuid, Path, description = "The statement.")),
    responses((status = 200, description = "The statement as it was.", body = Statement)))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let command = RemoveStatement { id, version };
    Ok(write.submit(&app, command).await?.ok())
}
