//! Assignments over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{Assign, DeleteHolder, HandOver, HolderLeaves, Reassign, Unassign},
    model::{Assignment, Bound, Freed, Made, Mode, Wanted},
    queries::{self, Filter},
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    holders::model::Holder,
};

/// Which assignments.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of what the holder, or the user behind it, is called: name, extension, number …
    q: Option<String>,
    /// Of this organization itself.
    organization_id: Option<Uuid>,
    /// Of this product.
    product_id: Option<Uuid>,
    /// Of this license.
    license_id: Option<Uuid>,
    /// Of this holder.
    holder_id: Option<Uuid>,
    /// Of this user and what belongs to them.
    user_id: Option<Uuid>,
    /// Add-ons bound to this base assignment.
    base_id: Option<Uuid>,
    /// `true`: those that ended, too.
    with_ended: Option<bool>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists who uses which units, the oldest assignment first; open ones unless asked otherwise.
#[utoipa::path(get, path = "/assignments", tag = "assignments", params(ListParams),
    responses((status = 200, description = "A page of assignments.", body = List<Assignment>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Assignment>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = Filter {
        organization_id: params.organization_id,
        product_id: params.product_id,
        license_id: params.license_id,
        holder_id: params.holder_id,
        user_id: params.user_id,
        base_id: params.base_id,
        keyword: params.q,
        bases_only: false,
        with_ended: params.with_ended.unwrap_or_default(),
        after: paging.after()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.id)))
}

/// What shall be bound.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssignIn {
    /// Whose pools and holders.
    organization_id: Uuid,
    /// One row for each binding, at most 500.
    rows: Vec<Wanted>,
    /// `all`: one row that cannot be done, and nothing is. `good`: the others are done, and the answer names
    /// those that were not.
    #[serde(default)]
    mode: Mode,
}

/// Binds units to holders: one, or several hundred at once.
///
/// Units come from the organization's active pool that ends first, or from the pool a row names. Refused with
/// `pool.exhausted`, naming in `short` each product with what is wanted and free, `assignment.exists` where a
/// holder has a unit already, `add_on.does_not_fit` where an add-on is not made for the base.
#[utoipa::path(post, path = "/assignments", tag = "assignments", request_body = AssignIn,
    responses((status = 201, description = "What was bound.", body = Made)))]
pub async fn assign(State(app): State<App>, write: Write<AssignIn>) -> Result<Response> {
    let AssignIn {
        organization_id,
        rows,
        mode,
    } = write.body.clone();
    let command = Assign {
        organization_id,
        rows,
        mode,
    };
    let answer = write.submit(&app, command).await?;
    let location = match answer.outcome.assigned.as_slice() {
        [one] => format!("/api/v1/assignments/{}", one.id),
        _ => format!("/api/v1/assignments?organization_id={organization_id}"),
    };
    Ok(answer.created(&location))
}

/// Shows one assignment.
#[utoipa::path(get, path = "/assignments/{id}", tag = "assignments",
    params(("id" = Uuid, Path, description = "The assignment.")),
    responses((status = 200, description = "The assignment, its version as ETag.", body = Assignment)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// What shall be freed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnassignIn {
    /// Assignments, base or add-on, at most 500.
    ids: Vec<Uuid>,
}

/// Frees units: all of the named assignments, or none. Add-ons go with their base; `?preview=true` says which.
#[utoipa::path(post, path = "/assignments/unassign", tag = "assignments", request_body = UnassignIn,
    responses((status = 200, description = "What was freed.", body = Freed)))]
pub async fn unassign(State(app): State<App>, write: Write<UnassignIn>) -> Result<Response> {
    let command = Unassign {
        ids: write.body.ids.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Who shall have it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignIn {
    /// The new holder. For the unit of an extension or device, a user gets the extension or device; absent,
    /// nobody has it for now.
    #[serde(default)]
    holder_id: Option<Uuid>,
}

/// Hands a unit on in one step, with its add-ons: the old assignment ends, a new one goes on from it.
#[utoipa::path(post, path = "/assignments/{id}/reassign", tag = "assignments", request_body = ReassignIn,
    params(("id" = Uuid, Path, description = "The base assignment.")),
    responses((status = 200, description = "The new assignment.", body = Bound)))]
pub async fn reassign(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ReassignIn>,
) -> Result<Response> {
    let holder_id = write.body.holder_id;
    Ok(write.submit(&app, Reassign { id, holder_id }).await?.ok())
}

/// Which add-ons.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddOnsIn {
    /// Add-on products; each is bound once.
    product_ids: Vec<Uuid>,
}

/// Binds add-ons to a base assignment: all of them, or none.
#[utoipa::path(post, path = "/assignments/{id}/add-ons", tag = "assignments", request_body = AddOnsIn,
    params(("id" = Uuid, Path, description = "The base assignment.")),
    responses((status = 201, description = "What was bound.", body = Made)))]
pub async fn bind_add_ons(
    State(app): State<App>,
    Id(id): Id,
    write: Write<AddOnsIn>,
) -> Result<Response> {
    let scope = write.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, id).await })
    });
    let base = read.await?.ok_or_else(Error::not_found)?;
    let wanted = |product_id: &Uuid| Wanted {
        product_id: *product_id,
        base_id: Some(id),
        units: 1,
        ..Wanted::default()
    };
    let command = Assign {
        organization_id: base.organization_id,
        rows: write.body.product_ids.iter().map(wanted).collect(),
        mode: Mode::All,
    };
    let location = format!("/api/v1/assignments?base_id={id}");
    Ok(write.submit(&app, command).await?.created(&location))
}

/// How a holder goes.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveIn {
    /// `true`: forget who it was, too. The records of its units stay, without a name.
    #[serde(default)]
    erase: bool,
}

/// Lets a holder leave: its units are freed in the same step; `?preview=true` says which.
#[utoipa::path(post, path = "/holders/{id}/leave", tag = "holders", request_body = LeaveIn,
    params(("id" = Uuid, Path, description = "The holder.")),
    responses((status = 200, description = "What was freed.", body = Freed)))]
pub async fn leave(State(app): State<App>, Id(id): Id, write: Write<LeaveIn>) -> Result<Response> {
    let version = write.if_match();
    Ok(match write.body.erase {
        true => write.submit(&app, DeleteHolder { id, version }).await?.ok(),
        false => write.submit(&app, HolderLeaves { id, version }).await?.ok(),
    })
}

/// Whose it shall be.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandOverIn {
    /// The user; absent for nobody.
    #[serde(default)]
    owner_id: Option<Uuid>,
}

/// Gives a device, screen or extension to a user, or to nobody. The records of its units go on with them.
#[utoipa::path(post, path = "/holders/{id}/hand-over", tag = "holders", request_body = HandOverIn,
    params(("id" = Uuid, Path, description = "The device, screen or extension.")),
    responses((status = 200, description = "The holder as it is now.", body = Holder)))]
pub async fn hand_over(
    State(app): State<App>,
    Id(id): Id,
    write: Write<HandOverIn>,
) -> Result<Response> {
    let command = HandOver {
        id,
        version: write.if_match(),
        owner_id: write.body.owner_id,
    };
    Ok(write.submit(&app, command).await?.ok())
}
