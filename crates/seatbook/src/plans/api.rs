//! Service plans over the API.

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
    commands::{AddServicePlan, EditServicePlan, RemoveServicePlan, SetComposition},
    facts::{ComponentIn, PlanEdit, PlanFacts, USUAL_NOTICE},
    model::{BilledEvery, Edition, WholePlan},
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// Which service plans.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServicePlanParams {
    /// Any part of code or name.
    q: Option<String>,
    /// Plans of this edition.
    #[param(inline)]
    edition: Option<Edition>,
    /// `true` for plans that can be assigned today, `false` for those that cannot.
    on_sale: Option<bool>,
    /// `true` for plans at the end of their life too, which are left out otherwise.
    include_ended: Option<bool>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the service plans, by name, with what they are made of. Those at the end of their life are left out.
#[utoipa::path(get, path = "/service-plans", tag = "service_plans", params(ServicePlanParams),
    responses((status = 200, description = "A page of service plans.", body = List<WholePlan>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ServicePlanParams>,
) -> Result<Json<List<WholePlan>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        edition: params.edition,
        on_sale: params.on_sale,
        include_ended: params.include_ended.unwrap_or_default(),
        after: paging.after()?,
        limit: limit + 1,
    };
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter, now).await })
    });
    let name = |last: &WholePlan| (last.plan.name.clone(), last.plan.id);
    Ok(Json(List::page(read.await?, limit, name)))
}

/// A service plan to add.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServicePlanIn {
    /// Its code, unique; 1 to 120 characters.
    code: String,
    /// Its name, 1 to 200 characters.
    name: String,
    /// `full`, `trial` or `not_for_resale`; full unless said.
    #[serde(default)]
    edition: Edition,
    /// How often it is billed; yearly unless said.
    #[serde(default)]
    billing: BilledEvery,
    /// How long one term runs: an ISO 8601 duration such as `P1Y`; a month or a year, as it is billed, unless said.
    #[serde(default)]
    term: Option<String>,
    /// Whether what is assigned of it renews, unless somebody says otherwise; a trial does not, others do, unless said.
    #[serde(default)]
    auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced, 0 to 3,660; 30 unless said.
    #[serde(default)]
    notice_days: Option<i64>,
    /// The full plan that a trial becomes when it is converted.
    #[serde(default)]
    full_plan_id: Option<Uuid>,
    /// From this day on it cannot be assigned.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    end_of_sale: Option<Date>,
    /// From this day on it is not shown either; not before the end of sale.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    end_of_life: Option<Date>,
    /// What it is made of, 1 to 50 components.
    components: Vec<ComponentIn>,
}

impl ServicePlanIn {
    fn facts(&self) -> PlanFacts {
        let term = self.term.clone();
        let renews = self.edition != Edition::Trial;
        PlanFacts {
            code: self.code.clone(),
            name: self.name.clone(),
            edition: self.edition,
            billing: self.billing,
            term: term.unwrap_or_else(|| PlanFacts::usual_term(self.billing).into()),
            auto_renews: self.auto_renews.unwrap_or(renews),
            notice_days: self.notice_days.unwrap_or(USUAL_NOTICE),
            full_plan_id: self.full_plan_id,
            end_of_sale: self.end_of_sale,
            end_of_life: self.end_of_life,
        }
    }
}

/// Adds a service plan: a named template of components, each a SKU with the units that a customer gets unless somebody
/// says otherwise.
#[utoipa::path(post, path = "/service-plans", tag = "service_plans", request_body = ServicePlanIn,
    responses((status = 201, description = "The new plan, in its first composition.", body = WholePlan)))]
pub async fn create(State(app): State<App>, write: Write<ServicePlanIn>) -> Result<Response> {
    let command = AddServicePlan {
        facts: write.body.facts(),
        components: write.body.components.clone(),
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/service-plans/{}", answer.outcome.plan.id);
    Ok(answer.created(&location))
}

/// Which composition of a service plan.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompositionParams {
    /// An earlier composition, counted from 1; the present one unless said.
    composition: Option<i64>,
}

/// Shows one service plan with what it is made of today, or was made of in an earlier composition.
#[utoipa::path(get, path = "/service-plans/{id}", tag = "service_plans",
    params(("id" = Uuid, Path, description = "The plan."), CompositionParams),
    responses((status = 200, description = "The plan, its version as ETag.", body = WholePlan)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<CompositionParams>,
) -> Result<Response> {
    let now = app.gate.now();
    let which = (id, params.composition);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &caller.scope, which, now).await })
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.plan.version))], Json(found)).into_response())
}

/// Changes what is said about a service plan. What customers have of it keeps the terms it was given on.
#[utoipa::path(patch, path = "/service-plans/{id}", tag = "service_plans", request_body = PlanEdit,
    params(("id" = Uuid, Path, description = "The plan.")),
    responses((status = 200, description = "The plan as it is now.", body = WholePlan)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<PlanEdit>,
) -> Result<Response> {
    let command = EditServicePlan {
        id,
        version: write.if_match(),
        edit: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// What a service plan shall be made of.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompositionIn {
    /// All components from now on, 1 to 50.
    components: Vec<ComponentIn>,
}

/// Makes a service plan of other components: its next composition. Customers keep the composition they have until the
/// next one is approved for them; earlier ones stay to be read.
#[utoipa::path(post, path = "/service-plans/{id}/compositions", tag = "service_plans", request_body = CompositionIn,
    params(("id" = Uuid, Path, description = "The plan.")),
    responses((status = 201, description = "The plan in its new composition.", body = WholePlan)))]
pub async fn compose(
    State(app): State<App>,
    Id(id): Id,
    write: Write<CompositionIn>,
) -> Result<Response> {
    let command = SetComposition {
        id,
        version: write.if_match(),
        components: write.body.components.clone(),
    };
    let answer = write.submit(&app, command).await?;
    let composition = answer.outcome.components_of;
    let location = format!("/api/v1/service-plans/{id}?composition={composition}");
    Ok(answer.created(&location))
}

/// Removes a service plan that no customer was ever given. Others get an end of life instead.
#[utoipa::path(delete, path = "/service-plans/{id}", tag = "service_plans",
    params(("id" = Uuid, Path, description = "The plan.")),
    responses((status = 200, description = "It is gone.")))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = RemoveServicePlan {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
