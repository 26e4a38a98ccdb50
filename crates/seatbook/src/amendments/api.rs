//! Changes of customers' service plans over the API.

use axum::{extract::State, response::Response};
use serde::Deserialize;
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::{ChangePlanSubscription, ConvertTrial},
    model::{PlanChanged, WantedPart},
};
use crate::{
    api::{Id, Write},
    app::App,
    crossgrades::model::Crossgraded,
    error::{Error, Result},
    licenses::api::priced,
    plan_subscriptions::model::WantedComponent,
    renewals::api::Effective,
    subscriptions::api::choice,
};

/// What changes of one component.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanPartChange)]
pub struct PartIn {
    /// Which: its license.
    #[serde(default)]
    license_id: Option<Uuid>,
    /// Or its SKU, where the customer has one license of it.
    #[serde(default)]
    sku_id: Option<Uuid>,
    /// Units, 1 to 999,999; as many as now unless said.
    #[serde(default)]
    units: Option<i64>,
    /// Price of one unit for one validity of the SKU, in minor units. Needs `prices.edit`.
    #[serde(default)]
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
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

impl PartIn {
    fn wanted(self, place: usize) -> Result<WantedPart> {
        let here = |mut error: Error| {
            for wrong in &mut error.fields {
                wrong.field = format!("components[{place}].{}", wrong.field);
            }
            error
        };
        let price = priced(self.price_minor, self.currency).map_err(here)?;
        let choice = choice(self.rule.as_deref(), self.assignment_ids, self.fingerprint);
        Ok(WantedPart {
            license_id: self.license_id,
            sku_id: self.sku_id,
            units: self.units,
            price,
            choice: choice.map_err(here)?,
        })
    }
}

/// What changes of a service plan that a customer has.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanSubscriptionChange)]
pub struct ChangeIn {
    /// Its components; those that are not named stay.
    #[serde(default)]
    components: Vec<PartIn>,
    /// The last day, of all its licenses: now, not from the renewal on.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Date>,
    /// Whether it renews.
    #[serde(default)]
    auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced, 0 to 3,660.
    #[serde(default)]
    notice_days: Option<i64>,
    /// When units and prices change: `now` unless said, or from the `renewal` on.
    #[serde(default)]
    effective: Effective,
}

/// Changes a service plan that a customer has: units, prices, last day, renewal and notice, all of it or nothing.
///
/// The answer says what it costs, line by line with formulas: for other units the rest of the period by days, today
/// included, for another last day the days gained or lost. `?preview=true` says it beforehand. Nothing is put on an
/// invoice by itself. A trial is converted instead, and what is not for resale keeps its units.
#[utoipa::path(patch, path = "/plan-subscriptions/{id}", tag = "amendments", request_body = ChangeIn,
    params(("id" = Uuid, Path, description = "The subscription.")),
    responses((status = 200, description = "What the customer has now, and the money.", body = PlanChanged)))]
pub async fn change(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ChangeIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let components = body.components.into_iter().enumerate();
    let command = ChangePlanSubscription {
        id,
        version: write.if_match(),
        components: components
            .map(|(place, it)| it.wanted(place))
            .collect::<Result<_>>()?,
        end_date: body.end_date,
        auto_renews: body.auto_renews,
        notice_days: body.notice_days,
        at_renewal: body.effective == Effective::Renewal,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// How a trial is converted.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TrialConversion)]
pub struct ConversionIn {
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// What differs of the full plan's components; where no units are said, as many go over as there are.
    #[serde(default)]
    components: Vec<WantedComponent>,
}

/// Converts a trial to the full service plan that the catalog names for it.
///
/// A crossgrade by which everything of the trial goes over: holders keep their units and add-ons. Where fewer units are
/// wanted than are in use, crossgrade instead, and say who gives way.
#[utoipa::path(post, path = "/plan-subscriptions/{id}/convert", tag = "amendments", request_body = ConversionIn,
    params(("id" = Uuid, Path, description = "The trial.")),
    responses((status = 201, description = "What became of it.", body = Crossgraded)))]
pub async fn convert(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ConversionIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = ConvertTrial {
        id,
        version: write.if_match(),
        issue: body.issue,
        components: body.components,
    };
    let answer = write.submit(&app, command).await?;
    let id = answer.outcome.assigned.subscription.id;
    Ok(answer.created(&format!("/api/v1/plan-subscriptions/{id}/crossgrade")))
}
