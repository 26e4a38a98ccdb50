//! Money that came in, over the API.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use store::Date;
use utoipa::ToSchema;

use crate::{
    api::{Id, Write},
    app::App,
    error::{Error, Result},
    gate::Caller,
    invoices::{
        commands::{RecordPayment, RemovePayment},
        model::Payment,
        queries,
    },
};

/// Money that came in.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentIn {
    /// In minor units of the invoice's currency; at most what is open.
    amount_minor: i64,
    /// The day the money came; today unless said.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    paid_on: Option<Date>,
    /// What the statement of account said.
    #[serde(default)]
    reference: String,
}

/// Records a payment, in full or in part. More than is open is refused with `payment.too_much`.
#[utoipa::path(post, path = "/invoices/{id}/payments", tag = "payments", request_body = PaymentIn,
    params(("id" = Uuid, Path, description = "The invoice.")),
    responses((status = 201, description = "The payment.", body = Payment)))]
pub async fn record(
    State(app): State<App>,
    Id(id): Id,
    write: Write<PaymentIn>,
) -> Result<Response> {
    let body = write.body.clone();
    let command = RecordPayment {
        invoice_id: id,
        amount_minor: body.amount_minor,
        paid_on: body.paid_on,
        reference: body.reference,
    };
    let place = format!("/api/v1/invoices/{id}");
    Ok(write.submit(&app, command).await?.created(&place))
}

/// Shows one payment, or the counter-entry that took one back.
#[utoipa::path(get, path = "/payments/{id}", tag = "payments",
    params(("id" = Uuid, Path, description = "The payment.")),
    responses((status = 200, description = "The payment.", body = Payment)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Payment>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find_payment(&mut tx, id).await?;
            let found = found.ok_or_else(Error::not_found)?;
            let invoice = queries::find_visible(&mut tx, &caller.scope, found.invoice_id).await?;
            invoice.map(|_| found).ok_or_else(Error::not_found)
        })
    });
    Ok(Json(read.await?))
}

/// Takes the record of a payment back by a counter-entry; both stay to be seen.
#[utoipa::path(post, path = "/payments/{id}/remove", tag = "payments",
    params(("id" = Uuid, Path, description = "The payment.")),
    responses((status = 200, description = "The counter-entry.", body = Payment)))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    Ok(write.submit(&app, RemovePayment { id }).await?.ok())
}
