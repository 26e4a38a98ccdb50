//! Holders over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{AddHolders, EditHolder, NewHolder},
    model::{Holder, HolderFacts, Kind},
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which holders.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of name, e-mail address, extension, direct number (in any spelling), serial number or reference.
    q: Option<String>,
    /// Of this organization itself.
    organization_id: Option<Uuid>,
    /// `user`, `device`, `screen` or `extension`.
    kind: Option<Kind>,
    /// Belonging to this user.
    owner_id: Option<Uuid>,
    /// `true`: those that have units; `false`: those that have none. A user has those of what belongs to them.
    bound: Option<bool>,
    /// `true`: those that left, too.
    with_left: Option<bool>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists holders by name: users, devices, screens and extensions.
#[utoipa::path(get, path = "/holders", tag = "holders", params(ListParams),
    responses((status = 200, description = "A page of holders.", body = List<Holder>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Holder>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = queries::Filter {
        organization_id: params.organization_id,
        kind: params.kind,
        keyword: params.q,
        owner_id: params.owner_id,
        with_left: params.with_left.unwrap_or_default(),
        bound: params.bound,
        after: paging.after()?,
        limit: limit + 1,
        many: None,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    let key = |last: &Holder| (last.name.clone(), last.id);
    Ok(Json(List::page(read.await?, limit, key)))
}

/// A new holder.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HolderIn {
    /// Where it belongs.
    organization_id: Uuid,
    /// `user`, `device`, `screen` or `extension`; a user unless said.
    #[serde(default)]
    kind: Kind,
    /// What people call it, 1 to 200 characters; a device may be called by its serial number, an extension by
    /// its digits.
    #[serde(default)]
    name: String,
    /// Its e-mail address, unique in the organization.
    email: Option<String>,
    /// Its extension: 3 to 5 digits, unique in the organization.
    extension: Option<String>,
    /// Its direct number in any spelling, unique in the organization.
    did: Option<String>,
    /// Its serial number, unique in the organization.
    serial: Option<String>,
    /// The key by which other systems know it, unique in the organization.
    reference: Option<String>,
    /// The user it belongs to.
    owner_id: Option<Uuid>,
}

/// Adds a holder to an organization.
#[utoipa::path(post, path = "/holders", tag = "holders", request_body = HolderIn,
    responses((status = 201, description = "The new holder.", body = Holder)))]
pub async fn create(State(app): State<App>, write: Write<HolderIn>) -> Result<Response> {
    let new = write.body.clone();
    let row = NewHolder {
        kind: new.kind,
        facts: HolderFacts {
            name: new.name,
            email: new.email,
            extension: new.extension,
            did: new.did,
            serial: new.serial,
            reference: new.reference,
        },
        owner_id: new.owner_id,
    };
    let command = AddHolders {
        organization_id: new.organization_id,
        rows: vec![row],
    };
    let answer = write.submit(&app, command).await?;
    let answer = answer.map(|holders| holders.into_iter().next());
    let id = answer.outcome.as_ref().map(|holder| holder.id);
    Ok(answer.created(&format!("/api/v1/holders/{}", id.unwrap_or_default())))
}

/// Shows one holder.
#[utoipa::path(get, path = "/holders/{id}", tag = "holders",
    params(("id" = Uuid, Path, description = "The holder.")),
    responses((status = 200, description = "The holder, its version as ETag.", body = Holder)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Replaces what is said about a holder.
#[utoipa::path(put, path = "/holders/{id}", tag = "holders", request_body = HolderFacts,
    params(("id" = Uuid, Path, description = "The holder.")),
    responses((status = 200, description = "The holder as it is now.", body = Holder)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<HolderFacts>,
) -> Result<Response> {
    let command = EditHolder {
        id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
