//! Notices over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    commands::{SetLicenseNotices, SetNoticePolicy},
    model::{
        LicenseNotices, LicenseNoticesFacts, LicenseNoticesOut, NoticePolicy, NoticePolicyFacts,
    },
    queries, records,
};
use crate::{
    api::{Id, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    licenses,
    scope::{Permission, queries::check_visible},
};

/// Shows who is told that a license ends or that its free units run low, and what was told.
#[utoipa::path(get, path = "/licenses/{id}/notices", tag = "notices",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "Its notices, their version as ETag.", body = LicenseNoticesOut)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = licenses::queries::find_visible(&mut tx, &caller.scope, id).await?;
            let license = found.ok_or_else(Error::not_found)?;
            records::of_license(&mut tx, &caller.scope, &license).await
        })
    });
    let found = read.await?;
    Ok(([("etag", etag(found.notices.version))], Json(found)).into_response())
}

/// Says what is otherwise for one license than the policy says: who is told, when, and below how many free units.
///
/// What is null or not sent is as the policy says; an empty `lead_days` is no notices. Each lead time is told once. Units
/// that ran low are told of again only after there were enough, or when another threshold is said.
#[utoipa::path(put, path = "/licenses/{id}/notices", tag = "notices", request_body = LicenseNoticesFacts,
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "What is said about it now.", body = LicenseNotices)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<LicenseNoticesFacts>,
) -> Result<Response> {
    let command = SetLicenseNotices {
        license_id: id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Shows how an organization's notices go out: of the licenses it sold or, where nobody sold them, owns.
///
/// Where nobody said anything, the version is 0: both sides are told 60, 30 and 7 days before the last one.
#[utoipa::path(get, path = "/organizations/{id}/notices", tag = "notices",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The policy, its version as ETag.", body = NoticePolicy)))]
pub async fn policy(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            check_visible(&mut tx, &caller.scope, Permission::LicensesRead, id).await?;
            queries::policy(&mut tx, id).await
        })
    });
    let found = read.await?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Says how an organization's notices go out.
#[utoipa::path(put, path = "/organizations/{id}/notices", tag = "notices", request_body = NoticePolicyFacts,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The policy as it is now.", body = NoticePolicy)))]
pub async fn set_policy(
    State(app): State<App>,
    Id(id): Id,
    write: Write<NoticePolicyFacts>,
) -> Result<Response> {
    let command = SetNoticePolicy {
        organization_id: id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
