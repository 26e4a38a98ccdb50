//! Requests for units over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Date;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{ApproveRequest, RefuseRequest, RequestUnits, WithdrawRequest},
    model::UnitRequest,
    queries::{self, Whose},
};
use crate::{
    activation::{
        api::SoldOut,
        codes,
        commands::{Sale, SellLicense},
        model::Limits,
    },
    api::{Id, List, Paging, Params, Write},
    app::App,
    error::Result,
    gate::Caller,
    licenses::api::priced,
    scope::{Permission, queries::check_visible},
};

/// Which requests.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestsParams {
    /// What this customer asked for.
    organization_id: Uuid,
    /// Instead, what this organization is asked for by those below it.
    #[serde(default)]
    received: bool,
    /// Only `waiting`, `approved`, `refused` or `withdrawn`.
    state: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists requests for units, the newest first: those of a customer, or those an organization is asked to decide.
#[utoipa::path(get, path = "/unit-requests", tag = "requests", params(RequestsParams),
    responses((status = 200, description = "A page of requests.", body = List<UnitRequest>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<RequestsParams>,
) -> Result<Json<List<UnitRequest>>> {
    let id = params.organization_id;
    let (whose, permission) = match params.received {
        false => (Whose::Of(id), Permission::UnitsRequest),
        true => (Whose::For(id), Permission::LicensesSell),
    };
    caller.scope.require(permission)?;
    let paging = Paging::of(params.limit, params.cursor);
    let (limit, after) = (paging.limit()?, paging.after::<Uuid>()?);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &caller.scope, permission, id).await?;
            queries::list(tx, whose, params.state.as_deref(), (after, limit + 1)).await
        })
    });
    Ok(Json(List::page(read.await?, limit, |request| request.id)))
}

/// What is asked for.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestIn {
    /// The customer that asks.
    organization_id: Uuid,
    /// What is wanted.
    sku_id: Uuid,
    /// How many, 1 to 999,999,999.
    quantity: i64,
    /// What for.
    note: Option<String>,
}

/// Asks the organization above for units.
#[utoipa::path(post, path = "/unit-requests", tag = "requests", request_body = RequestIn,
    responses((status = 201, description = "The request.", body = UnitRequest)))]
pub async fn ask(State(app): State<App>, write: Write<RequestIn>) -> Result<Response> {
    let body = write.body.clone();
    let command = RequestUnits {
        organization_id: body.organization_id,
        sku_id: body.sku_id,
        quantity: body.quantity,
        note: body.note,
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/unit-requests/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// What is given for a request.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalIn {
    /// The plan; the one that was asked for, or another.
    sku_id: Uuid,
    /// Units; as many as were asked for, or another number.
    quantity: i64,
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// The pool of the seller from which they are drawn; the one that ends first and has enough, unless said.
    source_pool_id: Option<Uuid>,
    /// The first day; today unless said.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    /// Price of one unit for the term, in minor units. Needs `prices.edit`.
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    currency: Option<String>,
    /// What is said to it.
    answer: Option<String>,
}

/// Approves a request: the units are sold to the customer in the same step.
#[utoipa::path(post, path = "/unit-requests/{id}/approve", tag = "requests", request_body = ApprovalIn,
    params(("id" = Uuid, Path, description = "The request.")),
    responses((status = 200, description = "The license that was sold.", body = SoldOut)))]
pub async fn approve(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ApprovalIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = ApproveRequest {
        id,
        version: write.if_match(),
        sell: body.sell(&app)?,
        answer: body.answer,
    };
    let now = app.gate.now();
    let mut answer = write.submit(&app, command).await?;
    if answer.journal_id.is_none() {
        // A code that is not kept must not be handed out.
        answer.outcome.code.clear();
    }
    Ok(answer.map(|sold| SoldOut::new(sold, now)).ok())
}

impl ApprovalIn {
    fn sell(&self, app: &App) -> Result<SellLicense> {
        let price = priced(self.price_minor, self.currency.clone())?;
        Ok(SellLicense {
            sale: Sale {
                // The request says who sells and who buys.
                seller_id: Uuid::nil(),
                customer_id: None,
                sku_id: self.sku_id,
                quantity: self.quantity,
                issue: self.issue,
                source_pool_id: self.source_pool_id,
                start_date: self.start_date,
                name: None,
                note: None,
                price,
            },
            expires_at: None,
            drawn: codes::draw(app.gate.vault())?,
            limits: Limits::of(&app.settings),
        })
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalIn {
    /// What is said to it.
    answer: Option<String>,
}

/// Says no to a request.
#[utoipa::path(post, path = "/unit-requests/{id}/refuse", tag = "requests", request_body = RefusalIn,
    params(("id" = Uuid, Path, description = "The request.")),
    responses((status = 200, description = "The request, refused.", body = UnitRequest)))]
pub async fn refuse(
    State(app): State<App>,
    Id(id): Id,
    write: Write<RefusalIn>,
) -> Result<Response> {
    let command = RefuseRequest {
        id,
        version: write.if_match(),
        answer: write.body.answer.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Takes a request back.
#[utoipa::path(post, path = "/unit-requests/{id}/withdraw", tag = "requests",
    params(("id" = Uuid, Path, description = "The request.")),
    responses((status = 200, description = "The request, withdrawn.", body = UnitRequest)))]
pub async fn withdraw(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = WithdrawRequest {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
