//! Invoices over the API; money that came in is in `payments`.

pub mod payments;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use rules::billing::Billing;
use serde::{Deserialize, Serialize};
use store::{Date, Timestamp, Tx};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    invoices::{
        commands::{
            Billed, DeleteDraft, DraftInvoices, EditDraft, FinalizeInvoice, SendInvoices, Side,
            VoidByCreditNote, due_lines,
        },
        model::{Invoice, Line, Payment, Snapshot},
        queries::{self, Billable, Filter, Sides},
        status::Status,
    },
    licenses,
    scope::{self, Permission, Scope},
};

/// An invoice or credit note as it stands at this moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceOut {
    /// The document.
    #[serde(flatten)]
    invoice: Invoice,
    /// `draft`, `void`, `unpaid`, `part`, `overdue`, `paid`, `credited` or `credit_note`: what follows from payments,
    /// credit notes and the day.
    #[schema(value_type = String)]
    status: Status,
    /// What is still to be paid; below zero where too much was paid.
    open_minor: i64,
}

impl InvoiceOut {
    /// The document at an instant.
    pub fn new(invoice: Invoice, now: Timestamp) -> Self {
        InvoiceOut {
            status: invoice.status(now),
            open_minor: invoice.open_minor(),
            invoice,
        }
    }
}

/// An invoice or credit note with everything that stands on it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvoiceShown {
    /// The document.
    #[serde(flatten)]
    document: InvoiceOut,
    /// What is charged for, each explained.
    lines: Vec<LineOut>,
    /// What was paid, counter-entries among it, in the order it was recorded.
    payments: Vec<Payment>,
    /// Both parties and the account as they were when it was finalized; none for a draft.
    snapshot: Option<Snapshot>,
}

/// A line and how its amount came about.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = InvoiceLineOut)]
pub struct LineOut {
    /// The line.
    #[serde(flatten)]
    line: Line,
    /// In words: `10 devices × 19.99 EUR × 45 of 365 days, rounded half up`.
    explanation: String,
}

impl LineOut {
    fn new(line: Line, currency: &str) -> Self {
        LineOut {
            explanation: line.explained(currency),
            line,
        }
    }
}

/// Which invoices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Of this issuer or buyer.
    organization_id: Option<Uuid>,
    /// That bill, or credit, this license.
    license_id: Option<Uuid>,
    /// Standing so: `draft`, `void`, `unpaid`, `part`, `overdue`, `paid`, `credited` or `credit_note`.
    status: Option<String>,
    /// Any part of number, parties, SKU or license name.
    q: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists invoices and credit notes, the newest first: those your organization issued, and those addressed to it.
///
/// Amounts are between seller and buyer, so rights held further up do not reach them.
#[utoipa::path(get, path = "/invoices", tag = "invoices", params(ListParams),
    responses((status = 200, description = "A page of invoices.", body = List<InvoiceOut>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<InvoiceOut>>> {
    let (filter, now) = (filter(params)?, app.gate.now());
    let limit = filter.limit - 1;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &caller.scope, &filter, now).await })
    });
    let page = List::page(read.await?, limit, |last| last.id);
    Ok(Json(List {
        items: page
            .items
            .into_iter()
            .map(|it| InvoiceOut::new(it, now))
            .collect(),
        next_cursor: page.next_cursor,
    }))
}

fn filter(params: ListParams) -> Result<Filter> {
    let paging = Paging::of(params.limit, params.cursor);
    let status = params.status.map(|word| {
        let message = format!("“{word}” is no status of an invoice.");
        Status::parse(&word).ok_or_else(|| Error::invalid("status", "parameter.invalid", message))
    });
    Ok(Filter {
        side: None,
        keyword: params.q.filter(|q| !q.trim().is_empty()),
        organization_id: params.organization_id,
        license_id: params.license_id,
        status: status.transpose()?,
        before: paging.after()?,
        limit: paging.limit()? + 1,
    })
}

