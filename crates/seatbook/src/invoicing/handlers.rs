//! The list of invoices, and one document.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::billing::InvoiceStanding;
use uuid::Uuid;

use super::pages::{
    InvoicePage, InvoicesPage, invoice_list, line_row, parties, payment_row, row, sums,
};
use crate::{
    api::{Cursor, Id},
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        format::Moment,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    invoices::{
        model::{Invoice, Kind, Line, Payment, Snapshot},
        queries::{self, Filter, Sides},
        status::{Side, Status},
    },
    scope::Permission,
};

/// Rows on one page of the list.
const PAGE: i64 = 100;

/// `/invoices`.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let mut view = invoice_list().read(&given);
    let filter = Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.trim().is_empty()),
        status: Status::parse(view.chosen("status")),
        side: Side::parse(view.chosen("side")).map(|side| (side, frame.visitor.organization_id)),
        before: Cursor::read(value(&given, "cursor")).ok(),
        limit: PAGE + 1,
        ..Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list(&mut tx, &scope, &filter, now).await })
    });
    let page = crate::api::List::page(read.await?, PAGE, |last| last.id);
    let moment = Moment::new(now, &frame.visitor.time_zone);
    view.shown = i64::try_from(page.items.len()).unwrap_or(i64::MAX);
    (view.more, view.next) = (page.next_cursor.is_some(), page.next_cursor);
    let page = InvoicesPage {
        shell: frame.shell("Invoices", "invoices"),
        rows: page.items.iter().map(|it| row(it, &moment)).collect(),
        list: view,
    };
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// What one document's page needs of the book.
pub(super) struct One {
    pub(super) invoice: Invoice,
    lines: Vec<Line>,
    payments: Vec<Payment>,
    snapshot: Option<Snapshot>,
    /// Whether the reader is on the seller's side.
    sells: bool,
}

impl One {
    pub(super) async fn read(app: &App, frame: &Frame, id: Uuid) -> Result<One> {
        let scope = frame.caller.scope.clone();
        let read = app.read(move |mut tx| {
            Box::pin(async move {
                let found = queries::find_visible(&mut tx, &scope, id).await?;
                let invoice = found.ok_or_else(Error::not_found)?;
                let snapshot = match invoice.number {
                    Some(_) => {
                        let kept = queries::snapshot(&mut tx, id).await?;
                        Some(serde_json::from_value(kept)?)
                    }
                    None => None,
                };
                Ok(One {
                    lines: queries::lines(&mut tx, id).await?,
                    payments: queries::payments(&mut tx, id).await?,
                    sells: Sides::of(&scope).issuers.contains(&invoice.issuer_id),
                    snapshot,
                    invoice,
                })
            })
        });
        read.await
    }

    fn page(self, frame: &Frame, moment: &Moment) -> InvoicePage {
        let it = &self.invoice;
        let may = |permission| self.sells && frame.may(permission);
        let stands = it.standing == InvoiceStanding::Finalized && it.kind == Kind::Invoice;
        let link = |word: &str, id: Option<Uuid>| {
            id.map(|id| (word.to_owned(), format!("/invoices/{id}")))
        };
        let links = [
            link("The invoice it takes back", it.corrects_id),
            link("The credit note that took it back", it.credited_by),
        ];
        let row = row(it, moment);
        InvoicePage {
            shell: frame.shell(row.number.clone(), "invoices"),
            kind: match it.kind {
                Kind::Invoice => "Invoice",
                Kind::CreditNote => "Credit note",
            },
            lines: self
                .lines
                .iter()
                .map(|line| line_row(line, &it.currency))
                .collect(),
            sums: sums(it, &self.lines),
            payments: self
                .payments
                .iter()
                .map(|one| payment_row(one, it))
                .collect(),
            parties: parties(self.snapshot.as_ref()),
            facts: facts(it, self.snapshot.as_ref()),
            links: links.into_iter().flatten().collect(),
            note: it.note.clone(),
            may_finalize: it.standing == InvoiceStanding::Draft && may(Permission::InvoicesSend),
            may_pay: stands && it.open_minor() > 0 && may(Permission::PaymentsRecord),
            may_remove: may(Permission::PaymentsRecord),
            may_credit: stands && it.credited_by.is_none() && may(Permission::InvoicesSend),
            row,
        }
    }
}

fn facts(it: &Invoice, snapshot: Option<&Snapshot>) -> Vec<(String, String)> {
    let mut facts = vec![("Currency".to_owned(), it.currency.clone())];
    let rounding = match it.tax_rounding {
        rules::billing::Rounding::Document => "once per rate",
        rules::billing::Rounding::Line => "on each line",
    };
    facts.push(("Taxes rounded".into(), rounding.into()));
    let Some(kept) = snapshot else {
        return facts;
    };
    for (word, text) in [
        ("No tax, because", &kept.tax_reason),
        ("Reference", &kept.buyer_reference),
        ("IBAN", &kept.iban),
        ("BIC", &kept.bic),
        ("Account holder", &kept.account_name),
        ("Sent to", &kept.buyer.email),
    ] {
        if !text.is_empty() {
            facts.push((word.into(), text.clone()));
        }
    }
    facts
}

/// `/invoices/{id}`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let page = One::read(&app, &frame, id).await?.page(&frame, &moment);
    Ok(html(StatusCode::OK, page.render()))
}
