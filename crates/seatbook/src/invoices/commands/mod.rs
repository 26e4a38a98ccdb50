//! The verbs of invoices: drafting and sending what is due, and recording what was paid.

mod compose;
mod drafts;
mod due;

pub use compose::{Side, issuer_may};
pub use drafts::{DeleteDraft, EditDraft, FinalizeInvoice, VoidByCreditNote};
pub use due::due_lines;

use std::collections::BTreeSet;

use compose::{Composed, Gathered, gather};
use rules::billing::InvoiceStanding;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Date, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    model::{Invoice, Kind, Payment},
    queries, writes,
};
use crate::{
    billing,
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses,
    scope::Permission,
};

/// The kind of the job that makes the files of a finalized document and mails them.
pub const DELIVER: &str = "invoices.deliver";

/// A customer that is not invoiced until somebody looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ParkedCustomer)]
pub struct Parked {
    /// Which.
    pub organization_id: Uuid,
    /// Its name.
    pub name: String,
    /// What would be wrong with its invoice.
    pub reason: String,
}

/// What billing some licenses came to.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = LicensesBilled)]
pub struct Billed {
    /// The invoices, one for each customer and currency, or for each license by the seller's setting.
    pub invoices: Vec<Invoice>,
    /// Customers that were left out, and why.
    pub parked: Vec<Parked>,
}

/// Bills what is due of licenses: numbered invoices, all of them or none.
#[derive(Clone, Debug, Serialize)]
pub struct SendInvoices {
    /// The licenses.
    pub license_ids: Vec<Uuid>,
}

impl Command for SendInvoices {
    const NAME: &'static str = "invoices.send";
    type Outcome = Billed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Billed> {
        let (drafted, mut billed) = draft(tx, &self.license_ids).await?;
        for (id, composed) in &drafted {
            drafts::keep_currency(tx, composed).await?;
            drafts::number(tx, (*id, 1, 1), composed).await?;
        }
        for (invoice, (id, _)) in billed.invoices.iter_mut().zip(&drafted) {
            *invoice = recorded(tx, *id, None).await?;
        }
        Ok(billed)
    }
}

/// Drafts what is due of licenses, to look at it before it is finalized.
#[derive(Clone, Debug, Serialize)]
pub struct DraftInvoices {
    /// The licenses.
    pub license_ids: Vec<Uuid>,
}

impl Command for DraftInvoices {
    const NAME: &'static str = "invoices.draft";
    type Outcome = Billed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Billed> {
        let (drafted, mut billed) = draft(tx, &self.license_ids).await?;
        for (invoice, (id, _)) in billed.invoices.iter_mut().zip(&drafted) {
            *invoice = recorded(tx, *id, None).await?;
        }
        Ok(billed)
    }
}

/// Writes a draft for each group of what is due, and parks whoever's invoice would be wrong.
async fn draft(tx: &mut Tx<'_>, license_ids: &[Uuid]) -> Result<(Vec<(Uuid, Composed)>, Billed)> {
    let Gathered { ready, parked } = gather(tx, license_ids).await?;
    let mut billed = Billed::default();
    let mut drafted = Vec::with_capacity(ready.len());
    for composed in ready {
        let id = tx.new_id();
        let new = new_invoice(&composed, id, tx.now());
        writes::insert(tx, &new).await?;
        writes::insert_lines(tx, new.id, &composed.lines).await?;
        drafted.push((new.id, composed));
        billed.invoices.push(new);
    }
    for (id, composed) in &drafted {
        if writes::cover(tx, *id, &composed.lines).await? < composed.lines.len() {
            let message =
                "Somebody billed these licenses at the same moment; nothing was billed now.";
            return Err(Error::conflict("license.already_billed", message));
        }
        let billed: BTreeSet<Uuid> = composed.lines.iter().map(|it| it.license_id).collect();
        for license_id in billed {
            licenses::queries::mark_used(tx, license_id).await?;
        }
    }
    for (side, reason) in parked {
        if side.profile.parked_reason.is_none() {
            billing::commands::park(tx, &side.profile, &reason).await?;
        }
        billed.parked.push(Parked {
            organization_id: side.organization.id,
            name: side.organization.name,
            reason,
        });
    }
    Ok((drafted, billed))
}

/// A draft with the sums of what was put together.
fn new_invoice(composed: &Composed, id: Uuid, now: Timestamp) -> Invoice {
    Invoice {
        id,
        issuer_id: composed.issuer.organization.id,
        issuer_name: composed.issuer.organization.name.clone(),
        buyer_id: composed.buyer.organization.id,
        buyer_name: composed.buyer.organization.name.clone(),
        standing: InvoiceStanding::Draft,
        kind: Kind::Invoice,
        number: None,
        series: None,
        issued_on: None,
        due_on: None,
        currency: composed.currency.clone(),
        net_minor: composed.totals.net_minor,
        tax_minor: composed.totals.tax_minor,
        total_minor: composed.totals.total_minor,
        tax_rounding: composed.issuer.profile.facts.tax_rounding,
        note: String::new(),
        corrects_id: None,
        credited_by: None,
        paid_minor: 0,
        credited_minor: 0,
        overdue_at: None,
        created_at: now,
        finalized_at: None,
        version: 1,
    }
}

