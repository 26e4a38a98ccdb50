//! The journal over the API.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Timestamp;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::queries::{self, Names};
use crate::{
    api::{Id, List, Paging, Params},
    app::App,
    chain,
    error::{Error, Result},
    gate::Caller,
    history::list::{Filter, changes, find_visible},
    journal::queries::{ChangeRow, EntryRow},
    scope::{Permission, queries::check_visible},
    secrets::hex,
};

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of the command, or of the name or e-mail address of the person who gave it.
    q: Option<String>,
    /// Exactly this command, such as `allocations.set`.
    command: Option<String>,
    /// At this organization or below it.
    organization_id: Option<Uuid>,
    /// Decided at this instant or later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Decided before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// One change to the book.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalEntry {
    /// Its id.
    pub id: Uuid,
    /// Its number, given shortly after it was kept: numbers count without gaps.
    pub seq: Option<i64>,
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who decided it.
    pub actor_id: Uuid,
    /// That person's name; empty where it was erased.
    pub actor: String,
    /// The API token it came with.
    pub token_id: Option<Uuid>,
    /// Where it belongs.
    pub organization_id: Option<Uuid>,
    /// Through which door: `console`, `api`, `job`, `cli` or `system`.
    pub origin: String,
    /// The command, such as `allocations.set`.
    pub command: String,
    /// What was asked, without secrets and personal data.
    pub input: Value,
    /// The HTTP request it came with, or `job-` and the job's id.
    pub request_id: Option<String>,
    /// The entry it takes back.
    pub undoes: Option<Uuid>,
    /// The entry that took it back.
    pub undone_by: Option<Uuid>,
}

impl JournalEntry {
    fn of(row: EntryRow, names: &Names) -> Self {
        JournalEntry {
            id: row.id,
            seq: row.seq,
            at: row.at,
            actor: names.person(row.actor_id),
            actor_id: row.actor_id,
            token_id: row.token_id,
            organization_id: row.organization_id,
            origin: row.origin,
            command: row.command,
            input: row.input.0,
            request_id: row.request_id,
            undoes: row.undoes,
            undone_by: row.undone_by,
        }
    }
}

/// Lists the changes you can see, the newest first.
#[utoipa::path(get, path = "/journal", tag = "journal", params(ListParams),
    responses((status = 200, description = "A page of entries.", body = List<JournalEntry>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<JournalEntry>>> {
    let (filter, limit) = filter(params)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let entries = queries::list(&mut tx, &caller.scope, filter).await?;
            let names = queries::names(&mut tx, &entries, &[]).await?;
            Ok((entries, names))
        })
    });
    let (entries, names) = read.await?;
    let page = List::page(entries, limit, |last| last.id);
    Ok(Json(page.map(|row| JournalEntry::of(row, &names))))
}

fn filter(params: ListParams) -> Result<(Filter, i64)> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = Filter {
        keyword: params.q,
        command: params.command,
        organization_id: params.organization_id,
        from: params.from,
        until: params.until,
        before: paging.after()?,
        limit: limit + 1,
        ..Filter::default()
    };
    Ok((filter, limit))
}

/// One row an entry changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalChange {
    /// What the row is, such as `pool`.
    pub noun: String,
    /// Which.
    pub row_id: Uuid,
    /// The version it got; versions of a row count without gaps.
    pub version: i64,
    /// The fields that changed, as they were; none for a new row.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The fields that changed, as they became; none for a removed row.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
}

impl From<ChangeRow> for JournalChange {
    fn from(row: ChangeRow) -> Self {
        JournalChange {
            noun: row.noun,
            row_id: row.row_id,
            version: row.version,
            before: row.before.map(|json| json.0),
            after: row.after.map(|json| json.0),
        }
    }
}

/// An entry with everything it changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalEntryWithChanges {
    /// The entry.
    #[serde(flatten)]
    pub entry: JournalEntry,
    /// What was answered, without secrets and personal data.
    pub outcome: Option<Value>,
    /// Every row it changed.
    pub changes: Vec<JournalChange>,
}

/// Shows one change to the book with every row it changed, before and after.
#[utoipa::path(get, path = "/journal/{id}", tag = "journal",
    params(("id" = Uuid, Path, description = "The entry.")),
    responses((status = 200, description = "The entry and its changes.", body = JournalEntryWithChanges)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<JournalEntryWithChanges>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = find_visible(&mut tx, &caller.scope, id).await?;
            let found = found.ok_or_else(Error::not_found)?;
            let changes = changes(&mut tx, &caller.scope, &found).await?;
            let names = queries::names(&mut tx, std::slice::from_ref(&found), &[]).await?;
            Ok((found, changes, names))
        })
    });
    let (found, changes, names) = read.await?;
    Ok(Json(JournalEntryWithChanges {
        outcome: found.outcome.clone().map(|json| json.0),
        changes: changes.into_iter().map(JournalChange::from).collect(),
        entry: JournalEntry::of(found, &names),
    }))
}

/// Whose chain.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HeadParams {
    /// The organization.
    organization_id: Uuid,
}

/// Where the chain of one organization's journal ends.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JournalHead {
    /// The organization.
    pub organization_id: Uuid,
    /// The number of the last entry that is chained; 0 where there is none.
    pub seq: i64,
    /// SHA-256 of its link, in hexadecimal: of this entry, and by it of every one before it.
    pub hash: String,
}

/// Says where the chain of an organization's journal ends. Keep it elsewhere: whoever changes, removes or inserts an
/// entry later, past Seatbook, cannot make the chain lead through this hash again. Entries are chained within seconds.
#[utoipa::path(get, path = "/journal/head", tag = "journal", params(HeadParams),
    responses((status = 200, description = "The last link.", body = JournalHead)))]
pub async fn head(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<HeadParams>,
) -> Result<Json<JournalHead>> {
    let id = params.organization_id;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            check_visible(&mut tx, &caller.scope, Permission::JournalRead, id).await?;
            Ok(chain::queries::head(&mut tx, id).await?)
        })
    });
    let head = read.await?;
    Ok(Json(JournalHead {
        organization_id: head.organization_id,
        seq: head.seq,
        hash: hex(&head.hash),
    }))
}
