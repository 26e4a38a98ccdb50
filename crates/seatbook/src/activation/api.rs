//! Selling and activation over the API.

use axum::{Json, extract::State, response::Response};
use rules::activation::most_live;
use serde::{Deserialize, Serialize};
use store::{Date, Timestamp};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    codes,
    commands::{DecideRedemption, GiveLicense, Redeem, RenewCode, RevokeCode, Sale, SellLicense},
    model::{Budget, CodeState, Limits, Redemption, RedemptionRequest, Sold},
    queries,
};
use crate::{
    api::{Answer, Id, List, Paging, Params, Write},
    app::App,
    error::{Error, Kind, Result},
    gate::Caller,
    licenses::api::{LicenseOut, priced},
    scope::{Permission, queries::check_visible},
    secrets::Secret,
};

/// A sold license with its code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SoldOut {
    /// The license.
    license: LicenseOut,
    /// Its code: eight characters of Crockford's base32, by which people name it, and with which a customer makes
    /// it its own while `code_state` is `live`.
    code: String,
    /// What became of the code.
    code_state: CodeState,
    /// From when the code is worth nothing.
    #[schema(value_type = Option<String>, format = DateTime)]
    code_expires_at: Option<Timestamp>,
}

impl SoldOut {
    /// The license as it is now.
    pub fn new(sold: Sold, now: Timestamp) -> Self {
        SoldOut {
            license: LicenseOut::new(sold.license, now),
            code: sold.code,
            code_state: sold.state,
            code_expires_at: sold.expires_at,
        }
    }
}

/// A license to sell.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaleIn {
    /// Who sells it and bills it: your organization.
    seller_id: Uuid,
    /// The customer, somewhere below the seller; none for whoever redeems the code.
    customer_id: Option<Uuid>,
    /// The plan.
    sku_id: Uuid,
    /// Units, 1 to 999,999,999.
    quantity: i64,
    /// New units are issued, which needs `licenses.issue`; else they are drawn from the seller's own.
    #[serde(default)]
    issue: bool,
    /// The pool of the seller from which they are drawn; the one that ends first and has enough, unless said.
    source_pool_id: Option<Uuid>,
    /// The first day; today unless said, and the day of activation where the SKU says so.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    /// A name to find it by.
    name: Option<String>,
    /// A note.
    note: Option<String>,
    /// Price of one unit for the term, in minor units; the SKU's list price stays out of it. Needs `prices.edit`.
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    currency: Option<String>,
    /// From when the code is worth nothing, and its units go back; never unless said.
    #[schema(value_type = Option<String>, format = DateTime)]
    code_expires_at: Option<Timestamp>,
}

impl SaleIn {
    fn command(self, app: &App) -> Result<SellLicense> {
        let price = priced(self.price_minor, self.currency)?;
        Ok(SellLicense {
            sale: Sale {
                seller_id: self.seller_id,
                customer_id: self.customer_id,
                sku_id: self.sku_id,
                quantity: self.quantity,
                issue: self.issue,
                source_pool_id: self.source_pool_id,
                start_date: self.start_date,
                name: self.name,
                note: self.note,
                price,
            },
            expires_at: self.code_expires_at,
            drawn: codes::draw(app.gate.vault())?,
            limits: Limits::of(&app.settings),
        })
    }
}

/// Sells a license: to a customer, or to whoever redeems its code.
///
/// Its units are issued by who may issue, else drawn from a pool of the seller, which counts them as allocated. While
/// it waits for its owner it is closed. A code that expires or is revoked ends the license and returns its units.
#[utoipa::path(post, path = "/licenses/sell", tag = "activation", request_body = SaleIn,
    responses((status = 201, description = "The new license and its code.", body = SoldOut)))]
pub async fn sell(State(app): State<App>, write: Write<SaleIn>) -> Result<Response> {
    let command = write.body.clone().command(&app)?;
    let now = app.gate.now();
    let mut answer = write.submit(&app, command).await?;
    if answer.journal_id.is_none() {
        // A code that is not kept must not be handed out.
        answer.outcome.code.clear();
    }
    let location = format!("/api/v1/licenses/{}", answer.outcome.license.id);
    Ok(answer
        .map(|sold| SoldOut::new(sold, now))
        .created(&location))
}