/// Shows an invoice or credit note with its lines, payments and parties.
#[utoipa::path(get, path = "/invoices/{id}", tag = "invoices",
    params(("id" = Uuid, Path, description = "The invoice or credit note.")),
    responses((status = 200, description = "The document, its version as ETag.", body = InvoiceShown)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let now = app.gate.now();
    let read = app
        .read(move |mut tx| Box::pin(async move { shown(&mut tx, &caller.scope, id, now).await }));
    let found = read.await?;
    let tag = etag(found.document.invoice.version);
    Ok(([("etag", tag)], Json(found)).into_response())
}

/// A document with everything that stands on it.
async fn shown(tx: &mut Tx<'_>, scope: &Scope, id: Uuid, now: Timestamp) -> Result<InvoiceShown> {
    let found = queries::find_visible(tx, scope, id).await?;
    let invoice = found.ok_or_else(Error::not_found)?;
    let lines = queries::lines(tx, id).await?.into_iter();
    let snapshot = match invoice.number {
        Some(_) => Some(serde_json::from_value(queries::snapshot(tx, id).await?)?),
        None => None,
    };
    Ok(InvoiceShown {
        lines: lines
            .map(|line| LineOut::new(line, &invoice.currency))
            .collect(),
        payments: queries::payments(tx, id).await?,
        snapshot,
        document: InvoiceOut::new(invoice, now),
    })
}

/// Licenses to bill.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BillIn {
    /// The licenses: 1 to as many as the seller's setting lets one send bill, 20 unless it says otherwise.
    license_ids: Vec<Uuid>,
}

/// Bills what is due of licenses: one numbered invoice for each customer and currency, all of them or none.
///
/// A line stands for each period that has begun and that nothing bills yet, of a license that has not begun for its first.
/// A license that is billed already is refused with `license.already_billed`, so asking twice makes no second invoice; one
/// without a customer with `license.without_customer`; more than the setting with `invoices.too_many`. A customer whose
/// invoice would be wrong is parked with the reason, and the others go on.
#[utoipa::path(post, path = "/invoices/send", tag = "invoices", request_body = BillIn,
    responses((status = 200, description = "The invoices, and who was left out.", body = Billed)))]
pub async fn send(State(app): State<App>, write: Write<BillIn>) -> Result<Response> {
    let license_ids = write.body.license_ids.clone();
    let command = SendInvoices { license_ids };
    Ok(write.submit(&app, command).await?.ok())
}

/// Drafts what is due of licenses, to look at it first. A draft has no number and bills its periods until it is given up.
#[utoipa::path(post, path = "/invoices/draft", tag = "invoices", request_body = BillIn,
    responses((status = 200, description = "The drafts, and who was left out.", body = Billed)))]
pub async fn draft(State(app): State<App>, write: Write<BillIn>) -> Result<Response> {
    let license_ids = write.body.license_ids.clone();
    let command = DraftInvoices { license_ids };
    Ok(write.submit(&app, command).await?.ok())
}

/// What changes about a draft.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftEdit {
    /// A paragraph for the reader, at most 1,000 characters.
    #[serde(default)]
    note: Option<String>,
    /// Licenses that are taken out, to be billed another time.
    #[serde(default)]
    without_license_ids: Vec<Uuid>,
}

/// Changes a draft: its note, and which licenses it bills. What is finalized never changes: `invoice.not_draft`.
#[utoipa::path(patch, path = "/invoices/{id}", tag = "invoices", request_body = DraftEdit,
    params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The draft as it is now.", body = Invoice)))]
pub async fn update(
    State(app): State<App>,
    Id(id): Id,
    write: Write<DraftEdit>,
) -> Result<Response> {
    let command = EditDraft {
        id,
        version: write.if_match(),
        note: write.body.note.clone(),
        without: write.body.without_license_ids.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Gives a draft up. It stays to be seen as void, and its licenses can be billed again.
#[utoipa::path(delete, path = "/invoices/{id}", tag = "invoices",
    params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The draft as it is now.", body = Invoice)))]
pub async fn remove(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let command = DeleteDraft { id, version };
    Ok(write.submit(&app, command).await?.ok())
}

/// Finalizes a draft: it gets the next number of its issuer's series, and never changes again.
#[utoipa::path(post, path = "/invoices/{id}/finalize", tag = "invoices",
    params(("id" = Uuid, Path, description = "The draft.")),
    responses((status = 200, description = "The invoice.", body = Invoice)))]
