//! Another day as files: what was held then, and who had units of it. Both are told at once, as on their pages.

use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    api::{held, passed_to, visible},
    customers::CustomerThen,
    pages::{customer_list, fitting, last_month, pool_list, wanted},
};
use crate::{
    console::form::value,
    error::Result,
    files::{Cell, ColumnKind},
    licenses::model::Pool,
    listings::{Field, Found, Lines, Listing, Reader, day, maybe, shown, table, text},
};

/// A pool, and the instant at which it is told.
type Then = (Pool, Timestamp);

const POOLS: &[Field<Then>] = &[
    Field::text("", "SKU", |it: &Then, _| text(&it.0.sku_code)).wide(24),
    Field::text("", "Product", |it: &Then, _| text(&it.0.product_name)).wide(32),
    Field::text("", "Sales order", |it, _| maybe(it.0.sales_order.as_ref())),
    Field::new("start", "Start", ColumnKind::Date, |it, _| {
        day(Some(it.0.start_date))
    }),
    Field::new("end", "End", ColumnKind::Date, |it, _| day(it.0.end_date)),
    Field::number("", "Quantity", |it: &Then, _| Cell::Number(it.0.quantity)).summed(),
    Field::number("", "Available", |it: &Then, _| {
        Cell::Number(it.0.available(it.1))
    })
    .summed(),
    Field::number("", "Assigned", |it: &Then, _| Cell::Number(it.0.allocated)).summed(),
    Field::text("status", "Status", |it, _| text(it.0.state(it.1).as_str())),
];

/// The parameters of an address.
type Pairs = Vec<(String, String)>;

struct Pools(Pairs);

/// What the reader's organization held on the day that an address names.
pub fn pools(pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = pool_list(value(pairs, "date")).read(pairs);
    table(shown(POOLS, &list), Pools(pairs.to_vec()))
}

impl Lines for Pools {
    type Row = Then;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Then>> {
        let date = date(&self.0, reader);
        let of = (reader.organization_id, date.as_str());
        let (day, pools) = held(tx, &reader.scope, of, reader.now).await?;
        let list = pool_list(&date).read(&self.0);
        let pools = wanted(&list).of(pools, day.at).into_iter();
        Ok((pools.map(|pool| (pool, day.at)).collect(), true))
    }
}

const CUSTOMERS: &[Field<CustomerThen>] = &[
    Field::text("", "Customer", |it: &CustomerThen, _| text(&it.name)).wide(40),
    Field::number("", "Units", |it: &CustomerThen, _| {
        Cell::Number(it.quantity)
    })
    .summed(),
    Field::number("", "In use there", |it: &CustomerThen, _| {
        Cell::Number(it.in_use)
    })
    .summed(),
];

struct Customers(Uuid, Pairs);

/// Who had units of a pool on the day that an address names.
pub fn customers(pool_id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let lines = Customers(pool_id, pairs.to_vec());
    table(CUSTOMERS.iter().collect(), lines)
}

impl Lines for Customers {
    type Row = CustomerThen;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<CustomerThen>> {
        let Customers(pool_id, pairs) = self;
        let pool = visible(tx, &reader.scope, *pool_id).await?;
        let date = date(pairs, reader);
        let (_, found) = passed_to(tx, &pool, &date, reader.now).await?;
        let list = customer_list(&pool, &date).read(pairs);
        Ok((fitting(found, &list), true))
    }
}

fn date(pairs: &[(String, String)], reader: &Reader) -> String {
    match value(pairs, "date") {
        "" => last_month(reader.now.get().to_zoned(reader.zone.clone()).date()),
        date => date.to_owned(),
    }
}
