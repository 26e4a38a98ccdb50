//! What was sold, as a file. Codes are not in it: a file is passed on, and a code is worth its units. They are a list of
//! their own.

use rules::money::Money;
use store::Tx;

use super::{
    handlers::{filter, priced},
    pages::{code_badge, sales_list},
    queries::{self, Filter, Sale},
};
use crate::{
    console::{form::value, table::ListView},
    error::Result,
    files::{Cell, ColumnKind},
    invoices::status::billing_badge,
    listings::{
        Field, Found, Lines, Listing, PORTION, Reader, amount, clock, day, maybe, shown, table,
        text,
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
    Field::text("", "Name", |it: &Line, _| text(name(it))).wide(32),
    Field::text("", "SKU", |it: &Line, _| {
        text(&it.sale.sold.license.sku_code)
    })
    .wide(24),
    Field::text("", "Note", |it: &Line, _| {
        maybe(it.sale.sold.license.note.as_ref())
    })
    .wide(32),
    Field::text("", "Customer", |it: &Line, _| customer(it)).wide(32),
    Field::number("", "Quantity", |it: &Line, _| {
        Cell::Number(it.sale.sold.license.quantity)
    })
    .summed(),
    Field::new("", "Amount", ColumnKind::Money, |it: &Line, _| {
        amount(it.amount)
    })
    .needing(&[Permission::PricesRead]),
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
        |it: &Line, reader| clock(it.sale.sold.license.activated_at, reader),
    )
    .wide(20),
    Field::new("", "End", ColumnKind::Date, |it, _| {
        day(it.sale.sold.license.end_date)
    }),
];

/// The codes of what was sold.
const CODES: &[Field<Line>] = &[
    Field::text("", "Code", |it: &Line, _| text(&it.sale.sold.code)).wide(12),
    Field::text("", "Code status", |it: &Line, _| {
        text(&code_badge(it.sale.sold.state).label)
    })
    .wide(24),
    Field::new(
        "",
        "Code expires",
        ColumnKind::Instant,
        |it: &Line, reader| clock(it.sale.sold.expires_at, reader),
    )
    .wide(20),
    Field::text("", "Name", |it: &Line, _| text(name(it))).wide(32),
    Field::text("", "SKU", |it: &Line, _| {
        text(&it.sale.sold.license.sku_code)
    })
    .wide(24),
    Field::number("", "Quantity", |it: &Line, _| {
        Cell::Number(it.sale.sold.license.quantity)
    })
    .summed(),
    Field::text("", "Customer", |it: &Line, _| customer(it)).wide(32),
];

fn name(it: &Line) -> &str {
    let license = &it.sale.sold.license;
    license.name.as_ref().unwrap_or(&license.sku_code)
}

fn customer(it: &Line) -> Cell {
    match it.sale.sold.license.awaits_activation {
        true => Cell::Empty,
        false => text(&it.sale.sold.license.organization_name),
    }
}

/// What search and filters find of what one organization sold, the newest first.
struct Sales {
    filter: Filter,
    vault: Vault,
}

/// What the reader's organization sold, as an address describes it.
pub fn listing(pairs: &[(String, String)], reader: &Reader, vault: &Vault) -> Box<dyn Listing> {
    let view = sales_list(&[]).read(pairs);
    let lines = sales(&view, pairs, (reader, vault));
    table(shown(FIELDS, &view), lines)
}

/// The codes of the same licenses. Whoever has one has its units, so taking them along is a right of its own.
pub fn codes(pairs: &[(String, String)], reader: &Reader, vault: &Vault) -> Box<dyn Listing> {
    let view = sales_list(&[]).read(pairs);
    let lines = sales(&view, pairs, (reader, vault));
    table(shown(CODES, &view), lines)
}

fn sales(view: &ListView, pairs: &[(String, String)], (reader, vault): (&Reader, &Vault)) -> Sales {
    Sales {
        filter: Filter {
            customer_id: value(pairs, "customer").parse().ok(),
            from: None,
            limit: PORTION,
            ..filter(view, pairs, reader.organization_id)
        },
        vault: vault.clone(),
    }
}

impl Lines for Sales {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let seller_id = self.filter.seller_id;
        check_visible(tx, &reader.scope, Permission::LicensesSell, seller_id).await?;
        let is_priced = priced(tx, &reader.scope, seller_id).await;
        let page = queries::page(tx, &self.filter, (&self.vault, reader.now)).await?;
        let line = |sale: Sale| Line {
            amount: sale.amounts().1.filter(|_| is_priced),
            sale,
        };
        self.filter.from = page.next;
        let lines = page.sales.into_iter().map(line).collect();
        Ok((lines, page.next.is_none()))
    }
}
