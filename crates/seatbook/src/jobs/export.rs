//! Jobs as a file.

use store::Tx;

use super::{
    model::Job,
    pages::job_list,
    queries::{self, Filter},
    windows,
};
use crate::{
    error::Result,
    files::{Cell, ColumnKind},
    listings::{Field, Found, Lines, Listing, PORTION, Reader, shown, table, text},
};

const FIELDS: &[Field<Job>] = &[
    Field::text("", "Job", |it: &Job, _| text(&it.title)).wide(40),
    Field::text("", "Kind", |it: &Job, _| text(&it.kind)).wide(24),
    Field::text("person", "Started by", |it: &Job, _| {
        text(&windows::person(it))
    })
    .wide(24),
    Field::new(
        "created",
        "Handed in",
        ColumnKind::Instant,
        |it: &Job, reader| reader.clock(it.created_at),
    )
    .wide(20),
    Field::new("took", "Begun", ColumnKind::Instant, |it: &Job, reader| {
        it.started_at.map_or(Cell::Empty, |at| reader.clock(at))
    })
    .wide(20),
    Field::new("took", "Ended", ColumnKind::Instant, |it: &Job, reader| {
        it.ended_at.map_or(Cell::Empty, |at| reader.clock(at))
    })
    .wide(20),
    Field::number("", "Rows done", |it, _| Cell::Number(it.rows_done)),
    Field::number("", "Rows", |it, _| Cell::Number(it.rows_total)),
    Field::text("", "Status", |it, _| text(it.state.as_str())),
    Field::text("", "Message", |it: &Job, _| text(&it.message)).wide(60),
];

/// The jobs that search and filter find, the newest first.
struct Jobs(Filter);

/// The jobs that the reader may see, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Result<Box<dyn Listing>> {
    let view = job_list().read(pairs);
    let (filter, _) = windows::filter(&view, pairs)?;
    let jobs = Jobs(Filter {
        before: None,
        limit: PORTION,
        ..filter
    });
    Ok(table(shown(FIELDS, &view), jobs))
}

impl Lines for Jobs {
    type Row = Job;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Job>> {
        let found = queries::list(tx, &reader.scope, &self.0).await?;
        self.0.before = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}
