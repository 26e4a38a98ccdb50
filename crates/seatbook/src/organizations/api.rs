//! Organizations over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{CreateOrganization, EditOrganization, SuspendOrganization},
    model::{Kind, Organization, OrganizationFacts},
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which organizations.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of name, reference, web site or tax number.
    q: Option<String>,
    /// Direct children of this organization.
    parent_id: Option<Uuid>,
    /// Of this kind only.
    kind: Option<Kind>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the organizations you can see, by name.
#[utoipa::path(get, path = "/organizations", tag = "organizations", params(ListParams),
    responses((status = 200, description = "A page of organizations.", body = List<Organization>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Organization>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        parent_id: params.parent_id,
        kind: params.kind.map(Kind::as_str),
        after: paging.after()?,
        limit: limit + 1,
        ..queries::Filter::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| {
        (last.name.clone(), last.id)
    })))
}

/// A new organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationIn {
    /// The organization above it.
    parent_id: Uuid,
    /// `partner` or `customer`.
    kind: Kind,
    /// Its legal name, 1 to 200 characters.
    name: String,
    /// The key by which other systems know it; unique.
    reference: Option<String>,
    /// Its web site.
    website: Option<String>,
    /// Its tax number.
    tax_id: Option<String>,
    /// A note for those who look after it.
    note: Option<String>,
    /// How it pays; `license` unless said.
    #[serde(default)]
    pricing_model: super::model::PricingModel,
    /// The IANA zone in which its days begin and end; its parent's unless said.
    time_zone: Option<String>,
}

/// Adds an organization below one of yours.
#[utoipa::path(post, path = "/organizations", tag = "organizations", request_body = OrganizationIn,
    responses((status = 201, description = "The new organization.", body = Organization)))]
pub async fn create(State(app): State<App>, write: Write<OrganizationIn>) -> Result<Response> {
    let new = write.body.clone();
    let facts = OrganizationFacts {
        name: new.name,
        reference: new.reference,
        website: new.website,
        tax_id: new.tax_id,
        note: new.note,
        pricing_model: new.pricing_model,
        time_zone: new.time_zone,
    };
    let command = CreateOrganization {
        parent_id: new.parent_id,
        kind: new.kind,
        facts,
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/organizations/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// Shows one organization.
#[utoipa::path(get, path = "/organizations/{id}", tag = "organizations",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The organization, its version as ETag.", body = Organization)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.glance(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, id).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Replaces what is said about an organization.
#[utoipa::path(put, path = "/organizations/{id}", tag = "organizations", request_body = OrganizationFacts,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The organization as it is now.", body = Organization)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<OrganizationFacts>,
) -> Result<Response> {
    let command = EditOrganization {
        id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Suspends an organization: nobody at or below it signs in, tokens stop, checks say no. Units stay.
#[utoipa::path(post, path = "/organizations/{id}/suspend", tag = "organizations",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The organization, suspended.", body = Organization)))]
pub async fn suspend(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = SuspendOrganization {
        id,
        version: write.if_match(),
        suspended: true,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Takes a suspension back.
#[utoipa::path(post, path = "/organizations/{id}/resume", tag = "organizations",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The organization, no longer suspended.", body = Organization)))]
pub async fn resume(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = SuspendOrganization {
        id,
        version: write.if_match(),
        suspended: false,
    };
    Ok(write.submit(&app, command).await?.ok())
}
