//! Roles over the API.

use axum::{
    Json,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::{CreateRole, DeleteRole, DemandSecondFactor, EditRole},
    model::{Role, RoleFacts},
    queries,
};
use crate::{
    api::{Id, List, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
};

/// Lists the roles you can see: built-in ones first, then those made here, by name.
#[utoipa::path(get, path = "/roles", tag = "roles",
    responses((status = 200, description = "The roles; there is one page.", body = List<Role>)))]
pub async fn list(State(app): State<App>, caller: Caller) -> Result<Json<List<Role>>> {
    let read = app
        .read(move |mut tx| Box::pin(async move { queries::list(&mut tx, &caller.scope).await }));
    Ok(Json(List {
        items: read.await?,
        next_cursor: None,
    }))
}

/// A new role.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleIn {
    /// Where it can be given, and below.
    organization_id: Uuid,
    /// What people call it, 1 to 100 characters; unique at its organization.
    name: String,
    /// What it allows; nothing that you may not do yourself.
    permissions: Vec<Permission>,
    /// Whether its people must bring a second factor.
    #[serde(default)]
    requires_second_factor: bool,
}

/// Makes a role, never wider than your own rights.
#[utoipa::path(post, path = "/roles", tag = "roles", request_body = RoleIn,
    responses((status = 201, description = "The role.", body = Role)))]
pub async fn create(State(app): State<App>, write: Write<RoleIn>) -> Result<Response> {
    let new = write.body.clone();
    let facts = RoleFacts {
        name: new.name,
        permissions: new.permissions,
        requires_second_factor: new.requires_second_factor,
    };
    let command = CreateRole {
        organization_id: new.organization_id,
        facts,
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/roles/{}", answer.outcome.role);
    Ok(answer.created(&location))
}

/// Shows one role.
#[utoipa::path(get, path = "/roles/{id}", tag = "roles",
    params(("id" = String, Path, description = "A built-in role's key, or a custom role's id.")),
    responses((status = 200, description = "The role, its version as ETag.", body = Role)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(word): Path<String>,
) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, &word).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Replaces what is said about a custom role. It counts from the next request of everybody who holds it.
#[utoipa::path(put, path = "/roles/{id}", tag = "roles", request_body = RoleFacts,
    params(("id" = Uuid, Path, description = "The custom role.")),
    responses((status = 200, description = "The role as it is now.", body = Role)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<RoleFacts>,
) -> Result<Response> {
    let command = EditRole {
        id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Removes a custom role that nobody holds.
#[utoipa::path(delete, path = "/roles/{id}", tag = "roles",
    params(("id" = Uuid, Path, description = "The custom role.")),
    responses((status = 200, description = "It is removed.")))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = DeleteRole {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// What is demanded.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DemandIn {
    /// Whether everybody who holds the role must bring a second factor.
    required: bool,
}

/// Demands a second factor of everybody who holds a built-in role. Who has none is led to set it up before
/// anything else. Only for roles.edit at the provider.
#[utoipa::path(put, path = "/roles/{id}/second-factor", tag = "roles", request_body = DemandIn,
    params(("id" = String, Path, description = "A built-in role's key.")),
    responses((status = 200, description = "The role as it is now.", body = Role)))]
pub async fn demand(
    State(app): State<App>,
    Path(role): Path<String>,
    write: Write<DemandIn>,
) -> Result<Response> {
    let required = write.body.required;
    Ok(write
        .submit(&app, DemandSecondFactor { role, required })
        .await?
        .ok())
}
