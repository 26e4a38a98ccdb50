//! Renewals over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::{ChangeSubscription, Changed, CoTerm, CoTermed, ScheduleRenewal, WithdrawSchedule},
    model::Renewal,
    queries,
};
use crate::{
    api::{Id, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
    licenses::api::priced,
    subscriptions::{self, api::choice},
};

/// Shows the terms of a subscription, and what the next one will be.
///
/// It renews at the end of its term by the clock. Where it does not, or waits, `obstacle` says why.
#[utoipa::path(get, path = "/subscriptions/{id}/renewal", tag = "renewals",
    params(("id" = Uuid, Path, description = "The pool; or a license for its own, or what is bound in it.")),
    responses((status = 200, description = "Its terms.", body = Renewal)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Renewal>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let named = subscriptions::queries::named(tx, &caller.scope, id).await?;
            let named = named.ok_or_else(Error::not_found)?;
            queries::renewal(tx, &caller.scope, named.pool()).await
        })
    });
    Ok(Json(read.await?))
}

/// What the next term shall be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalIn {
    /// Units it shall have; what was said so far unless said.
    #[serde(default)]
    quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, in minor units. Needs `prices.edit`.
    #[serde(default)]
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217: the one that it has.
    #[serde(default)]
    currency: Option<String>,
    /// Where there are fewer units than in use, who gives way: `never_used` unless said, `idle_longest` or `newest`.
    #[serde(default)]
    rule: Option<String>,
    /// Instead of a rule: these assignments.
    #[serde(default)]
    assignment_ids: Option<Vec<Uuid>>,
    /// That of the plan you saw, where a rule takes units from somebody.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// Decides that a subscription renews at the end of its term, and what the next one shall be.
///
/// Without a body it renews as it is. More units are new ones (`licenses.issue`), or drawn at the renewal where the
/// present ones were; fewer are planned as by `/reductions`. `?preview=true` says what the next term costs.
#[utoipa::path(post, path = "/subscriptions/{id}/renewal", tag = "renewals", request_body = RenewalIn,
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "Its terms, and the next one as it will be.", body = Renewal)))]
pub async fn schedule(
    State(app): State<App>,
    Id(id): Id,
    write: Write<RenewalIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = ScheduleRenewal {
        id,
        version: write.if_match(),
        quantity: body.quantity,
        price: priced(body.price_minor, body.currency)?,
        choice: choice(body.rule.as_deref(), body.assignment_ids, body.fingerprint)?,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Takes back what was said of the next term: it will be as the present one.
///
/// Whether there is one stays as it is; `/unsubscribe` says that there is none.
#[utoipa::path(delete, path = "/subscriptions/{id}/renewal", tag = "renewals",
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "Its terms, and the next one as it will be.", body = Renewal)))]
pub async fn withdraw(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let command = WithdrawSchedule { id, version };
    Ok(write.submit(&app, command).await?.ok())
}

/// When a change holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeTime)]
pub enum Effective {
    /// From today on: the rest of the period is prorated by days, today included.
    #[default]
    Now,
    /// From the next term on.
    Renewal,
}

/// A change of units or price.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionChange {
    /// Units it shall have; as many as now unless said.
    #[serde(default)]
    quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, in minor units. Needs `prices.edit`.
    #[serde(default)]
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    #[serde(default)]
    currency: Option<String>,
    /// `now` unless said, or from the `renewal` on.
    #[serde(default)]
    effective: Effective,
    /// Where there are fewer units than in use, who gives way: `never_used` unless said, `idle_longest` or `newest`.
    #[serde(default)]
    rule: Option<String>,
    /// Instead of a rule: these assignments.
    #[serde(default)]
    assignment_ids: Option<Vec<Uuid>>,
    /// That of the plan you saw, where a rule takes units from somebody.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// Changes units or price of a subscription, now or at its renewal; the answer says what that costs.
///
/// Now: the difference for the rest of the period that is paid for, by days, with its formula; `?preview=true` says it
/// beforehand. It is not put on an invoice by itself. What may be changed is as for licenses and reductions.
#[utoipa::path(post, path = "/subscriptions/{id}/change", tag = "renewals", request_body = SubscriptionChange,
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "What changed, and its money.", body = Changed)))]
pub async fn change(
    State(app): State<App>,
    Id(id): Id,
    write: Write<SubscriptionChange>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = ChangeSubscription {
        id,
        version: write.if_match(),
        quantity: body.quantity,
        price: priced(body.price_minor, body.currency)?,
        at_renewal: body.effective == Effective::Renewal,
        choice: choice(body.rule.as_deref(), body.assignment_ids, body.fingerprint)?,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Licenses that shall end together.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CoTermIn {
    /// Which: up to 200 of the organization's own.
    license_ids: Vec<Uuid>,
    /// The last day of all of them.
    #[schema(value_type = String, format = Date)]
    end_date: Date,
}

/// Brings several licenses of an organization to one last day.
///
/// Each says how many days it gains or loses, of how many, and what they cost or give back; `?preview=true` says it
/// beforehand. The days that are gained are billed as the periods they belong to. From the next renewal on all of them
/// end together.
#[utoipa::path(post, path = "/organizations/{id}/co-term", tag = "renewals", request_body = CoTermIn,
    params(("id" = Uuid, Path, description = "The organization.")),
    responses((status = 200, description = "The licenses, and what it costs.", body = CoTermed)))]
pub async fn co_term(
    State(app): State<App>,
    Id(id): Id,
    write: Write<CoTermIn>,
) -> Result<Response> {
    let command = CoTerm {
        organization_id: id,
        license_ids: write.body.license_ids.clone(),
        end_date: write.body.end_date,
    };
    Ok(write.submit(&app, command).await?.ok())
}
