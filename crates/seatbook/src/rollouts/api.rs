//! Rollouts over the API.

use axum::{
    Json,
    extract::State as Held,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{ApplyRollout, CancelRollout, CreateRollout},
    customers::Found,
    model::{Action, Counts, Rollout, RolloutRow, RowState, State, Terms},
    queries,
    totals::{self, Total},
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::Result,
    gate::Caller,
    organizations::model::Kind,
    plan_subscriptions::model::WantedComponent,
};

/// Which rollouts.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RolloutsParams {
    /// Only those of this plan.
    plan_id: Option<Uuid>,
    /// Only those that are so far.
    state: Option<State>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A rollout with its customers by their answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CountedRollout)]
pub struct Counted {
    /// The rollout.
    #[serde(flatten)]
    pub rollout: Rollout,
    /// Its customers by their answer.
    pub counts: Counts,
}

/// Lists the rollouts you can see, the newest first.
#[utoipa::path(get, path = "/rollouts", tag = "rollouts", params(RolloutsParams),
    responses((status = 200, description = "A page of them.", body = List<Counted>)))]
pub async fn list(
    Held(app): Held<App>,
    caller: Caller,
    Params(params): Params<RolloutsParams>,
) -> Result<Json<List<Counted>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let limit = paging.limit()?;
    let filter = queries::Filter {
        plan_id: params.plan_id,
        state: params.state,
        after: paging.after::<Uuid>()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { counted(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |it| it.rollout.id)))
}

/// Rollouts with their customers by their answer.
pub(super) async fn counted(
    tx: &mut store::Tx<'_>,
    scope: &crate::scope::Scope,
    filter: &queries::Filter,
) -> Result<Vec<Counted>> {
    let found = queries::list(tx, scope, filter).await?;
    let ids: Vec<Uuid> = found.iter().map(|it| it.id).collect();
    let counts = queries::counts(tx, &ids).await?;
    let counted = found.into_iter().map(|rollout| Counted {
        counts: counts.get(&rollout.id).copied().unwrap_or_default(),
        rollout,
    });
    Ok(counted.collect())
}

/// A rollout with its customers by their answer, and what those that fit need together.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = WholeRollout)]
pub struct Whole {
    /// The rollout.
    #[serde(flatten)]
    pub rollout: Rollout,
    /// Its customers by their answer.
    pub counts: Counts,
    /// What those that fit need together, component by component, and what is free now.
    pub totals: Vec<Total>,
}

/// Shows a rollout: how many customers fit, were refused or are done, and what those that fit need together.
///
/// Each customer is checked alone. Where `totals` says that units are `short`, the first customers get theirs and the
/// others are refused when it is done.
#[utoipa::path(get, path = "/rollouts/{id}", tag = "rollouts",
    params(("id" = Uuid, Path, description = "The rollout.")),
    responses((status = 200, description = "The rollout, its version as ETag.", body = Whole)))]
pub async fn show(Held(app): Held<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let found = whole(&app, &caller, id).await?;
    Ok(([("etag", etag(found.rollout.version))], Json(found)).into_response())
}

/// The rollout, where the caller can see it.
pub(super) async fn whole(app: &App, caller: &Caller, id: Uuid) -> Result<Whole> {
    let (scope, now) = (caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let rollout = queries::get_visible(&mut tx, &scope, id).await?;
            let counts = queries::counts_of(&mut tx, id).await?;
            let totals = totals::of(&mut tx, &rollout, counts.fits, now).await?;
            Ok(Whole {
                rollout,
                counts,
                totals,
            })
        })
    });
    read.await
}

/// Which customers of a rollout.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RolloutRowsParams {
    /// Those of which this becomes: `waiting`, `fits`, `refused` or `done`.
    state: Option<RowState>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the customers of a rollout in their order, with what becomes of each and why.
#[utoipa::path(get, path = "/rollouts/{id}/rows", tag = "rollouts",
    params(("id" = Uuid, Path, description = "The rollout."), RolloutRowsParams),
    responses((status = 200, description = "A page of customers.", body = List<RolloutRow>)))]
pub async fn rows(
    Held(app): Held<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<RolloutRowsParams>,
) -> Result<Json<List<RolloutRow>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let (limit, after) = (paging.limit()?, paging.after::<i64>()?.unwrap_or_default());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            queries::get_visible(&mut tx, &caller.scope, id).await?;
            queries::rows(&mut tx, id, params.state, (after, limit + 1)).await
        })
    });
    Ok(Json(List::page(read.await?, limit, |last| last.position)))
}

