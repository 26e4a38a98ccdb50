//! Service plans of customers over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use store::Date;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::AssignPlan,
    model::{AssignedPlan, Overlap, PlanOrder, PlanSubscription, WantedComponent},
    overlaps as find_overlaps,
    queries::{self, Filter},
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    plans,
    scope::{Permission, queries::check_visible},
};

/// Which service plans of customers.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanSubscriptionsParams {
    /// Only those of this customer.
    organization_id: Option<Uuid>,
    /// Only those of this plan.
    plan_id: Option<Uuid>,
    /// Only those that are locked: their plan is made of other parts by now, and nobody has approved or declined that.
    #[serde(default)]
    locked: bool,
    /// With those that have ended, or that another one took the place of.
    #[serde(default)]
    include_ended: bool,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PlanSubscriptionsParams {
    fn filter(&self) -> Filter {
        Filter {
            organization_id: self.organization_id,
            plan_id: self.plan_id,
            locked: self.locked,
            with_ended: self.include_ended,
            ..Filter::default()
        }
    }
}

/// Lists the service plans that customers have, the newest first.
#[utoipa::path(get, path = "/plan-subscriptions", tag = "plan_subscriptions", params(PlanSubscriptionsParams),
    responses((status = 200, description = "A page of them.", body = List<PlanSubscription>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<PlanSubscriptionsParams>,
) -> Result<Json<List<PlanSubscription>>> {
    let wanted = params.filter();
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = Filter {
        after: paging.after::<Uuid>()?,
        limit: limit + 1,
        ..wanted
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            if let Some(id) = filter.organization_id {
                check_visible(&mut tx, &caller.scope, Permission::LicensesRead, id).await?;
            }
            queries::list(&mut tx, &caller.scope, &filter).await
        })
    });
    Ok(Json(List::page(read.await?, limit, |it| it.id)))
}

/// Shows a service plan that a customer has, with its licenses.
#[utoipa::path(get, path = "/plan-subscriptions/{id}", tag = "plan_subscriptions",
    params(("id" = Uuid, Path, description = "The subscription.")),
    responses((status = 200, description = "The subscription, its version as ETag.", body = AssignedPlan)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_visible(&mut tx, &caller.scope, id).await?;
            let subscription = found.ok_or_else(Error::not_found)?;
            let parts = queries::parts(&mut tx, id).await?;
            Ok(AssignedPlan {
                subscription,
                parts,
            })
        })
    });
    let found = read.await?;
    let tag = etag(found.subscription.version);
    Ok(([("etag", tag)], Json(found)).into_response())
}

/// A service plan for a customer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanOrderIn {
    /// Who sells it and bills it: your organization.
    seller_id: Uuid,
    /// The customer, somewhere below the seller.
    organization_id: Uuid,
    /// The plan.
    plan_id: Uuid,
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// The first day; at once unless said.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    /// The last day; by the plan's term unless said.
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Date>,
    /// Whether it renews; as the plan says unless said.
    auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced; as the plan says unless said.
    notice_days: Option<i64>,
    /// What differs of its components; those that are not named are as the plan says.
    #[serde(default)]
    components: Vec<WantedComponent>,
}

impl PlanOrderIn {
    /// The order that was sent.
    pub fn order(self) -> PlanOrder {
        PlanOrder {
            seller_id: self.seller_id,
            customer_id: self.organization_id,
            plan_id: self.plan_id,
            issue: self.issue,
            start_date: self.start_date,
            end_date: self.end_date,
            auto_renews: self.auto_renews,
            notice_days: self.notice_days,
            components: self.components,
        }
    }
}

/// Assigns a service plan: one subscription, and a license for each component.
///
/// Units are issued by who may issue, else drawn from the seller's pools; where those have too little, everything that
/// is short is named. Refused with `plan.overlap` where the customer has a part of the plan already: then crossgrade.
#[utoipa::path(post, path = "/plan-subscriptions", tag = "plan_subscriptions", request_body = PlanOrderIn,
    responses((status = 201, description = "The subscription with its licenses.", body = AssignedPlan)))]
pub async fn assign(State(app): State<App>, write: Write<PlanOrderIn>) -> Result<Response> {
    let order = write.body.clone().order();
    let answer = write.submit(&app, AssignPlan { order }).await?;
    let id = answer.outcome.subscription.id;
    Ok(answer.created(&format!("/api/v1/plan-subscriptions/{id}")))
}

/// Which plan for which customer.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverlapsParams {
    /// The plan.
    plan_id: Uuid,
}

/// What a customer has already of what a plan includes.
///
/// Two licenses overlap where both include a product that is not shareable, as the one they sell or as a component.
#[utoipa::path(get, path = "/organizations/{id}/overlaps", tag = "plan_subscriptions",
    params(("id" = Uuid, Path, description = "The customer."), OverlapsParams),
    responses((status = 200, description = "The overlaps, those that end first before the others.",
        body = List<Overlap>)))]
pub async fn overlaps(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<OverlapsParams>,
) -> Result<Json<List<Overlap>>> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &caller.scope, Permission::LicensesRead, id).await?;
            let plan = plans::queries::find(tx, params.plan_id).await?;
            let plan = plan.ok_or_else(Error::not_found)?;
            let parts = plans::queries::components(tx, plan.id, plan.composition).await?;
            find_overlaps::find(tx, id, &parts, now).await
        })
    });
    Ok(Json(List {
        items: read.await?,
        next_cursor: None,
    }))
}
