//! Subscriptions over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use rules::reduction::Rule;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{
        self, EditSubscription, PoolUnits, Reactivate, Reduce, Resubscribe, Terminate, Unsubscribe,
    },
    model::{Choice, Plan, Reactivated, Reduced, Subscription, Terminated},
    queries::{self, Asked, Named},
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::{Permission, queries::check_visible},
};

/// Which subscriptions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The one that this UUID belongs to: of a license, pool, assignment or add-on.
    uuid: Option<Uuid>,
    /// Of this organization itself; must be said where no UUID is.
    organization_id: Option<Uuid>,
    /// Any part of name, order, reference, SKU or product; not together with a UUID.
    q: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists what an organization holds, seen from its renewal, in the order in which it ends; or finds it by a UUID.
///
/// A license's UUID finds the license's own pool and every share of it that you can see.
#[utoipa::path(get, path = "/subscriptions", tag = "subscriptions", params(ListParams),
    responses((status = 200, description = "A page of subscriptions.", body = List<Subscription>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<Subscription>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let asked = Asked {
        uuid: params.uuid,
        organization_id: params.organization_id,
        keyword: params.q,
        limit: paging.limit()?,
        cursor: paging.cursor,
    };
    let at = (app.gate.now(), app.settings.reactivation_days);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, asked, at).await })
    });
    Ok(Json(read.await?))
}

/// Shows one subscription, by the id of a pool, license, assignment or add-on.
#[utoipa::path(get, path = "/subscriptions/{id}", tag = "subscriptions",
    params(("id" = Uuid, Path, description = "The pool; or a license for its own, or what is bound in it.")),
    responses((status = 200, description = "The subscription, its version as ETag.", body = Subscription)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let at = (app.gate.now(), app.settings.reactivation_days);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let named = queries::named(&mut tx, &caller.scope, id).await?;
            let pool = named.ok_or_else(Error::not_found)?.pool().clone();
            let found = queries::of_pools(&mut tx, &[pool], at).await?.pop();
            found.ok_or_else(Error::not_found)
        })
    });
    let found = read.await?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// What changes about a subscription.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionEdit {
    /// Days before the end from which the next term is announced.
    notice_days: i64,
}

/// Changes how long before its end a subscription announces the next term.
#[utoipa::path(patch, path = "/subscriptions/{id}", tag = "subscriptions", request_body = SubscriptionEdit,
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "The subscription as it is now.", body = Subscription)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<SubscriptionEdit>,
) -> Result<Response> {
    let command = EditSubscription {
        id,
        version: write.if_match(),
        notice_days: write.body.notice_days,
        days: app.settings.reactivation_days,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// What shall stop.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TerminateSetIn)]
pub struct TerminateSet {
    /// Assignments, base or add-on.
    #[serde(default)]
    assignment_ids: Vec<Uuid>,
    /// Free units of pools.
    #[serde(default)]
    pools: Vec<PoolUnits>,
}

/// Stops units at once: all that is named, or none of it.
///
/// A bound unit is freed and leaves its pool; add-ons go with their base. Received units go back to the pool they came
/// from, own ones lower the license. `?preview=true` says what stops and who loses what.
#[utoipa::path(post, path = "/subscriptions/terminate", tag = "subscriptions", request_body = TerminateSet,
    responses((status = 200, description = "What stopped.", body = Terminated)))]
pub async fn terminate_set(State(app): State<App>, write: Write<TerminateSet>) -> Result<Response> {
    let TerminateSet {
        assignment_ids,
        pools,
    } = write.body.clone();
    let command = Terminate {
        assignment_ids,
        pools,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// How many units.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminateIn {
    /// Free units of a pool; not for an assignment, whose units all stop.
    #[serde(default)]
    units: Option<i64>,
}

/// Stops one assignment or add-on at once, or a number of free units of a pool.
///
/// To end a whole license, use `/licenses/{id}/terminate`.
#[utoipa::path(post, path = "/subscriptions/{id}/terminate", tag = "subscriptions", request_body = TerminateIn,
    params(("id" = Uuid, Path, description = "An assignment or add-on; or a pool, or a license for its own.")),
    responses((status = 200, description = "What stopped.", body = Terminated)))]
pub async fn terminate(
    State(app): State<App>,
    Id(id): Id,
    write: Write<TerminateIn>,
) -> Result<Response> {
    let named = Named::find(&app, &write.caller, id).await?;
    let command = terminating(&named, write.body.units)?;
    Ok(write.submit(&app, command).await?.ok())
}

/// What terminating a thing comes to: an assignment whole, a pool by a number.
pub fn terminating(named: &Named, units: Option<i64>) -> Result<Terminate> {
    match (named, units) {
        (Named::Assignment(assignment, _), None) => Ok(Terminate {
            assignment_ids: vec![assignment.id],
            pools: vec![],
        }),
        (Named::Assignment(..), Some(_)) => {
            let message = "All units of an assignment stop; leave the number out.";
            Err(Error::invalid("units", "units.of_assignment", message))
        }
        (Named::Pool(pool), units) => Ok(Terminate {
            assignment_ids: vec![],
            pools: vec![PoolUnits {
                pool_id: pool.id,
                units: units.unwrap_or_default(),
            }],
        }),
    }
}

/// How much shall not renew.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnsubscribeIn {
    /// Units in all that shall not renew; all of them unless said. As many as are free are safe.
    #[serde(default)]
    units: Option<i64>,
    /// Above that, who gives way: `never_used` unless said, `idle_longest` or `newest`.
    #[serde(default)]
    rule: Option<String>,
    /// Instead of a rule: these assignments.
    #[serde(default)]
    assignment_ids: Option<Vec<Uuid>>,
    /// That of the plan you saw, where a rule takes units from somebody.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// Stops the renewal of a subscription, or of a number of its units. Until then nothing changes.
