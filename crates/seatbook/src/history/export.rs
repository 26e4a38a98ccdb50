//! The journal as a file.

use std::collections::HashMap;

use store::Tx;
use uuid::Uuid;

use super::{
    list::Filter,
    pages::journal_list,
    queries::{self, Chapter},
    windows, wording,
};
use crate::{
    error::Result,
    files::{Cell, ColumnKind},
    journal::{queries::EntryRow, words},
    listings::{Field, Found, Lines, Listing, Reader, shown, table, text},
    scope::Permission,
};

/// Entries of one portion: each comes with rows it changed.
const PORTION: i64 = 250;
/// Changed rows of each entry that are told.
const EXCERPT: i64 = 3;

/// An entry in words.
struct Line {
    entry: EntryRow,
    who: String,
    whose: String,
    changes: String,
}

const FIELDS: &[Field<Line>] = &[
    Field::new("", "When", ColumnKind::Instant, |it: &Line, reader| {
        reader.clock(it.entry.at)
    })
    .wide(20),
    Field::text("who", "Who", |it: &Line, _| text(&it.who)).wide(24),
    Field::text("who", "Through", |it, _| {
        text(wording::through(&it.entry.origin))
    }),
    Field::text("", "What", |it: &Line, _| {
        text(&words::what(&it.entry.command))
    })
    .wide(40),
    Field::text("", "Organization", |it: &Line, _| text(&it.whose)).wide(32),
    Field::text("changes", "Before → after", |it: &Line, _| {
        text(&it.changes)
    })
    .needing(&[Permission::PricesRead])
    .wide(60),
    Field::number("", "Number", |it, _| {
        it.entry.seq.map_or(Cell::Empty, Cell::Number)
    }),
    Field::text("", "Entry", |it: &Line, _| text(&it.entry.id.to_string())).wide(38),
];

/// The entries that search and filters find, the newest first.
struct Journal(Filter);

/// The entries that the reader may see, as an address describes them.
pub fn listing(pairs: &[(String, String)]) -> Result<Box<dyn Listing>> {
    let mut view = journal_list(&windows::choices()).read(pairs);
    let (filter, _) = windows::filter(&mut view, pairs)?;
    let journal = Journal(Filter {
        before: None,
        limit: PORTION,
        ..filter
    });
    Ok(table(shown(FIELDS, &view), journal))
}

impl Lines for Journal {
    type Row = Line;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Found<Line>> {
        let filter = self.0.clone();
        let chapter = queries::chapter(tx, &reader.scope, filter, EXCERPT).await?;
        self.0.before = chapter.entries.last().map(|last| last.id);
        let is_last = (chapter.entries.len() as i64) < PORTION;
        Ok((lines(chapter), is_last))
    }
}

fn lines(chapter: Chapter) -> Vec<Line> {
    let mut told: HashMap<Uuid, Vec<String>> = HashMap::new();
    for excerpt in &chapter.excerpts {
        let said = wording::lines(&excerpt.change, &chapter.names).into_iter();
        let said = said.map(|it| format!("{}: {} → {}", it.what, it.before, it.after));
        told.entry(excerpt.journal_id).or_default().extend(said);
    }
    let names = chapter.names;
    let line = |entry: EntryRow| Line {
        who: names.person(entry.actor_id),
        whose: names.organization(entry.organization_id),
        changes: told.remove(&entry.id).unwrap_or_default().join("; "),
        entry,
    };
    chapter.entries.into_iter().map(line).collect()
}
