//! Billing profiles over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    commands::{SetBillingProfile, Unpark},
    model::{BillingFacts, BillingProfile},
    queries,
};
use crate::{
    api::{Id, Write, etag},
    app::App,
    error::Result,
    gate::Caller,
    scope::{Permission, queries::check_visible},
};

/// Shows what stands on invoices about an organization.
///
/// Where nobody said anything, the version is 0 and everything is as it is by itself.
#[utoipa::path(get, path = "/organizations/{id}/billing-profile", tag = "billing",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The profile, its version as ETag.", body = BillingProfile)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            check_visible(&mut tx, &caller.scope, Permission::BillingEdit, id).await?;
            queries::get(&mut tx, id).await
        })
    });
    let found = read.await?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Says what stands on invoices about an organization, as seller and as buyer.
///
/// How it is taxed is said by whoever sells to it: else `billing.taxed_by_seller`. Invoices that are finalized keep what
/// stood there then.
#[utoipa::path(put, path = "/organizations/{id}/billing-profile", tag = "billing", request_body = BillingFacts,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The profile as it is now.", body = BillingProfile)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<BillingFacts>,
) -> Result<Response> {
    let command = SetBillingProfile {
        organization_id: id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Lets an organization be invoiced again, after its invoicing was parked and somebody looked at the reason.
#[utoipa::path(post, path = "/organizations/{id}/billing-profile/unpark", tag = "billing",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The profile as it is now.", body = BillingProfile)))]
pub async fn unpark(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let organization_id = id;
    let command = Unpark { organization_id };
    Ok(write.submit(&app, command).await?.ok())
}
