//! Invoices as a file.

use store::Tx;

use super::pages::invoice_list;
use crate::{
    error::Result,
    files::ColumnKind,
    invoices::{
        model::Invoice,
        queries::{self, Filter},
        status::{Side, Status},
    },
    listings::{Field, Found, Lines, Listing, PORTION, Reader, day, maybe, money, table, text},
    scope::Permission,
};

/// Amounts have no sum: they may be of several currencies.
const FIELDS: &[Field<Invoice>] = &[
    Field::text("", "Number", |it: &Invoice, _| maybe(it.number.as_ref())).wide(20),
    Field::text("", "Kind", |it, _| text(it.kind.as_str())),
    Field::text("", "Issuer", |it: &Invoice, _| text(&it.issuer_name)).wide(32),
    Field::text("", "Customer", |it: &Invoice, _| text(&it.buyer_name)).wide(32),
    Field::new("", "Issued", ColumnKind::Date, |it, _| day(it.issued_on)),
    Field::new("", "Due", ColumnKind::Date, |it, _| day(it.due_on)),
    Field::text("", "Currency", |it, _| text(&it.currency)),
    // Whoever may not see prices has invoices as their buyer alone.
    Field::new("", "Net", ColumnKind::Money, |it: &Invoice, _| {
        money(it.net_minor, &it.currency)
    })
    .needing(&[Permission::PricesRead]),
    Field::new("", "Tax", ColumnKind::Money, |it, _| {
        money(it.tax_minor, &it.currency)
    }),
    Field::new("", "Total", ColumnKind::Money, |it, _| {
        money(it.total_minor, &it.currency)
    }),
    Field::new("", "Paid", ColumnKind::Money, |it, _| {
        money(it.paid_minor, &it.currency)
    }),
    Field::new("", "Open", ColumnKind::Money, |it, _| {
        money(it.open_minor(), &it.currency)
    }),
    Field::text("", "Status", |it, reader| {
        text(&it.status(reader.now).badge().label)
    }),
];

/// The invoices that search and filter find, the newest first.
struct Invoices(Filter);

/// The invoices on whose sides the reader is, as an address describes them.
pub fn listing(pairs: &[(String, String)], reader: &Reader) -> Box<dyn Listing> {
    let view = invoice_list().read(pairs);
    let side = Side::parse(view.chosen("side"));
    let invoices = Invoices(Filter {
        keyword: Some(view.q.clone()).filter(|q| !q.trim().is_empty()),
        status: Status::parse(view.chosen("status")),
        side: side.map(|side| (side, reader.organization_id)),
        limit: PORTION,
        ..Filter::default()
    });
    table(FIELDS.iter().collect(), invoices)
}

impl Lines for Invoices {
    type Row = Invoice;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Invoice>> {
        let found = queries::list(tx, &reader.scope, &self.0, reader.now).await?;
        self.0.before = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
