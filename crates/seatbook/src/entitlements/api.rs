//! The check over the API.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use store::{Timestamp, Tx};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    check::{Bound, Entitlement},
    queries::{self, Names},
    uses,
};
use crate::{
    api::{Params, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// What is asked.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckParams {
    /// The organization: its id, or its reference.
    organization: String,
    /// Who or what wants to use it: a holder's id, reference or e-mail address.
    holder: String,
    /// What: a product's id or code.
    product: String,
}

/// Says whether a holder may use a product now.
///
/// Yes while a unit of an active license is bound to the holder, or to what belongs to it, and in the days of grace;
/// no for licenses that are paused, ended or not begun, and at suspended organizations. A product that comes with a
/// SKU is had with it. When it was last said yes is kept to the hour, and tells which units are idle.
#[utoipa::path(get, path = "/entitlements/check", tag = "entitlements", params(CheckParams),
    responses((status = 200, description = "Yes or no, and why.", body = Entitlement)))]
pub async fn check(
    State(app): State<App>,
    caller: Caller,
    Params(asked): Params<CheckParams>,
) -> Result<Json<Entitlement>> {
    let named = [&asked.organization, &asked.holder, &asked.product];
    let ids = queries::ids(&caller.scope, named.map(String::as_str));
    let answer = match ids {
        Some(ids) => yes(&bound(&app, ids).await?, app.gate.now()),
        None => None,
    };
    let answer = match answer {
        Some(answer) => answer,
        // Boxed, as it is seldom needed: it would be moved about with every answer.
        None => Box::pin(at_length(&app, caller, asked)).await?,
    };
    remember(&app, std::slice::from_ref(&answer));
    Ok(Json(answer))
}

/// What answers the usual question, in which everything is named by its id.
pub(super) async fn bound(app: &App, ids: [Uuid; 3]) -> Result<Vec<Bound>> {
    app.glance(move |mut tx| Box::pin(async move { queries::direct(&mut tx, ids).await }))
        .await
}

/// The usual answer: a unit of the product says yes. Whatever else is asked takes a longer look.
pub(super) fn yes(bound: &[Bound], now: Timestamp) -> Option<Entitlement> {
    Some(Entitlement::of(bound, now)).filter(|answer| answer.entitled)
}

/// The answer to any question.
async fn at_length(app: &App, caller: Caller, asked: CheckParams) -> Result<Entitlement> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let id = queries::organization(tx, &caller.scope, &asked.organization).await?;
            let pair = (asked.holder.as_str(), asked.product.as_str());
            answer(tx, (id, pair), &mut Names::default(), now).await
        })
    });
    read.await
}

/// The answer to one question: by units of the product, and where none of them says yes, by the SKUs it comes with.
async fn answer(
    tx: &mut Tx<'_>,
    (organization_id, pair): (Uuid, (&str, &str)),
    names: &mut Names,
    now: Timestamp,
) -> Result<Entitlement> {
    let Some((holder, product)) = names.find(tx, organization_id, pair).await? else {
        return Ok(Entitlement::of(&[], now));
    };
    let ids = [organization_id, holder, product];
    let mut bound = queries::direct(tx, ids).await?;
    let direct = Entitlement::of(&bound, now);
    if direct.entitled {
        return Ok(direct);
    }
    bound.extend(queries::included(tx, ids).await?);
    Ok(Entitlement::of(&bound, now))
}

pub(super) fn remember(app: &App, answers: &[Entitlement]) {
    let used = answers.iter().filter(|answer| answer.entitled);
    uses::remember(
        app,
        used.filter_map(|answer| answer.assignment_id).collect(),
    );
}

/// What is asked, several at once.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EntitlementsIn)]
pub struct CheckManyIn {
    /// The organization.
    organization_id: Uuid,
    /// The questions, at most 200.
    questions: Vec<Question>,
}

/// One question.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EntitlementQuestion)]
pub struct Question {
    /// A holder's id, reference or e-mail address.
    holder: String,
    /// A product's id or code.
    product: String,
}

/// The answers, in the order of the questions.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Entitlements {
    /// One for each question.
    pub items: Vec<Entitlement>,
}

/// The most questions of one request.
const MOST: usize = 200;

/// Answers several checks at once, as of one moment.
#[utoipa::path(post, path = "/entitlements/check", tag = "entitlements", request_body = CheckManyIn,
    responses((status = 200, description = "The answers, in the order of the questions.", body = Entitlements)))]
pub async fn check_many(
    State(app): State<App>,
    asked: Write<CheckManyIn>,
) -> Result<Json<Entitlements>> {
    let (caller, asked) = (asked.caller, asked.body);
    if asked.questions.len() > MOST {
        let message = format!("Ask at most {MOST} questions at once.");
        return Err(Error::invalid("questions", "rows.out_of_range", message));
    }
    let items = answers(&app, caller, asked).await?;
    remember(&app, &items);
    Ok(Json(Entitlements { items }))
}

/// The answers, in the order of the questions.
async fn answers(app: &App, caller: Caller, asked: CheckManyIn) -> Result<Vec<Entitlement>> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let named = asked.organization_id.to_string();
            let id = queries::organization(tx, &caller.scope, &named).await?;
            let mut names = Names::default();
            let mut answers = Vec::with_capacity(asked.questions.len());
            for question in &asked.questions {
                let pair = (question.holder.as_str(), question.product.as_str());
                answers.push(answer(tx, (id, pair), &mut names, now).await?);
            }
            Ok(answers)
        })
    });
    read.await
}
