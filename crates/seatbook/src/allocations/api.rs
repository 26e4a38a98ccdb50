//! Allocations over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Tx;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{Allocate, MoveHolder, SetAllocations, WantedShare},
    model::{Allocation, PoolBalance},
    queries::{self, Filter},
};
use crate::{
    api::{Id, List, Paging, Params, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
    licenses,
    organizations::{commands::MoveOrganization, model::Organization},
    scope::{Permission, Scope},
};

/// Which allocations.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of the child's name, reference, web site or tax number.
    q: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the child organizations that were given units of a pool, by name.
#[utoipa::path(get, path = "/pools/{id}/allocations", tag = "allocations", params(ListParams,
    ("id" = Uuid, Path, description = "The pool whose units were passed on.")),
    responses((status = 200, description = "A page of allocations.", body = List<Allocation>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Id(pool_id): Id,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Allocation>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = Filter {
        pool_id,
        keyword: params.q,
        after: paging.after()?,
        limit: limit + 1,
    };
    caller.scope.require(Permission::AllocationsRead)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move { visible(&mut tx, &caller.scope, &filter).await })
    });
    let key = |last: &Allocation| (last.organization_name.clone(), last.organization_id);
    Ok(Json(List::page(read.await?, limit, key)))
}

/// The shares of a pool, where the scope can see the pool.
async fn visible(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Allocation>> {
    let pool = licenses::pools::find_visible(tx, scope, filter.pool_id).await?;
    pool.ok_or_else(Error::not_found)?;
    queries::list(tx, filter).await
}

/// The rows that change.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetIn {
    /// The rows that change; children that are not named keep what they have.
    rows: Vec<WantedShare>,
}

/// Splits a pool among child organizations: all rows at once, or none.
///
/// Each row says what you saw. Refused with `pool.exhausted` where the shares add up to more than there is,
/// `allocation.below_use` where a child uses what is to be taken back, `allocation.changed` where somebody
/// else changed a row meanwhile; every such row stands in `rows`.
#[utoipa::path(put, path = "/pools/{id}/allocations", tag = "allocations", request_body = SetIn,
    params(("id" = Uuid, Path, description = "The pool whose units are passed on.")),
    responses((status = 200, description = "The pool's balance.", body = PoolBalance)))]
pub async fn set(State(app): State<App>, Id(pool_id): Id, write: Write<SetIn>) -> Result<Response> {
    let command = SetAllocations {
        pool_id,
        rows: write.body.rows.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Units for one child.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocateIn {
    /// The pool whose units are passed on.
    pool_id: Uuid,
    /// The child organization.
    organization_id: Uuid,
    /// How many more; negative takes back.
    units: i64,
}

/// Passes units on to one child organization, or takes them back.
///
/// Refused with `pool.exhausted`, and with what is `free`, where there are not that many.
#[utoipa::path(post, path = "/allocations", tag = "allocations", request_body = AllocateIn,
    responses((status = 201, description = "The pool's balance.", body = PoolBalance)))]
pub async fn allocate(State(app): State<App>, write: Write<AllocateIn>) -> Result<Response> {
    let AllocateIn {
        pool_id,
        organization_id,
        units,
    } = write.body;
    let answer = write
        .submit(
            &app,
            Allocate {
                pool_id,
                organization_id,
                units,
            },
        )
        .await?;
    Ok(answer.created(&format!("/api/v1/pools/{pool_id}/allocations")))
}

/// Where to.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganizationMoveIn)]
pub struct MoveIn {
    /// The new parent.
    parent_id: Uuid,
}

/// Puts an organization, and all below it, under another parent.
///
/// Refused with `organization.holds_allocations` while it holds units of the parent it would leave.
#[utoipa::path(post, path = "/organizations/{id}/move", tag = "organizations", request_body = MoveIn,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The organization in its new place.", body = Organization)))]
pub async fn move_to(State(app): State<App>, Id(id): Id, write: Write<MoveIn>) -> Result<Response> {
    let moving = MoveOrganization {
        id,
        version: write.if_match(),
        parent_id: write.body.parent_id,
    };
    Ok(write.submit(&app, MoveHolder { moving }).await?.ok())
}
