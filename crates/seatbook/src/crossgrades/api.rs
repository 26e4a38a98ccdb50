//! Crossgrades over the API.

use axum::{Json, extract::State, response::Response};
use rules::reduction::Rule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::{Crossgrade, sees_prices},
    model::{Crossgraded, Money, Resolution, Said, Step, Units},
    queries,
};
use crate::{
    api::{Id, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
    plan_subscriptions::{self, api::PlanOrderIn},
    subscriptions::model::Choice,
};

/// What becomes of one overlap.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OverlapIn)]
pub struct SaidIn {
    /// Which: the pool of the customer, as `GET /organizations/{id}/overlaps` names it.
    pool_id: Uuid,
    /// What becomes of it; as usual unless said.
    resolution: Option<Resolution>,
    /// How many units there are after a transfer: `keep` unless said.
    #[serde(default)]
    units: Units,
    /// Who gives way, where there are to be fewer units than are in use: `never_used` unless said, `idle_longest` or
    /// `newest`.
    rule: Option<String>,
    /// The fingerprint of the plan by that rule, which says that it was seen.
    fingerprint: Option<String>,
    /// Instead of a rule: the assignments that end, by hand.
    losers: Option<Vec<Uuid>>,
}

impl SaidIn {
    fn said(self, place: usize) -> Result<Said> {
        let rule = match self.rule.as_deref() {
            None => Rule::default(),
            Some(word) => Rule::parse(word).ok_or_else(|| {
                let field = format!("overlaps[{place}].rule");
                Error::invalid(field, "rule.unknown", "There is no such rule.")
            })?,
        };
        let choice = match self.losers {
            Some(losers) => Choice::Hand(losers),
            None => Choice::Rule {
                rule,
                fingerprint: self.fingerprint,
            },
        };
        Ok(Said {
            pool_id: self.pool_id,
            resolution: self.resolution,
            units: self.units,
            choice,
        })
    }
}

/// A service plan that takes the place of what a customer has.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CrossgradeIn {
    /// What is ordered.
    order: PlanOrderIn,
    /// What becomes of overlaps; of those that are not named, what is usual.
    #[serde(default)]
    overlaps: Vec<SaidIn>,
}

impl CrossgradeIn {
    fn command(self) -> Result<Crossgrade> {
        let overlaps = self.overlaps.into_iter().enumerate();
        Ok(Crossgrade {
            order: self.order.order(),
            overlaps: overlaps
                .map(|(place, it)| it.said(place))
                .collect::<Result<_>>()?,
        })
    }
}

/// Crossgrades a customer to a service plan of which it has a part already.
///
/// For each overlap: `transfer` carries bindings, add-ons and shares over and supersedes the old license; `keep_both`
/// leaves the old one beside the new; `end` supersedes it and frees its units. It is done whole or not at all, and
/// begins at once where anything is carried over. What is left over of an old plan becomes unbundled licenses, which
/// run to their own end. `?preview=true` says all of it, with the money.
#[utoipa::path(post, path = "/crossgrades", tag = "crossgrades", request_body = CrossgradeIn,
    responses((status = 201, description = "What became of it.", body = Crossgraded)))]
pub async fn crossgrade(State(app): State<App>, write: Write<CrossgradeIn>) -> Result<Response> {
    let command = write.body.clone().command()?;
    let answer = write.submit(&app, command).await?;
    let id = answer.outcome.assigned.subscription.id;
    Ok(answer.created(&format!("/api/v1/plan-subscriptions/{id}/crossgrade")))
}

/// How a customer came to a service plan.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CrossgradeRecord)]
pub struct RecordOut {
    /// What became of each overlap.
    steps: Vec<Step>,
    /// Plan subscriptions whose place it took.
    superseded: Vec<Uuid>,
    /// Licenses left over, which run to their own end.
    unbundled: Vec<Uuid>,
    /// The money; none for who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    money: Option<Money>,
}

/// Shows the crossgrade by which a customer came to a service plan.
#[utoipa::path(get, path = "/plan-subscriptions/{id}/crossgrade", tag = "crossgrades",
    params(("id" = Uuid, Path, description = "The subscription that it led to.")),
    responses((status = 200, description = "What became of each overlap.", body = RecordOut)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<RecordOut>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = plan_subscriptions::queries::find_visible(tx, &caller.scope, id).await?;
            let of = found.ok_or_else(Error::not_found)?;
            let seen = sees_prices(&caller.scope, of.seller_id, of.organization_id);
            let found = queries::find(tx, id).await?;
            Ok(found.map(|(record, money)| (record, Some(money).filter(|_| seen))))
        })
    });
    let (record, money) = read.await?.ok_or_else(Error::not_found)?;
    Ok(Json(RecordOut {
        steps: record.steps.into_iter().map(Step::shown).collect(),
        superseded: record.superseded,
        unbundled: record.unbundled,
        money,
    }))
}