/// Shows the code of a license you sold.
#[utoipa::path(get, path = "/licenses/{id}/activation-code", tag = "activation",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The code and its license.", body = SoldOut)))]
pub async fn show_code(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<SoldOut>> {
    caller.scope.require(Permission::LicensesSell)?;
    let vault = app.gate.vault().clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::sold(&mut tx, &caller.scope, id, &vault).await })
    });
    let sold = read.await?.ok_or_else(Error::not_found)?;
    Ok(Json(SoldOut::new(sold, app.gate.now())))
}

/// Gives a license another code; the old one is worth nothing from then on.
#[utoipa::path(post, path = "/licenses/{id}/activation-code/renew", tag = "activation",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license with its new code.", body = SoldOut)))]
pub async fn renew_code(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = RenewCode {
        license_id: id,
        drawn: codes::draw(app.gate.vault())?,
    };
    let now = app.gate.now();
    let mut answer = write.submit(&app, command).await?;
    if answer.journal_id.is_none() {
        answer.outcome.code.clear();
    }
    Ok(answer.map(|sold| SoldOut::new(sold, now)).ok())
}

/// Takes a code back: the license ends, and its units go back to where they were drawn from.
#[utoipa::path(post, path = "/licenses/{id}/activation-code/revoke", tag = "activation",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, terminated.", body = LicenseOut)))]
pub async fn revoke_code(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let answer = write.submit(&app, RevokeCode { license_id: id }).await?;
    let now = app.gate.now();
    Ok(answer.map(|license| LicenseOut::new(license, now)).ok())
}

/// Whose a license shall be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveIn {
    /// The customer, somewhere below the seller.
    customer_id: Uuid,
}

/// Gives a license that waits for its owner to a customer; its code cannot be redeemed any more.
#[utoipa::path(post, path = "/licenses/{id}/give", tag = "activation", request_body = GiveIn,
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, the customer's.", body = LicenseOut)))]
pub async fn give(State(app): State<App>, Id(id): Id, write: Write<GiveIn>) -> Result<Response> {
    let command = GiveLicense {
        license_id: id,
        customer_id: write.body.customer_id,
    };
    let answer = write.submit(&app, command).await?;
    let now = app.gate.now();
    Ok(answer.map(|license| LicenseOut::new(license, now)).ok())
}

/// A code to redeem.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RedeemIn {
    /// The customer whose license it shall be.
    organization_id: Uuid,
    /// The eight characters; small letters, spaces and hyphens are forgiven, `O` is zero, `I` and `L` are one.
    code: String,
}

/// What a redemption came to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RedeemedOut {
    /// The license that is the customer's now; absent while the account manager has to approve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<LicenseOut>,
    /// What waits for the account manager.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
    /// It was redeemed before by the same customer: the same answer again.
    again: bool,
}

/// Redeems an activation code: the license becomes the customer's, whole, and its activation date is set.
///
/// A code that is unknown, used by another, revoked, expired or another subtree's is `activation.unknown`, and counts.
/// Past five of them in an hour (a setting) the customer is `activation.locked` for a while, even with a right code;
/// past a hundred under one partner, each redemption waits for the account manager, and the answer is 202. There is no
/// preview: it would be a guess that nobody counts.
#[utoipa::path(post, path = "/activation-codes/redeem", tag = "activation", request_body = RedeemIn,
    responses((status = 200, description = "The license, the customer's.", body = RedeemedOut),
        (status = 202, description = "The account manager has to approve it.", body = RedeemedOut)))]
pub async fn redeem(State(app): State<App>, write: Write<RedeemIn>) -> Result<Response> {
    if write.is_preview() {
        return Err(no_preview());
    }
    let command = Redeem {
        organization_id: write.body.organization_id,
        fingerprint: Secret(codes::typed(app.gate.vault(), &write.body.code)),
        limits: Limits::of(&app.settings),
    };
    let answer = write.submit(&app, command).await?;
    redeemed(answer, app.gate.now())
}

/// A preview of guessing would be a guess that nobody counts.
fn no_preview() -> Error {
    let message = "Redeeming has no preview.";
    Error::new(Kind::Malformed, "preview.not_offered", message)
}

