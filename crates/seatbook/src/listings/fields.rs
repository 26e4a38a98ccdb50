//! The columns of a list as a table: what each is called, what it holds, and how a row fills it.

use rules::money::{Currency, Money};

use super::Reader;
use crate::{
    console::table::ListView,
    files::{Cell, Column, ColumnKind},
    scope::Permission,
};

/// Letters of a column that is seen, unless it says otherwise.
const LETTERS: u16 = 16;

/// One column of a list of `R`.
pub struct Field<R> {
    /// The column of the page that it belongs to; empty where it is in the file whatever is shown.
    of: &'static str,
    title: &'static str,
    kind: ColumnKind,
    letters: u16,
    total: bool,
    /// What fills it, beyond what the list takes.
    needs: &'static [Permission],
    cell: fn(&R, &Reader) -> Cell,
}

impl<R> Field<R> {
    /// A column that is there where the page shows the one of this key; always, where the key is empty.
    pub const fn new(
        of: &'static str,
        title: &'static str,
        kind: ColumnKind,
        cell: fn(&R, &Reader) -> Cell,
    ) -> Field<R> {
        Field {
            of,
            title,
            kind,
            letters: LETTERS,
            total: false,
            needs: &[],
            cell,
        }
    }

    /// A column of text.
    pub const fn text(
        of: &'static str,
        title: &'static str,
        cell: fn(&R, &Reader) -> Cell,
    ) -> Field<R> {
        Field::new(of, title, ColumnKind::Text, cell)
    }

    /// A column of whole numbers, summed where that says something.
    pub const fn number(
        of: &'static str,
        title: &'static str,
        cell: fn(&R, &Reader) -> Cell,
    ) -> Field<R> {
        Field::new(of, title, ColumnKind::Number, cell)
    }

    /// With room for so many letters.
    pub const fn wide(mut self, letters: u16) -> Field<R> {
        self.letters = letters;
        self
    }

    /// With its sum at the end of a workbook.
    pub const fn summed(mut self) -> Field<R> {
        self.total = true;
        self
    }

    /// Filled for those alone who hold permissions beyond what the list takes.
    pub const fn needing(mut self, permissions: &'static [Permission]) -> Field<R> {
        self.needs = permissions;
        self
    }
}

/// The fields that are in the file of a list as the page shows it.
pub fn shown<R>(fields: &'static [Field<R>], list: &ListView) -> Vec<&'static Field<R>> {
    let is_in = |field: &&Field<R>| field.of.is_empty() || list.shows(field.of);
    fields.iter().filter(is_in).collect()
}

/// What a file says of them.
pub fn columns<R>(fields: &[&'static Field<R>]) -> Vec<Column> {
    let column = |field: &&'static Field<R>| Column {
        title: field.title.into(),
        kind: field.kind,
        width: field.letters,
        total: field.total,
        hidden: false,
    };
    fields.iter().map(column).collect()
}

/// What fills them, beyond what the list takes.
pub fn needs<R>(fields: &[&'static Field<R>]) -> Vec<Permission> {
    let needs = fields.iter().flat_map(|field| field.needs);
    let mut needs: Vec<Permission> = needs.copied().collect();
    needs.sort_unstable();
    needs.dedup();
    needs
}

/// The rows of a file.
pub fn rows<'r, R: 'static>(
    fields: &[&'static Field<R>],
    found: impl IntoIterator<Item = &'r R>,
    reader: &Reader,
) -> Vec<Vec<Cell>> {
    let row = |it: &R| {
        fields
            .iter()
            .map(|field| (field.cell)(it, reader))
            .collect()
    };
    found.into_iter().map(row).collect()
}

/// A cell of text.
pub fn text(text: &str) -> Cell {
    match text {
        "" => Cell::Empty,
        text => Cell::Text(text.to_owned()),
    }
}

/// A cell of text that may be missing.
pub fn maybe(found: Option<&String>) -> Cell {
    found.map_or(Cell::Empty, |found| text(found))
}

/// A cell with a day that may be missing.
pub fn day(day: Option<store::Date>) -> Cell {
    day.map_or(Cell::Empty, |day| Cell::Date(day.0))
}

/// A cell with an instant that may be missing.
pub fn clock(at: Option<store::Timestamp>, reader: &Reader) -> Cell {
    at.map_or(Cell::Empty, |at| reader.clock(at))
}

/// A cell that says yes, or nothing.
pub fn yes(it: bool) -> Cell {
    text(if it { "yes" } else { "" })
}

/// A cell with an amount; nothing where the currency is unknown here.
pub fn money(minor: i64, currency: &str) -> Cell {
    let known: Option<Currency> = currency.parse().ok();
    amount(known.map(|currency| Money::new(minor, currency)))
}

/// A cell with an amount that may be missing, or is not for this reader.
pub fn amount(amount: Option<Money>) -> Cell {
    amount.map_or(Cell::Empty, |amount| Cell::Money {
        minor: amount.minor,
        digits: amount.currency.exponent(),
    })
}
