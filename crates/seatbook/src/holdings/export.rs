//! The list of licenses as a file: what the page shows as a workbook, or what an import of licenses understands as CSV.

use std::collections::HashMap;

use store::{Param, Tx, placeholders};
use uuid::Uuid;

use super::{
    handlers,
    pools::{self, Filter, TOO_LONG, page},
    sort::Sort,
};
use crate::{
    error::{Error, Result},
    files::{Cell, ColumnKind, Format},
    licenses::model::Pool,
    listings::{Field, Found, Lines, Listing, PORTION, Reader, day, maybe, shown, table, text},
};

/// The list as a workbook shows it.
const SHOWN: &[Field<Line>] = &[
    Field::text("", "Sales order", |it, _| {
        maybe(it.pool.sales_order.as_ref())
    }),
    Field::text("", "SKU", |it: &Line, _| text(&it.pool.sku_code)).wide(24),
    Field::text("", "Product", |it: &Line, _| text(&it.pool.product_name)).wide(32),
    Field::text("type", "Type", |it, _| maybe(it.pool.sku_type.as_ref())),
    Field::text("tier", "Tier", |it, _| maybe(it.pool.sku_tier.as_ref())),
    Field::text("class", "Class", |it, _| maybe(it.pool.sku_class.as_ref())),
    Field::new("start", "Start", ColumnKind::Date, START),
    Field::new("end", "End", ColumnKind::Date, END),
    Field::number("quantity", "Quantity", QUANTITY).summed(),
    Field::number("available", "Available", AVAILABLE).summed(),
    Field::number("assigned", "Assigned", ALLOCATED).summed(),
    Field::text("status", "Status", STATUS),
];

/// The list as an import takes it; the first nine are fields of one.
const IMPORTED: &[Field<Line>] = &[
    Field::text("", "Sales order", |it, _| {
        maybe(it.pool.sales_order.as_ref())
    }),
    Field::text("", "SKU", |it, _| text(&it.pool.sku_code)),
    Field::number("", "Quantity", QUANTITY),
    Field::text("", "Owner reference", |it, _| maybe(it.words[0].as_ref())),
    Field::new("", "Start date", ColumnKind::Date, START),
    Field::new("", "End date", ColumnKind::Date, END),
    Field::text("", "Support reference", |it, _| {
        maybe(it.pool.support_reference.as_ref())
    }),
    Field::text("", "Name", |it, _| maybe(it.words[1].as_ref())),
    Field::text("", "Note", |it, _| maybe(it.words[2].as_ref())),
    Field::text("", "Product", |it, _| text(&it.pool.product_name)),
    Field::text("", "Type", |it, _| maybe(it.pool.sku_type.as_ref())),
    Field::text("", "Tier", |it, _| maybe(it.pool.sku_tier.as_ref())),
    Field::text("", "Class", |it, _| maybe(it.pool.sku_class.as_ref())),
    Field::number("", "Available", AVAILABLE),
    Field::number("", "Assigned", ALLOCATED),
    Field::number("", "In use", |it, _| Cell::Number(it.pool.assigned)),
    Field::text("", "Status", STATUS),
];

type Fill = fn(&Line, &Reader) -> Cell;
const START: Fill = |it, _| day(Some(it.pool.start_date));
const END: Fill = |it, _| day(it.pool.end_date);
const QUANTITY: Fill = |it, _| Cell::Number(it.pool.quantity);
const AVAILABLE: Fill = |it, reader| Cell::Number(it.pool.available(reader.now));
const ALLOCATED: Fill = |it, _| Cell::Number(it.pool.allocated);
const STATUS: Fill = |it, reader| text(it.pool.state(reader.now).as_str());

/// A license in a file.
struct Line {
    pool: Pool,
    words: Words,
}

/// Everything that search and filters of the list find, in its order.
struct Licenses {
    filter: Filter,
    /// Whether nothing narrows the list.
    is_whole: bool,
    /// Whether a row says what only an import asks for.
    with_words: bool,
}

/// The licenses of the reader's organization, as an address describes them.
pub fn listing(pairs: &[(String, String)], reader: &Reader, format: Format) -> Box<dyn Listing> {
    let mut list = handlers::read(pairs);
    let filter = Filter {
        from: None,
        limit: PORTION,
        ..handlers::filter(&mut list, reader.organization_id, pairs)
    };
    let with_words = format == Format::Csv;
    let is_whole = !list.narrowed() && handlers::kept(&filter, pairs).is_empty();
    let fields = match with_words {
        true => IMPORTED.iter().collect(),
        false => shown(SHOWN, &list),
    };
    let licenses = Licenses {
        filter,
        is_whole,
        with_words,
    };
    table(fields, licenses)
}

impl Lines for Licenses {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let mut found = page(tx, &reader.scope, &self.filter, reader.now).await;
        if found.as_ref().is_err_and(is_too_long) {
            // As the page does it: an order that takes a list of any length.
            (self.filter.sort, self.filter.descending) = (Sort::Order, false);
            found = page(tx, &reader.scope, &self.filter, reader.now).await;
        }
        let found = found?;
        let mut words = match self.with_words {
            true => words(tx, &found.pools).await?,
            false => HashMap::new(),
        };
        let line = |pool: Pool| Line {
            words: words
                .remove(&pool.license_id)
                .unwrap_or_else(|| [Some(RECEIVED.into()), None, None]),
            pool,
        };
        let lines = found.pools.into_iter().map(line).collect();
        let is_last = found.next.is_none();
        (self.filter.from, self.filter.size) = (found.next, Some(found.size));
        Ok((lines, is_last))
    }

    async fn count(&self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Option<i64>> {
        Ok(match self.is_whole {
            true => Some(pools::count(tx, reader.organization_id).await?),
            false => None,
        })
    }
}

fn is_too_long(error: &Error) -> bool {
    error.code == TOO_LONG || error.fields.iter().any(|field| field.code == TOO_LONG)
}

/// What a file says of an own license beside its pool: the owner's reference, name, note.
type Words = [Option<String>; 3];

/// Of licenses received from above nothing is said here, and their owner is given in a word that is nobody's
/// reference: an import must not take them for licenses of one's own.
const RECEIVED: &str = "(received)";

async fn words(tx: &mut Tx<'_>, pools: &[Pool]) -> Result<HashMap<Uuid, Words>> {
    type Found = (Uuid, Option<String>, Option<String>, Option<String>);
    let own = pools.iter().filter(|pool| pool.parent_id.is_none());
    let params: Vec<&dyn Param> = own.map(|pool| &pool.license_id as _).collect();
    if params.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT l.id, o.reference, l.name, l.note FROM license l
         JOIN organization o ON o.id = l.organization_id WHERE l.id IN {}",
        placeholders(1, params.len())
    );
    let found: Vec<Found> = tx.query(&sql, &params).await?;
    let words = |(id, reference, name, note): Found| (id, [reference, name, note]);
    Ok(found.into_iter().map(words).collect())
}
