//! Mails over the API.

use axum::{
    Json,
    extract::{Path, State as Held},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    commands::SendMail,
    letter,
    model::{Mail, Opened, State},
    pages::download,
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which mails.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of the recipient's address or name, or of the subject.
    q: Option<String>,
    /// On behalf of this organization itself.
    organization_id: Option<Uuid>,
    /// Of this kind only, such as `invitation`.
    kind: Option<String>,
    /// In this state only.
    state: Option<State>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the mails you can see, the newest first, without what they say.
#[utoipa::path(get, path = "/mails", tag = "mails", params(ListParams),
    responses((status = 200, description = "A page of mails.", body = List<Mail>)))]
pub async fn list(
    Held(app): Held<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Mail>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        organization_id: params.organization_id,
        kind: params.kind,
        states: params.state.into_iter().collect(),
        before: paging.after()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.id)))
}

/// Shows one mail: what became of it, and what it says where you may read that.
#[utoipa::path(get, path = "/mails/{id}", tag = "mails",
    params(("id" = Uuid, Path, description = "The mail.")),
    responses((status = 200, description = "The mail, its version as ETag.", body = Opened)))]
pub async fn show(Held(app): Held<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let opened = letter::show(&app, caller, id).await?;
    Ok(([("etag", etag(opened.mail.version))], Json(opened)).into_response())
}

/// Gives one file that goes with a mail you may read.
#[utoipa::path(get, path = "/mails/{id}/attachments/{attachment_id}", tag = "mails",
    params(("id" = Uuid, Path, description = "The mail."),
        ("attachment_id" = Uuid, Path, description = "The file.")),
    responses((status = 200, description = "The file, under its own media type.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn attachment(
    Held(app): Held<App>,
    caller: Caller,
    ids: std::result::Result<Path<(Uuid, Uuid)>, axum::extract::rejection::PathRejection>,
) -> Result<Response> {
    let Path(ids) = ids.map_err(|_| Error::not_found())?;
    Ok(download(letter::file(&app, caller, ids).await?))
}

/// Sends a mail that was kept or came to nothing, or one that waits, at once. It stays the same mail, with
/// the same Message-ID; one that was sent is not sent a second time: `mail.sent`.
#[utoipa::path(post, path = "/mails/{id}/send", tag = "mails",
    params(("id" = Uuid, Path, description = "The mail.")),
    responses((status = 200, description = "The mail, waiting to be sent.", body = Mail)))]
pub async fn send(Held(app): Held<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    Ok(write.submit(&app, SendMail { id, version }).await?.ok())
}