pub async fn finalize(State(app): State<App>, Id(id): Id, write: Write<()>) -> Result<Response> {
    let version = write.if_match();
    let command = FinalizeInvoice { id, version };
    Ok(write.submit(&app, command).await?.ok())
}

/// Why an invoice is taken back.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditIn {
    /// A paragraph for the reader, at most 1,000 characters.
    #[serde(default)]
    note: String,
}

/// Takes a finalized invoice back whole by a credit note, with the next number of the series. Its licenses can be billed
/// again.
#[utoipa::path(post, path = "/invoices/{id}/credit", tag = "invoices", request_body = CreditIn,
    params(("id" = Uuid, Path, description = "The invoice.")),
    responses((status = 200, description = "The credit note.", body = Invoice)))]
pub async fn credit(
    State(app): State<App>,
    Id(id): Id,
    write: Write<CreditIn>,
) -> Result<Response> {
    let note = write.body.note.clone();
    let command = VoidByCreditNote { id, note };
    Ok(write.submit(&app, command).await?.ok())
}

/// Where a license stands with its invoices.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LicenseBilling {
    /// The license.
    license_id: Uuid,
    /// `unbilled`, `invoiced`, `paid`, `overdue`, `void` or `credited`, by its latest invoice.
    #[schema(value_type = String)]
    billing: Billing,
    /// What sending an invoice now would bill; for the seller.
    due: Vec<LineOut>,
    /// The currency of its price; for the seller.
    currency: Option<String>,
}

/// Shows where a license stands with its invoices, and to its seller what is due.
#[utoipa::path(get, path = "/licenses/{id}/billing", tag = "invoices",
    params(("id" = Uuid, Path, description = "The license.")),
    responses((status = 200, description = "Where it stands.", body = LicenseBilling)))]
pub async fn of_license(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
) -> Result<Json<LicenseBilling>> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move { billing(&mut tx, &caller.scope, id, now).await })
    });
    Ok(Json(read.await?))
}

/// Where a license stands, for its seller and its owner.
async fn billing(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
    now: Timestamp,
) -> Result<LicenseBilling> {
    let visible = licenses::queries::find_visible(tx, scope, id).await?;
    visible.ok_or_else(Error::not_found)?;
    let found = queries::billables(tx, &[id]).await?.pop();
    let license = found.ok_or_else(Error::not_found)?;
    let sides = Sides::of(scope);
    let sold = license.seller_id.filter(|id| sides.issuers.contains(id));
    if sold.is_none() && !sides.buyers.contains(&license.owner_id) {
        return Err(scope::missing(Permission::InvoicesRead));
    }
    let (due, currency) = due_of(tx, (&license, sold), now).await?;
    Ok(LicenseBilling {
        license_id: id,
        billing: queries::billing_of(tx, &[id], now).await?[&id],
        due,
        currency,
    })
}

/// What is due of a license, and in which currency; nothing where the seller does not ask.
async fn due_of(
    tx: &mut Tx<'_>,
    (license, sold): (&Billable, Option<Uuid>),
    now: Timestamp,
) -> Result<(Vec<LineOut>, Option<String>)> {
    let (Some(seller_id), Some((_, currency))) = (sold, license.price.clone()) else {
        return Ok((vec![], None));
    };
    let zone = Side::read(tx, seller_id).await?.zone()?;
    let today = Date(now.get().to_zoned(zone).date());
    let covered = queries::covered(tx, &[license.license_id]).await?;
    let due = due_lines(license, &covered, today)?.into_iter();
    let due = due.map(|line| LineOut::new(line, &currency)).collect();
    Ok((due, Some(currency)))
}
