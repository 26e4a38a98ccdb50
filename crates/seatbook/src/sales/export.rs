//! What was sold, as a file. Codes are not in it: a file is passed on, and a code is worth its units.

use rules::money::Money;
use store::{BoxFuture, Tx};

use super::{
    handlers::{filter, priced},
    pages::sales_list,
    queries::{self, Filter, Sale},
};
use crate::{
    console::form::value,
    error::Result,
    files::{Cell, Column, ColumnKind},
    invoices::status::billing_badge,
    listings::{
        Field, Listing, PORTION, Portion, Reader, amount, columns, day, maybe, rows, shown, text,
    },
    scope::{Permission, queries::check_visible},
    secrets::Vault,
};

/// A sold license, with its amount for those who may see it.
struct Line {
    sale: Sale,
    amount: Option<Money>,
}

/// Amounts have no sum: they may be of several currencies.
const FIELDS: &[Field<Line>] = &[
    Field::text("", "Name", |it: &Line, _| {
        let license = &it.sale.sold.license;
        text(license.name.as_ref().unwrap_or(&license.sku_code))
    })
    .wide(32),
    Field::text("", "SKU", |it: &Line, _| {
        text(&it.sale.sold.license.sku_code)
    })
    .wide(24),
    Field::text("", "Note", |it: &Line, _| {
        maybe(it.sale.sold.license.note.as_ref())
    })
    .wide(32),
    Field::text("", "Customer", |it: &Line, _| {
        match it.sale.sold.license.awaits_activation {
            true => Cell::Empty,
            false => text(&it.sale.sold.license.organization_name),
        }
    })
    .wide(32),
    Field::number("", "Quantity", |it: &Line, _| {
        Cell::Number(it.sale.sold.license.quantity)
    })
    .summed(),
    Field::new("", "Amount", ColumnKind::Money, |it, _| amount(it.amount)),
    Field::text("", "Currency", |it, _| {
        it.amount
            .map_or(Cell::Empty, |amount| text(amount.currency.code()))
    }),
    Field::text("", "Status", |it, reader| {
        text(it.sale.sold.license.state(reader.now).as_str())
    }),
    Field::text("", "Billing", |it, _| {
        text(&billing_badge(it.sale.billing).label)
    }),
    Field::new(
        "created",
        "Created",
        ColumnKind::Instant,
        |it: &Line, reader| reader.clock(it.sale.sold.license.created_at),
    )
    .wide(20),
    Field::new(
        "activated",
        "Activated",
        ColumnKind::Instant,
        |it: &Line, reader| {
            let at = it.sale.sold.license.activated_at;
            at.map_or(Cell::Empty, |at| reader.clock(at))
        },
    )
    .wide(20),
    Field::new("", "End", ColumnKind::Date, |it, _| {
        day(it.sale.sold.license.end_date)
    }),
];

/// What search and filters find of what one organization sold, the newest first.
struct Sales {
    fields: Vec<&'static Field<Line>>,
    filter: Filter,
    vault: Vault,
}

/// What the reader's organization sold, as an address describes it.
pub fn listing(pairs: &[(String, String)], reader: &Reader, vault: &Vault) -> Box<dyn Listing> {
    let view = sales_list(&[]).read(pairs);
    Box::new(Sales {
        fields: shown(FIELDS, &view),
        filter: Filter {
            customer_id: value(pairs, "customer").parse().ok(),
            from: None,
            limit: PORTION,
            ..filter(&view, pairs, reader.organization_id)
        },
        vault: vault.clone(),
    })
}

impl Listing for Sales {
    fn columns(&self) -> Vec<Column> {
        columns(&self.fields)
    }

    fn next<'a>(
        &'a mut self,
        tx: &'a mut Tx<'_>,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Portion>> {
        Box::pin(async move {
            let seller_id = self.filter.seller_id;
            check_visible(tx, &reader.scope, Permission::LicensesSell, seller_id).await?;
            let is_priced = priced(tx, &reader.scope, seller_id).await;
            let page = queries::page(tx, &self.filter, (&self.vault, reader.now)).await?;
            let line = |sale: Sale| Line {
                amount: sale.amounts().1.filter(|_| is_priced),
                sale,
            };
            let lines: Vec<Line> = page.sales.into_iter().map(line).collect();
            self.filter.from = page.next;
            Ok(Portion {
                rows: rows(&self.fields, &lines, reader),
                is_last: page.next.is_none(),
            })
        })
    }
}
