//! The rows of a statement as a file, each with what it was found to be about.

use store::Tx;
use uuid::Uuid;

use super::{
    handlers::matched,
    model::{Statement, StatementRow},
    queries,
};
use crate::{
    console::form::value,
    error::{Error, Result},
    files::{Cell, ColumnKind},
    listings::{Field, Found, Lines, Listing, PORTION, Reader, maybe, money, table, text, yes},
    scope::Permission,
};

const FIELDS: &[Field<StatementRow>] = &[
    Field::number("", "Line", |it, _| Cell::Number(it.number)),
    Field::text("", "Customer", |it: &StatementRow, _| text(&it.customer)).wide(32),
    Field::text("", "Product", |it: &StatementRow, _| text(&it.product)).wide(32),
    Field::number("", "Units", |it, _| match it.quantity {
        Some(units) => Cell::Number(units),
        // As it is written there: it is no number.
        None => text(&it.units),
    }),
    Field::text("", "Matched", |it, _| yes(it.matched)),
    Field::text("", "Customer here", |it: &StatementRow, _| {
        maybe(it.organization_name.as_ref())
    })
    .wide(32),
    Field::text("", "Product here", |it: &StatementRow, _| {
        maybe(it.product_name.as_ref())
    })
    .wide(32),
    Field::text("", "Remarks", |it: &StatementRow, _| text(&remarks(it))).wide(60),
];

/// What the distributor charges: there where the file says it, for those who may see it.
const AMOUNTS: &[Field<StatementRow>] = &[
    Field::new("", "Amount", ColumnKind::Money, |it: &StatementRow, _| {
        let amount = it.amount_minor.zip(it.currency.as_ref());
        amount.map_or(Cell::Empty, |(minor, currency)| money(minor, currency))
    })
    .needing(&[Permission::PricesRead]),
    Field::text("", "Currency", |it, _| maybe(it.currency.as_ref())),
];

fn remarks(it: &StatementRow) -> String {
    let said = it.remarks.iter().map(|remark| match &remark.column {
        Some(column) => format!("{column}: {}", remark.message),
        None => remark.message.clone(),
    });
    said.collect::<Vec<_>>().join(" ")
}

/// The rows that a filter finds, in the order of the file.
struct Rows {
    id: Uuid,
    statement: Option<Statement>,
    matched: Option<bool>,
    after: i64,
    /// With the amounts, where there are any.
    settled: Option<Vec<&'static Field<StatementRow>>>,
}

/// The rows of a statement, as an address describes them.
pub fn listing(id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let rows = Rows {
        id,
        statement: None,
        matched: matched(value(pairs, "show")),
        after: 0,
        settled: None,
    };
    table(FIELDS.iter().collect(), rows)
}

impl Lines for Rows {
    type Row = StatementRow;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<StatementRow>> {
        let found = queries::find_visible(tx, &reader.scope, self.id).await?;
        let statement = found.ok_or_else(Error::not_found)?;
        let priced = queries::is_priced(&reader.scope, statement.organization_id);
        // Its columns are settled with the first rows: somebody may map it anew meanwhile.
        if self.statement.is_none() && priced && statement.mapping.contains_key("amount") {
            self.settled = Some(FIELDS.iter().chain(AMOUNTS).collect());
        }
        let statement = self.statement.get_or_insert(statement);
        let (which, place) = ((self.matched, priced), (self.after, PORTION));
        let found = queries::rows(tx, statement, which, place).await?;
        self.after = found.last().map_or(self.after, |last| last.number);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }

    fn settled(&mut self) -> Option<Vec<&'static Field<StatementRow>>> {
        self.settled.take()
    }
}