fn redeemed(answer: Answer<Redemption>, now: Timestamp) -> Result<Response> {
    let out = match &answer.outcome {
        Redemption::Unknown => return Err(unknown()),
        Redemption::Redeemed { license, again } => RedeemedOut {
            license: Some(LicenseOut::new((**license).clone(), now)),
            request_id: None,
            again: *again,
        },
        Redemption::Waiting { request_id } => RedeemedOut {
            license: None,
            request_id: Some(*request_id),
            again: false,
        },
    };
    match out.request_id {
        Some(id) => Ok(answer
            .map(|_| out)
            .accepted(&format!("/api/v1/redemption-requests/{id}"))),
        None => Ok(answer.map(|_| out).ok()),
    }
}

/// The one answer to every code that cannot be redeemed.
pub fn unknown() -> Error {
    let message = "This code cannot be redeemed. Check it, or ask whoever gave it to you.";
    Error::invalid("code", "activation.unknown", message)
}

/// Whose limits.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LimitsParams {
    /// The seller.
    organization_id: Uuid,
}

/// Shows the limits on guessing, and how many codes a seller may have live under them.
#[utoipa::path(get, path = "/activation-codes/limits", tag = "activation", params(LimitsParams),
    responses((status = 200, description = "The limits.", body = Budget)))]
pub async fn limits(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<LimitsParams>,
) -> Result<Json<Budget>> {
    caller.scope.require(Permission::LicensesSell)?;
    let limits = Limits::of(&app.settings);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let (tx, id) = (&mut tx, params.organization_id);
            check_visible(tx, &caller.scope, Permission::LicensesSell, id).await?;
            budget(tx, id, limits).await
        })
    });
    Ok(Json(read.await?))
}

/// What a seller may still give out.
pub async fn budget(tx: &mut store::Tx<'_>, seller_id: Uuid, limits: Limits) -> Result<Budget> {
    let most = most_live(limits.partner_tries);
    Ok(Budget {
        limits,
        live_codes: queries::count_live(tx, seller_id, most).await?,
        most_live_codes: most,
    })
}

/// Which redemptions.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestsParams {
    /// The organization whose customers asked.
    partner_id: Uuid,
    /// Only `waiting`, `redeemed` or `refused`.
    state: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists redemptions that waited for the account manager, the newest first.
#[utoipa::path(get, path = "/redemption-requests", tag = "activation", params(RequestsParams),
    responses((status = 200, description = "A page of redemptions.", body = List<RedemptionRequest>)))]
pub async fn requests(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<RequestsParams>,
) -> Result<Json<List<RedemptionRequest>>> {
    caller.scope.require(Permission::LicensesSell)?;
    let paging = Paging::of(params.limit, params.cursor);
    let (limit, after) = (paging.limit()?, paging.after::<Uuid>()?);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let (tx, id) = (&mut tx, params.partner_id);
            check_visible(tx, &caller.scope, Permission::LicensesSell, id).await?;
            queries::requests(tx, id, params.state.as_deref(), (after, limit + 1)).await
        })
    });
    Ok(Json(List::page(read.await?, limit, |request| request.id)))
}

/// Approves a redemption that waits: the code is looked at now, and a wrong one is `activation.unknown`.
#[utoipa::path(post, path = "/redemption-requests/{id}/approve", tag = "activation",
    params(("id" = Uuid, Path, description = "The redemption.")),
    responses((status = 200, description = "The license, the customer's.", body = RedeemedOut)))]
pub async fn approve(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    if write.is_preview() {
        return Err(no_preview());
    }
    let command = DecideRedemption {
        id,
        version: write.if_match(),
        approve: true,
    };
    let answer = write.submit(&app, command).await?;
    redeemed(answer, app.gate.now())
}

/// Refuses a redemption that waits.
#[utoipa::path(post, path = "/redemption-requests/{id}/refuse", tag = "activation",
    params(("id" = Uuid, Path, description = "The redemption.")),
    responses((status = 200, description = "It is refused.")))]
pub async fn refuse(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = DecideRedemption {
        id,
        version: write.if_match(),
        approve: false,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer.map(|_| ()).ok())
}
