//! Changed compositions over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    commands::{ApproveComposition, DeclineComposition},
    model::{Approved, CompositionChange},
    queries,
};
use crate::{
    api::{Id, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    plan_subscriptions::{
        self,
        model::{PlanSubscription, WantedComponent},
    },
};

/// Shows what approving the newest composition of its plan would bring to a customer.
///
/// A component is one SKU, whatever its units. While `locked` is true, units, prices and terms of its licenses stay as
/// they are (`plan.locked`); units can be assigned to holders, its term renews, and the customer can be crossgraded.
#[utoipa::path(get, path = "/plan-subscriptions/{id}/composition", tag = "compositions",
    params(("id" = Uuid, Path, description = "What the customer has of the plan.")),
    responses((status = 200, description = "What stays, what is new and what is gone; the version of the subscription as ETag.",
        body = CompositionChange)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = plan_subscriptions::queries::find_visible(tx, &caller.scope, id).await?;
            let of = found.ok_or_else(Error::not_found)?;
            let change = queries::change(tx, &of).await?;
            Ok((etag(of.version), change.into_out(&of)))
        })
    });
    let (tag, change) = read.await?;
    Ok(([("etag", tag)], Json(change)).into_response())
}

/// An approval.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompositionApproval)]
pub struct ApprovalIn {
    /// The `newest_composition` that you saw; refused with `composition.changed` where it is another by now.
    #[serde(default)]
    composition: Option<i64>,
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// What differs of the components that are new; those that are not named are as the plan says.
    #[serde(default)]
    components: Vec<WantedComponent>,
}

/// Approves the newest composition of its plan for a customer: it has that at once, all of it.
///
/// Licenses of components that stay are as they were. Of each new component there is a license from today to the last
/// day of the plan's present term; where the seller's pools have too little, everything that is short is named. Licenses
/// of components that are gone run to their own end. Refused with `plan.overlap` where the customer has a new component
/// beside the plan already: then crossgrade. What was declined can be approved later.
#[utoipa::path(post, path = "/plan-subscriptions/{id}/composition/approve", tag = "compositions", request_body = ApprovalIn,
    params(("id" = Uuid, Path, description = "What the customer has of the plan.")),
    responses((status = 200, description = "What the customer has now, and what it costs.", body = Approved)))]
pub async fn approve(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ApprovalIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = ApproveComposition {
        subscription_id: id,
        version: write.if_match(),
        composition: body.composition,
        issue: body.issue,
        components: body.components,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// A refusal.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CompositionRefusal)]
pub struct RefusalIn {
    /// The `newest_composition` that you saw; refused with `composition.changed` where it is another by now.
    #[serde(default)]
    composition: Option<i64>,
}

/// Declines the newest composition of its plan for a customer: it keeps what it has, and is locked no more.
#[utoipa::path(post, path = "/plan-subscriptions/{id}/composition/decline", tag = "compositions", request_body = RefusalIn,
    params(("id" = Uuid, Path, description = "What the customer has of the plan.")),
    responses((status = 200, description = "What the customer has.", body = PlanSubscription)))]
pub async fn decline(
    State(app): State<App>,
    Id(id): Id,
    write: Write<RefusalIn>,
) -> Result<Response> {
    let command = DeclineComposition {
        subscription_id: id,
        version: write.if_match(),
        composition: write.body.composition,
    };
    Ok(write.submit(&app, command).await?.ok())
}
