//! Listings: lists on their way into a file, as typed rows, portion by portion.
//!
//! Owns: what a list says of itself to be written: its columns, and its next rows. Does not own: any list (each stands in
//! its room), the file (`files`), who asks for one and gets it (`exports`).
//! Keeps true: what the page hides is not in the file, and what a right beyond the list's fills is known; a portion is one short reading, never a part of a long one.
//! Others may use: everything here.

mod fields;
mod table;

pub use fields::{Field, amount, clock, columns, day, maybe, money, needs, rows, shown, text, yes};
pub use table::{Found, Lines, table};

use std::sync::Arc;

use jiff::tz::TimeZone;
use store::{BoxFuture, Timestamp, Tx};
use uuid::Uuid;

use crate::{
    error::Result,
    files::{Cell, Column},
    scope::{Permission, Scope},
};

/// Rows of one portion at most, for lists that go on behind a place.
pub const PORTION: i64 = 1_000;

/// Who reads a list, for which organization, when and where.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The person.
    pub actor_id: Uuid,
    /// Their rights.
    pub scope: Scope,
    /// The organization acted for.
    pub organization_id: Uuid,
    /// The instant at which what the clock decides is told.
    pub now: Timestamp,
    /// The zone in which instants are told.
    pub zone: TimeZone,
}

impl Reader {
    /// An instant as the reader's clock shows it, to the second.
    pub fn clock(&self, at: Timestamp) -> Cell {
        let shown = at.get().to_zoned(self.zone.clone()).datetime();
        let whole = shown.with().subsec_nanosecond(0).build();
        Cell::Instant(whole.unwrap_or(shown))
    }
}

/// The next rows of a list.
pub struct Portion {
    /// The rows.
    pub rows: Rows,
    /// Whether the list ends with them. A portion may be empty before.
    pub is_last: bool,
}

/// Rows that were read. Their cells are filled in where they are written, so that the database is not kept waiting.
pub struct Rows {
    count: usize,
    fill: Box<dyn FnOnce() -> Vec<Vec<Cell>> + Send>,
}

impl Rows {
    /// So many rows, filled in by this.
    pub fn new(count: usize, fill: impl FnOnce() -> Vec<Vec<Cell>> + Send + 'static) -> Rows {
        let fill = Box::new(fill);
        Rows { count, fill }
    }

    /// Rows whose cells are known.
    pub fn of(rows: Vec<Vec<Cell>>) -> Rows {
        Rows::new(rows.len(), || rows)
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The rows, with a cell for each column.
    pub fn fill(self) -> Vec<Vec<Cell>> {
        (self.fill)()
    }
}

/// A list that is being gone through from its beginning to its end.
pub trait Listing: Send + Sync + 'static {
    /// What stands in its rows. A list may know that only once its first rows are read.
    fn columns(&self) -> Vec<Column>;

    /// Permissions that fill some of its columns, beyond what the list takes.
    fn needs(&self) -> Vec<Permission> {
        vec![]
    }

    /// What is to be known about it, beside what it was narrowed to: lines of a workbook's sheet *About*.
    fn notes(&self) -> Vec<String> {
        vec![]
    }

    /// The rows that come next, as far as the reader sees them.
    fn next<'a>(
        &'a mut self,
        tx: &'a mut Tx<'_>,
        reader: &'a Arc<Reader>,
    ) -> BoxFuture<'a, Result<Portion>>;

    /// How many rows there are, where that is soon known.
    fn count<'a>(
        &'a self,
        tx: &'a mut Tx<'_>,
        reader: &'a Reader,
    ) -> BoxFuture<'a, Result<Option<i64>>> {
        let _ = (tx, reader);
        Box::pin(async { Ok(None) })
    }
}