/// The invoice as it is now, recorded as changed from what it was; as new where there was none.
async fn recorded(tx: &mut Tx<'_>, id: Uuid, before: Option<&Invoice>) -> Result<Invoice> {
    let after = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    let (old, new) = match before {
        Some(before) => {
            let (old, new) = crate::journal::difference(before, &after)?;
            (Some(old), new)
        }
        None => (None, serde_json::to_value(&after)?),
    };
    tx.changed(Change {
        noun: "invoice",
        row_id: id,
        version: after.version,
        organization_id: Some(after.issuer_id),
        before: old,
        after: Some(new),
    });
    Ok(after)
}

/// An invoice, for somebody who holds a permission at its issuer: 404 where they are on neither of its sides.
async fn begin(tx: &mut Tx<'_>, id: Uuid, permission: Permission) -> Result<Invoice> {
    let caller = tx.caller();
    let found = match caller.origin {
        crate::gate::Origin::System => queries::find(tx, id).await?,
        _ => queries::find_visible(tx, &caller.scope, id).await?,
    };
    let Some(invoice) = found else {
        tx.unguarded("what the caller cannot see is not there");
        return Err(Error::not_found());
    };
    issuer_may(tx, invoice.issuer_id, permission).await?;
    tx.concerns(invoice.issuer_id);
    Ok(invoice)
}

/// Records money that came in for an invoice.
#[derive(Clone, Debug, Serialize)]
pub struct RecordPayment {
    /// The invoice.
    pub invoice_id: Uuid,
    /// In minor units of its currency.
    pub amount_minor: i64,
    /// The day the money came; today where the issuer is, unless said.
    pub paid_on: Option<Date>,
    /// What the statement of account said; kept with the payment alone.
    #[serde(skip)]
    pub reference: String,
}

impl Command for RecordPayment {
    const NAME: &'static str = "payments.record";
    type Outcome = Payment;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Payment> {
        let invoice = begin(tx, self.invoice_id, Permission::PaymentsRecord).await?;
        if invoice.standing != InvoiceStanding::Finalized || invoice.kind != Kind::Invoice {
            let message = "Only a finalized invoice is paid.";
            return Err(Error::conflict("invoice.not_payable", message));
        }
        if self.amount_minor < 1 {
            let message = "An amount above zero; what was recorded wrongly is taken back instead.";
            return Err(Error::invalid("amount_minor", "out_of_range", message));
        }
        if self.reference.chars().count() > 200 {
            return Err(Error::invalid(
                "reference",
                "too_long",
                "At most 200 characters.",
            ));
        }
        if !writes::pay(tx, invoice.id, self.amount_minor).await? {
            return Err(too_much(&invoice));
        }
        let zone = Side::read(tx, invoice.issuer_id).await?.zone()?;
        let payment = Payment {
            id: tx.new_id(),
            invoice_id: invoice.id,
            amount_minor: self.amount_minor,
            paid_on: self.paid_on.unwrap_or_else(|| tx.today(&zone)),
            reference: rules::text::trim(&self.reference).to_owned(),
            reverses_id: None,
            reversed_by: None,
            recorded_by: tx.actor_id(),
            recorded_at: tx.now(),
        };
        insert_payment(tx, &invoice, payment).await
    }
}

/// Takes the record of a payment back by a counter-entry; both stay.
#[derive(Clone, Debug, Serialize)]
pub struct RemovePayment {
    /// The payment.
    pub id: Uuid,
}

impl Command for RemovePayment {
    const NAME: &'static str = "payments.remove";
    type Outcome = Payment;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Payment> {
        let Some(found) = queries::find_payment(tx, self.id).await? else {
            tx.unguarded("what is not there can be hidden from nobody");
            return Err(Error::not_found());
        };
        let invoice = begin(tx, found.invoice_id, Permission::PaymentsRecord).await?;
        let reversed = || {
            let message = "This record was taken back already, or takes another one back.";
            Error::conflict("payment.reversed", message)
        };
        if found.reversed_by.is_some() || found.reverses_id.is_some() {
            return Err(reversed());
        }
        let back = Payment {
            id: tx.new_id(),
            amount_minor: -found.amount_minor,
            reverses_id: Some(found.id),
            recorded_by: tx.actor_id(),
            recorded_at: tx.now(),
            ..found
        };
        if !writes::pay(tx, invoice.id, back.amount_minor).await? {
            return Err(reversed());
        }
        insert_payment(tx, &invoice, back).await
    }
}

/// Writes and records a payment. Its reference may name people, so it stays out of the journal.
async fn insert_payment(tx: &mut Tx<'_>, invoice: &Invoice, new: Payment) -> Result<Payment> {
    if !writes::insert_payment(tx, &new).await? {
        let message = "Somebody took this record back at the same moment.";
        return Err(Error::conflict("payment.reversed", message));
    }
    tx.changed(Change {
        noun: "payment",
        row_id: new.id,
        version: 1,
        organization_id: Some(invoice.issuer_id),
        before: None,
        after: Some(json!({
            "invoice_id": invoice.id, "amount_minor": new.amount_minor, "paid_on": new.paid_on,
            "reverses_id": new.reverses_id,
        })),
    });
    Ok(new)
}

fn too_much(invoice: &Invoice) -> Error {
    let open = invoice.balance().open_minor().max(0);
    let message = format!("{} are open, and no more can be paid.", invoice.money(open));
    Error::conflict("payment.too_much", message).with("open_minor", open)
}