///
/// Above the free units somebody loses theirs: refused with `reduction.not_accepted`, which names them in `losers`,
/// until you send the `fingerprint` of that plan, or choose by hand. `preview.stale` where somebody else would be hit by
/// now. For an assignment or add-on, use the pool its units come from.
#[utoipa::path(post, path = "/subscriptions/{id}/unsubscribe", tag = "subscriptions", request_body = UnsubscribeIn,
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "The subscription as it is now.", body = Subscription)))]
pub async fn unsubscribe(
    State(app): State<App>,
    Id(id): Id,
    write: Write<UnsubscribeIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = Unsubscribe {
        id,
        version: write.if_match(),
        units: body.units,
        choice: choice(body.rule.as_deref(), body.assignment_ids, body.fingerprint)?,
        days: app.settings.reactivation_days,
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Who gives way, as it was asked for.
pub fn choice(
    rule: Option<&str>,
    chosen: Option<Vec<Uuid>>,
    fingerprint: Option<String>,
) -> Result<Choice> {
    if let Some(chosen) = chosen {
        return Ok(Choice::Hand(chosen));
    }
    let unknown = |word: &str| {
        let message = format!("“{word}” is none of never_used, idle_longest and newest.");
        Error::invalid("rule", "rule.unknown", message)
    };
    let rule = match rule {
        Some(word) => Rule::parse(word).ok_or_else(|| unknown(word))?,
        None => Rule::default(),
    };
    Ok(Choice::Rule { rule, fingerprint })
}

/// What came of a reactivation: new records for a unit, or the subscription that renews again.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = ReactivationDone)]
pub enum Taken {
    /// A unit is back.
    Unit(Reactivated),
    /// It renews again.
    Renewal(Box<Subscription>),
}

/// Takes an ending back within the days of grace, which the operator sets: 30 unless said.
///
/// A pool renews again as if nobody had unsubscribed it, up to the grace after its end. A terminated assignment is
/// followed by a new one, with the add-ons that ended with it, as long as the units still stand to the disposal of whoever
/// they went back to: else `pool.exhausted`.
#[utoipa::path(post, path = "/subscriptions/{id}/reactivate", tag = "subscriptions",
    params(("id" = Uuid, Path, description = "A terminated assignment or add-on; or a pool, or a license for its own.")),
    responses((status = 200, description = "What was taken up again.", body = Taken)))]
pub async fn reactivate(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let days = app.settings.reactivation_days;
    let version = write.if_match();
    Ok(match Named::find(&app, &write.caller, id).await? {
        Named::Assignment(..) => {
            let answer = write.submit(&app, Reactivate { id, days }).await?;
            answer.map(Taken::Unit).ok()
        }
        Named::Pool(pool) => {
            let id = pool.id;
            let command = Resubscribe { id, version, days };
            let answer = write.submit(&app, command).await?;
            answer.map(|done| Taken::Renewal(Box::new(done))).ok()
        }
    })
}

/// What a reduction would take.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlanParams {
    /// Units it shall have.
    quantity: i64,
    /// Who gives way: `never_used` unless said, `idle_longest` or `newest`.
    rule: Option<String>,
}

/// Plans a reduction: who would lose a unit, by rule, if there were to be fewer of them.
#[utoipa::path(get, path = "/subscriptions/{id}/reductions", tag = "subscriptions",
    params(("id" = Uuid, Path, description = "The pool; or a license for its own, or what is bound in it."), PlanParams),
    responses((status = 200, description = "The plan; send its fingerprint to have it applied.", body = Plan)))]
pub async fn plan(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Params(params): Params<PlanParams>,
) -> Result<Json<Plan>> {
    let choice = choice(params.rule.as_deref(), None, None)?;
    let named = Named::find(&app, &caller, id).await?;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let (scope, pool) = (&caller.scope, named.pool());
            let permission = Permission::AssignmentsRead;
            check_visible(&mut tx, scope, permission, pool.organization_id).await?;
            commands::plan(&mut tx, pool, params.quantity, &choice).await
        })
    });
    Ok(Json(read.await?))
}

/// When a reduction is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReductionTime)]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// When the subscription renews.
    Renewal,
}

/// A reduction.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReductionIn {
    /// Units it shall have.
    quantity: i64,
    /// `now` unless said, or at the `renewal`.
    #[serde(default)]
    when: When,
    /// Who gives way: `never_used` unless said, `idle_longest` or `newest`.
    #[serde(default)]
    rule: Option<String>,
    /// Instead of a rule: these assignments.
    #[serde(default)]
    assignment_ids: Option<Vec<Uuid>>,
    /// That of the plan you saw, where a rule takes units from somebody.
    #[serde(default)]
    fingerprint: Option<String>,
}

/// Lowers a quantity, below use if need be: whoever loses a unit is freed in the same step, or at the renewal.
///
/// Units that were received go back to the pool they came from; own ones lower the license. What is passed on is not taken
/// from those who have it: refused with `reduction.passed_on`. Who is hit must have been seen, as for unsubscribing.
#[utoipa::path(post, path = "/subscriptions/{id}/reductions", tag = "subscriptions", request_body = ReductionIn,
    params(("id" = Uuid, Path, description = "The pool, or a license for its own.")),
    responses((status = 200, description = "What it took.", body = Reduced)))]
pub async fn reduce(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ReductionIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = Reduce {
        id,
        version: write.if_match(),
        quantity: body.quantity,
        now: body.when == When::Now,
        choice: choice(body.rule.as_deref(), body.assignment_ids, body.fingerprint)?,
    };
    Ok(write.submit(&app, command).await?.ok())
}
