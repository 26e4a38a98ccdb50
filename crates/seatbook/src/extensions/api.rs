//! Extensions over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    commands::{ExtensionPolicy, SetExtensionPolicy},
    queries,
};
use crate::{
    api::{Id, Write, etag},
    app::App,
    error::Result,
    gate::Caller,
    scope::{Permission, queries::check_visible},
};

/// Shows whether an organization's direct numbers use units.
#[utoipa::path(get, path = "/organizations/{id}/extension-policy", tag = "assignments",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The policy, its version as ETag.", body = ExtensionPolicy)))]
pub async fn show_policy(
    State(app): State<App>,
    caller: Caller,
    Id(organization_id): Id,
) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let asked = Permission::AssignmentsRead;
            check_visible(&mut tx, &caller.scope, asked, organization_id).await?;
            queries::counts_numbers(&mut tx, organization_id).await
        })
    });
    let (counts_numbers, version) = read.await?;
    let policy = ExtensionPolicy {
        organization_id,
        counts_numbers,
        version,
    };
    Ok(([("etag", etag(version))], Json(policy)).into_response())
}

/// The policy.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtensionPolicyIn {
    /// A direct number in a file uses one unit of the add-on `license_number`.
    counts_numbers: bool,
}

/// Says whether a direct number in a file uses a unit. What is bound already stays.
#[utoipa::path(put, path = "/organizations/{id}/extension-policy", tag = "assignments",
    request_body = ExtensionPolicyIn,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The policy as it is now.", body = ExtensionPolicy)))]
pub async fn set_policy(
    State(app): State<App>,
    Id(organization_id): Id,
    write: Write<ExtensionPolicyIn>,
) -> Result<Response> {
    let command = SetExtensionPolicy {
        organization_id,
        version: write.if_match(),
        counts_numbers: write.body.counts_numbers,
    };
    Ok(write.submit(&app, command).await?.ok())
}
