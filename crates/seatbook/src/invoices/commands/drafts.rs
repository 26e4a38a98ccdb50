//! From draft to invoice, and back by a credit note.

use std::collections::BTreeSet;

use rules::{billing::InvoiceStanding, term::exclusive_end_instant};
use serde::Serialize;
use serde_json::json;
use store::{Date, Timestamp};
use uuid::Uuid;

use super::{
    DELIVER, begin,
    compose::{Composed, Side, check_issuer},
    recorded,
};
use crate::{
    billing,
    error::{Error, Kind as Sort, Result},
    gate::{Command, Tx},
    invoices::{
        model::{Invoice, Kind, Line, Snapshot},
        queries,
        writes::{self, Finalized},
    },
    jobs::{self, NewJob},
    scope::Permission,
};

/// The longest note.
const LONGEST_NOTE: usize = 1_000;

/// Changes a draft: its note, and which licenses it bills.
#[derive(Clone, Debug, Serialize)]
pub struct EditDraft {
    /// The draft.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// A paragraph for the reader; as it was where there is none.
    pub note: Option<String>,
    /// Licenses that are taken out, to be billed another time.
    pub without: Vec<Uuid>,
}

impl Command for EditDraft {
    const NAME: &'static str = "invoices.edit";
    type Outcome = Invoice;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invoice> {
        let before = begin_draft(tx, self.id, self.version).await?;
        let note = self.note.clone().unwrap_or_else(|| before.note.clone());
        if note.chars().count() > LONGEST_NOTE {
            let message = format!("At most {LONGEST_NOTE} characters.");
            return Err(Error::invalid("note", "too_long", message));
        }
        let lines = queries::lines(tx, self.id).await?;
        let mut billed: BTreeSet<Uuid> = lines.iter().map(|it| it.license_id).collect();
        if let Some(place) = self.without.iter().position(|it| !billed.contains(it)) {
            let field = format!("without_license_ids[{place}]");
            let message = "This license is not on the draft.";
            return Err(Error::invalid(field, "invoice.no_such_line", message));
        }
        for license_id in &self.without {
            billed.remove(license_id);
        }
        let kept = lines
            .into_iter()
            .filter(|it| billed.contains(&it.license_id));
        let kept: Vec<Line> = kept.collect();
        if kept.is_empty() {
            let message = "Nothing would be left on it; give the draft up instead.";
            return Err(Error::invalid(
                "without_license_ids",
                "invoice.empty",
                message,
            ));
        }
        let composed = composed(tx, &before, kept).await?;
        rewrite(tx, (&before, note), &composed).await?;
        recorded(tx, self.id, Some(&before)).await
    }
}

/// Numbers a draft; from then on it never changes.
#[derive(Clone, Debug, Serialize)]
pub struct FinalizeInvoice {
    /// The draft.
    pub id: Uuid,
    /// The version that was looked at; any where there is none.
    pub version: Option<i64>,
}

impl Command for FinalizeInvoice {
    const NAME: &'static str = "invoices.finalize";
    type Outcome = Invoice;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invoice> {
        let before = begin_draft(tx, self.id, self.version).await?;
        let lines = queries::lines(tx, self.id).await?;
        // Taxed as the buyer is taxed today, which may not be as it was when this was drafted.
        let composed = composed(tx, &before, lines).await?;
        check_issuer(&composed.issuer, 0)?;
        rewrite(tx, (&before, before.note.clone()), &composed).await?;
        keep_currency(tx, &composed).await?;
        let written = before.version + 1;
        number(tx, (self.id, written, written), &composed).await?;
        recorded(tx, self.id, Some(&before)).await
    }
}

/// Gives a draft up; its licenses can be billed again.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteDraft {
    /// The draft.
    pub id: Uuid,
    /// The version that was looked at; any where there is none.
    pub version: Option<i64>,
}

impl Command for DeleteDraft {
    const NAME: &'static str = "invoices.delete";
    type Outcome = Invoice;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invoice> {
        let before = begin_draft(tx, self.id, self.version).await?;
        writes::uncover(tx, self.id).await?;
        if !writes::set_void(tx, self.id, before.version).await? {
            return Err(not_a_draft(&before));
        }
        recorded(tx, self.id, Some(&before)).await
    }
}

/// Takes a finalized invoice back whole, by a credit note; its licenses can be billed again.
#[derive(Clone, Debug, Serialize)]
pub struct VoidByCreditNote {
    /// The invoice.
    pub id: Uuid,
    /// Why, for the reader.
    pub note: String,
}

impl Command for VoidByCreditNote {
    const NAME: &'static str = "invoices.credit";
    type Outcome = Invoice;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Invoice> {
        let before = begin(tx, self.id, Permission::InvoicesSend).await?;
        if before.standing != InvoiceStanding::Finalized || before.kind != Kind::Invoice {
            let message = "Only a finalized invoice is taken back by a credit note.";
            return Err(Error::conflict("invoice.not_creditable", message));
        }
        if self.note.chars().count() > LONGEST_NOTE {
            let message = format!("At most {LONGEST_NOTE} characters.");
            return Err(Error::invalid("note", "too_long", message));
        }
        let note = Invoice {
            id: tx.new_id(),
            kind: Kind::CreditNote,
            note: rules::text::trim(&self.note).to_owned(),
            corrects_id: Some(before.id),
            created_at: tx.now(),
            ..before.clone()
        };
        if before.credited_by.is_some() || !writes::insert(tx, &note).await? {
            let message = "A credit note took this invoice back already.";
            return Err(Error::conflict("invoice.credited", message));
        }
        let lines = queries::lines(tx, before.id).await?;
        writes::insert_lines(tx, note.id, &lines).await?;
        writes::uncover(tx, before.id).await?;
        writes::credit(tx, before.id).await?;
        let snapshot = serde_json::from_value(queries::snapshot(tx, before.id).await?)?;
        let issuer = Side::read(tx, before.issuer_id).await?;
        let words = Words {
            issuer: &issuer,
            buyer: &before.buyer_name,
            snapshot: &snapshot,
            lines: &lines,
        };
        finalize(tx, (note.id, 1, 1), Kind::CreditNote, words).await?;
        recorded(tx, note.id, None).await
    }
}

