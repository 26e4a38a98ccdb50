//! Offboarding over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Date;
use utoipa::ToSchema;

use super::{
    commands::{PlanOffboarding, WithdrawOffboarding},
    model::{Departure, Offboarding, Plan},
    queries,
};
use crate::{
    api::{Id, Write},
    app::App,
    error::Result,
    gate::Caller,
    scope::Permission,
};

/// Shows whether a customer leaves, and what ends when it does.
///
/// Takes `organizations.suspend`. `ends` is how it is now, whether the customer leaves or not; who loses units is named
/// for those who may see holders.
#[utoipa::path(get, path = "/customers/{id}/offboarding", tag = "offboarding",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "How it is about its leaving.", body = Departure)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Departure>> {
    caller.scope.require(Permission::OrganizationsSuspend)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::departure(&mut tx, &caller, id).await })
    });
    Ok(Json(read.await?.1))
}

/// That a customer leaves.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OffboardingIn {
    /// With whom it was agreed.
    contact: String,
    /// Why it leaves.
    reason: String,
    /// The day on which its units return, in the customer's zone: today or later.
    #[schema(value_type = String, format = Date)]
    leaves_on: Date,
}

/// Decides that a customer leaves on a day; `?preview=true` says what ends.
///
/// When the day begins, assignments of the customer and of all below it end, units return to the pools they came from,
/// its own licenses are terminated, and it is suspended. Today is at once. Takes `organizations.suspend`,
/// `assignments.set` and `licenses.terminate` there, and `organizations.suspend` and `allocations.set` above it.
#[utoipa::path(post, path = "/customers/{id}/offboarding", tag = "offboarding", request_body = OffboardingIn,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 201, description = "That it leaves, and what ends.", body = Plan)))]
pub async fn plan(
    State(app): State<App>,
    Id(id): Id,
    write: Write<OffboardingIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = PlanOffboarding {
        organization_id: id,
        contact: body.contact,
        reason: body.reason,
        leaves_on: body.leaves_on,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer.created(&format!("/api/v1/customers/{id}/offboarding")))
}

/// Decides that a customer stays, before its day has come.
#[utoipa::path(delete, path = "/customers/{id}/offboarding", tag = "offboarding",
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "It stays.", body = Offboarding)))]
pub async fn withdraw(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = WithdrawOffboarding {
        organization_id: id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
