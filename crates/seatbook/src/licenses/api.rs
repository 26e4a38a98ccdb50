//! Licenses and pools over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    commands::{DeleteLicense, EditLicense, IssueLicense, PauseLicense, TerminateLicense},
    model::License,
    queries,
};
use crate::{
    api::{Id, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
};

/// A license with its state at this moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LicenseOut {
    /// The license.
    #[serde(flatten)]
    license: License,
    /// Its state now, which follows from its dates and what people decided.
    #[schema(value_type = String)]
    status: rules::lifecycle::State,
    /// Units neither passed on nor bound.
    free: i64,
    /// Price of one unit for the term, in minor units; only for seller and buyer with `prices.read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
}

impl LicenseOut {
    /// The license as it is now.
    pub fn new(license: License, now: store::Timestamp) -> Self {
        let (status, free) = (license.state(now), license.free());
        LicenseOut {
            license,
            status,
            free,
            price_minor: None,
            currency: None,
        }
    }
}

/// A new license.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseIn {
    /// The owner.
    organization_id: Uuid,
    /// What is ordered.
    sku_id: Uuid,
    /// Units, 1 to 999,999,999.
    quantity: i64,
    /// The order it comes with.
    sales_order: Option<String>,
    /// The number under which support knows the order.
    support_reference: Option<String>,
    /// The first day; today in the owner's zone unless said.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    /// The last day; computed from the SKU's validity unless said.
    #[schema(value_type = Option<String>, format = Date)]
    end_date: Option<Date>,
    /// A name to find it by.
    name: Option<String>,
    /// A note for those who look after it.
    note: Option<String>,
    /// Price of one unit for the term, in minor units.
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    currency: Option<String>,
}

impl LicenseIn {
    fn command(self) -> Result<IssueLicense> {
        let price = priced(self.price_minor, self.currency)?;
        Ok(IssueLicense {
            organization_id: self.organization_id,
            sku_id: self.sku_id,
            quantity: self.quantity,
            sales_order: self.sales_order,
            support_reference: self.support_reference,
            start_date: self.start_date,
            end_date: self.end_date,
            name: self.name,
            note: self.note,
            price,
        })
    }
}

/// A price with its currency, or neither.
pub fn priced(minor: Option<i64>, currency: Option<String>) -> Result<Option<(i64, String)>> {
    if minor.is_some() != currency.is_some() {
        let message = "A price and its currency belong together.";
        return Err(Error::invalid("currency", "required", message));
    }
    Ok(minor.zip(currency))
}

/// Issues a license: the only way units come into being.
#[utoipa::path(post, path = "/licenses", tag = "licenses", request_body = LicenseIn,
    responses((status = 201, description = "The new license.", body = LicenseOut)))]
pub async fn issue(State(app): State<App>, write: Write<LicenseIn>) -> Result<Response> {
    let command = write.body.clone().command()?;
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/licenses/{}", answer.outcome.id);
    Ok(answer
        .map(|license| LicenseOut::new(license, app.gate.now()))
        .created(&location))
}

/// Shows one license.
#[utoipa::path(get, path = "/licenses/{id}", tag = "licenses",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, its version as ETag.", body = LicenseOut)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_visible(&mut tx, &caller.scope, id)
                .await?
                .ok_or_else(Error::not_found)?;
            let price = queries::find_price(&mut tx, &caller.scope, &found).await?;
            Ok((found, price))
        })
    });
    let (found, price) = read.await?;
    let tag = etag(found.version);
    let (price_minor, currency) = price.unzip();
    Ok((
        [("etag", tag)],
        Json(LicenseOut {
            price_minor,
            currency,
            ..LicenseOut::new(found, now)
        }),
    )
        .into_response())
}

/// What changes about a license; what is not said stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseEdit {
    /// Units in all, not below what is passed on or bound.
    quantity: Option<i64>,
    /// The number under which support knows the order: of every license on the order.
    support_reference: Option<String>,
    /// The first day, of every license on the order; the last days follow.
    #[schema(value_type = Option<String>, format = Date)]
    start_date: Option<Date>,
    /// A name to find it by.
    name: Option<String>,
    /// A note for those who look after it.
    note: Option<String>,
    /// Days before the end from which it counts as expiring soon.
    expiring_days: Option<i64>,
    /// Price of one unit for the term, in minor units: what is billed from now on. Needs `prices.edit`.
    price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    currency: Option<String>,
}

/// Changes a license. Owner, order and SKU are fixed.
#[utoipa::path(patch, path = "/licenses/{id}", tag = "licenses", request_body = LicenseEdit,
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license as it is now.", body = LicenseOut)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<LicenseEdit>,
) -> Result<Response> {
    let edit = write.body.clone();
    let price = priced(edit.price_minor, edit.currency)?;
    let command = EditLicense {
        id,
        version: write.if_match(),
        quantity: edit.quantity,
        support_reference: edit.support_reference,
        start_date: edit.start_date,
        name: edit.name,
        note: edit.note,
        expiring_days: edit.expiring_days,
        price,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer
        .map(|license| LicenseOut::new(license, app.gate.now()))
        .ok())
}

/// Removes a license that was never used.
#[utoipa::path(delete, path = "/licenses/{id}", tag = "licenses",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "It is gone.")))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = DeleteLicense {
        id,
        version: write.if_match(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Pauses a license: nothing new, checks say no. The clock goes on.
#[utoipa::path(post, path = "/licenses/{id}/pause", tag = "licenses",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, paused.", body = LicenseOut)))]
pub async fn pause(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = PauseLicense {
        id,
        version: write.if_match(),
        paused: true,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer
        .map(|license| LicenseOut::new(license, app.gate.now()))
        .ok())
}

/// Lets a paused license go on.
#[utoipa::path(post, path = "/licenses/{id}/resume", tag = "licenses",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, no longer paused.", body = LicenseOut)))]
pub async fn resume(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = PauseLicense {
        id,
        version: write.if_match(),
        paused: false,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer
        .map(|license| LicenseOut::new(license, app.gate.now()))
        .ok())
}

/// Ends a license now. This is not undone.
#[utoipa::path(post, path = "/licenses/{id}/terminate", tag = "licenses",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "The license, terminated.", body = LicenseOut)))]
pub async fn terminate(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let command = TerminateLicense {
        id,
        version: write.if_match(),
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer
        .map(|license| LicenseOut::new(license, app.gate.now()))
        .ok())
}