/// A draft that may be changed, as the editor saw it.
async fn begin_draft(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Invoice> {
    let found = begin(tx, id, Permission::InvoicesSend).await?;
    if found.standing != InvoiceStanding::Draft {
        return Err(not_a_draft(&found));
    }
    if version.is_some_and(|seen| seen != found.version) {
        let message = "Somebody changed this draft in the meantime; look at it again.";
        return Err(
            Error::new(Sort::Stale, "version.stale", message).with("version", found.version)
        );
    }
    Ok(found)
}

/// Taxes and adds lines up anew; refused where no valid invoice comes of them.
async fn composed(tx: &mut Tx<'_>, draft: &Invoice, lines: Vec<Line>) -> Result<Composed> {
    let issuer = Side::read(tx, draft.issuer_id).await?;
    let buyer = Side::read(tx, draft.buyer_id).await?;
    Composed::of((issuer, buyer), draft.currency.clone(), lines).map_err(|why| {
        let message = format!("The invoice of {} would be wrong. {why}", draft.buyer_name);
        Error::conflict("invoice.breach", message).with("reason", why)
    })
}

/// Writes a draft's sums, note and lines anew, with the periods they bill.
async fn rewrite(
    tx: &mut Tx<'_>,
    (before, note): (&Invoice, String),
    composed: &Composed,
) -> Result<()> {
    let totals = &composed.totals;
    let draft = Invoice {
        net_minor: totals.net_minor,
        tax_minor: totals.tax_minor,
        total_minor: totals.total_minor,
        tax_rounding: composed.issuer.profile.facts.tax_rounding,
        note: rules::text::trim(&note).to_owned(),
        ..before.clone()
    };
    if !writes::set_draft(tx, &draft, before.version).await? {
        return Err(not_a_draft(before));
    }
    writes::uncover(tx, before.id).await?;
    writes::delete_lines(tx, before.id).await?;
    writes::insert_lines(tx, before.id, &composed.lines).await?;
    writes::cover(tx, before.id, &composed.lines).await?;
    Ok(())
}

/// Keeps the buyer's currency where this is its first invoice.
pub(super) async fn keep_currency(tx: &mut Tx<'_>, composed: &Composed) -> Result<()> {
    billing::commands::set_currency(tx, &composed.buyer.profile, &composed.currency).await
}

/// Numbers a draft: its id, the version it has, and the one it gets.
pub(super) async fn number(
    tx: &mut Tx<'_>,
    draft: (Uuid, i64, i64),
    composed: &Composed,
) -> Result<()> {
    let words = Words {
        issuer: &composed.issuer,
        buyer: &composed.buyer.organization.name,
        snapshot: &composed.snapshot(),
        lines: &composed.lines,
    };
    finalize(tx, draft, Kind::Invoice, words).await
}

/// What a finalized document is found by and keeps.
struct Words<'a> {
    issuer: &'a Side,
    buyer: &'a str,
    snapshot: &'a Snapshot,
    lines: &'a [Line],
}

/// Draws a number and finalizes. Everything else was written before: the counter is locked to the end.
async fn finalize(
    tx: &mut Tx<'_>,
    (id, seen, version): (Uuid, i64, i64),
    kind: Kind,
    words: Words<'_>,
) -> Result<()> {
    let (issuer, zone) = (words.issuer, words.issuer.zone()?);
    let facts = &issuer.profile.facts;
    let issued = tx.today(&zone);
    let due = jiff::Span::new().days(facts.payment_days);
    let due = issued.0.checked_add(due).map_err(Error::internal)?;
    let overdue = exclusive_end_instant(due, &zone).map_err(Error::internal)?;
    let asks = kind == Kind::Invoice;
    let delivery = NewJob {
        kind: DELIVER,
        title: format!("{} to {}", title(kind), words.buyer),
        payload: json!({"invoice_id": id}),
        organization_id: issuer.organization.id,
        rows_total: 1,
    };
    jobs::enqueue(tx, delivery).await?;
    let counter = writes::next_number(tx, issuer.organization.id, &facts.series).await?;
    let with = Finalized {
        series: &facts.series,
        number: counter,
        issued_on: issued,
        due_on: asks.then_some(Date(due)),
        overdue_at: asks.then_some(Timestamp::new(overdue)),
        snapshot: words.snapshot,
        finalized_at: tx.now(),
        version,
    };
    if !writes::finalize(tx, (id, seen), &with).await? {
        let message = "Somebody changed this draft at the same moment; please look again.";
        return Err(Error::conflict("invoice.not_draft", message));
    }
    let number = rules::billing::number(&facts.series, counter);
    let mut parts = vec![
        number.as_str(),
        words.buyer,
        &words.snapshot.buyer.name,
        &issuer.organization.name,
    ];
    for line in words.lines {
        parts.extend([line.sku_code.as_str(), &line.description]);
    }
    writes::index(tx, id, &parts).await
}

fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => "Invoice",
        Kind::CreditNote => "Credit note",
    }
}

fn not_a_draft(invoice: &Invoice) -> Error {
    let message = "It is no draft any more, so it does not change; a credit note takes it back.";
    Error::conflict("invoice.not_draft", message).with("standing", invoice.standing.as_str())
}