/// A service plan for many customers.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutIn {
    /// Who sells it and bills it: your organization.
    seller_id: Uuid,
    /// The plan.
    plan_id: Uuid,
    /// What is to be done; `assign` unless said.
    #[serde(default)]
    action: Action,
    /// The customers, each once: 1 to 10,000, somewhere below the seller.
    #[serde(default)]
    organization_ids: Vec<Uuid>,
    /// Instead of naming them: all below the seller, as `kind` and `q` narrow them.
    #[serde(default)]
    all_below: bool,
    /// Instead of naming them: those below the seller of this kind.
    kind: Option<Kind>,
    /// Instead of naming them: those below the seller with this in name, reference, web site or tax number.
    q: Option<String>,
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// The first day; at once unless said.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<store::Date>,
    /// The last day; by the plan's term unless said.
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<store::Date>,
    /// Whether it renews; as the plan says unless said.
    auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced; as the plan says unless said.
    notice_days: Option<i64>,
    /// What differs of its components; those that are not named are as the plan says.
    #[serde(default)]
    components: Vec<WantedComponent>,
}

impl RolloutIn {
    fn command(self) -> CreateRollout {
        let finds = self.all_below || self.kind.is_some() || self.q.is_some();
        let found = Found {
            kind: self.kind,
            q: self.q,
        };
        CreateRollout {
            seller_id: self.seller_id,
            plan_id: self.plan_id,
            action: self.action,
            organization_ids: self.organization_ids,
            found: Some(found).filter(|_| finds),
            terms: Terms {
                issue: self.issue,
                start_date: self.start_date,
                end_date: self.end_date,
                auto_renews: self.auto_renews,
                notice_days: self.notice_days,
                components: self.components,
            },
        }
    }
}

/// Asks what a service plan would come to for many customers. Nothing changes before you apply it.
///
/// A job previews the plan for each customer; when it is done, the rollout is `ready` and says who fits and who is
/// refused, with the reason. What is wrong with the plan itself, or with who was named, is said at once.
#[utoipa::path(post, path = "/rollouts", tag = "rollouts", request_body = RolloutIn,
    responses((status = 201, description = "The rollout, which `check_job_id` is checking.", body = Rollout)))]
pub async fn create(Held(app): Held<App>, write: Write<RolloutIn>) -> Result<Response> {
    let command = write.body.clone().command();
    let answer = write.submit(&app, command).await?;
    let id = answer.outcome.id;
    Ok(answer.created(&format!("/api/v1/rollouts/{id}")))
}

/// How to apply a rollout.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RolloutApplyIn {
    /// For all or for nobody: refused with `rollout.not_all_fit` as long as one customer is refused or units are
    /// short. The job looks at all of them again before it does anything.
    #[serde(default)]
    only_if_all_fit: bool,
}

/// Does it for each customer that fits, by a job: one at a time, in their order.
///
/// Who is refused by then keeps the reason, and holds up nobody. Should the server stop in the middle, the job goes on
/// where it stopped, and no customer is given the plan twice.
#[utoipa::path(post, path = "/rollouts/{id}/apply", tag = "rollouts", request_body = RolloutApplyIn,
    params(("id" = Uuid, Path, description = "The rollout.")),
    responses((status = 202, description = "The rollout, which `apply_job_id` is doing.", body = Rollout)))]
pub async fn apply(
    Held(app): Held<App>,
    Id(id): Id,
    write: Write<RolloutApplyIn>,
) -> Result<Response> {
    let command = ApplyRollout {
        id,
        version: write.if_match(),
        only_if_all_fit: write.body.only_if_all_fit,
    };
    let answer = write.submit(&app, command).await?;
    let job = answer.outcome.job_id();
    Ok(answer.accepted(&format!("/api/v1/jobs/{job}")))
}

/// Stops a rollout: at once, or between two customers where it is being done. What was done stays.
#[utoipa::path(post, path = "/rollouts/{id}/cancel", tag = "rollouts",
    params(("id" = Uuid, Path, description = "The rollout.")),
    responses((status = 200, description = "The rollout, canceled.", body = Rollout)))]
pub async fn cancel(Held(app): Held<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = CancelRollout {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
