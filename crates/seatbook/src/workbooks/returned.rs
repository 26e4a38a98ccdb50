//! A workbook that comes back: which one it is, and which of its rows are missing.

use std::collections::HashSet;

use uuid::Uuid;

use super::{
    keys::{self, KIND, Key, NAME, REFERENCE, UNITS},
    model::{Line, Workbook, kind_word},
    queries,
};
use crate::{
    app::App,
    error::{Error, Result},
    files::{Record, Table},
    gate::{Caller, Origin},
};

/// Rows read at a time.
const PORTION: i64 = 2_000;

/// A workbook that came back.
#[derive(Debug)]
pub struct Returned {
    /// Which one it is.
    pub workbook: Workbook,
    /// The rows that are not in the file any more, as rows behind its last one.
    pub gone: Vec<Record>,
}

/// Finds out which workbook a file is, and names it in the heading of its keys.
pub async fn read(app: &App, caller: &Caller, table: &mut Table) -> Result<Returned> {
    // The reader passes by a sheet that has no row below its heading.
    if table
        .detected
        .sheets
        .first()
        .is_some_and(|it| it == keys::ABOUT)
    {
        return Err(no_rows());
    }
    let headings = &table.headings;
    let place = headings.iter().position(|it| keys::is_heading(it));
    let place = place.ok_or_else(unknown)?;
    if headings[place] == keys::READ_ONLY {
        return Err(read_only());
    }
    let rows: Vec<(i64, Option<Key>)> = table
        .rows
        .column(place)
        .map(|(number, cell)| (number, Key::read(keys::plain(&cell).as_str())))
        .collect();
    let first = || {
        rows.iter()
            .find_map(|(_, key)| Some(key.as_ref()?.workbook_id))
    };
    let id = keys::workbook_of(&headings[place]).or_else(first);
    let workbook = find(app, caller, id.ok_or_else(unknown)?).await?;
    table.headings[place] = keys::heading(workbook.id);
    let seen: HashSet<i64> = rows
        .iter()
        .filter_map(|(_, key)| key.as_ref())
        .filter(|key| key.workbook_id == workbook.id)
        .map(|key| key.number)
        .collect();
    let last = rows.iter().map(|(number, _)| *number).max().unwrap_or(1);
    let gone = gone(app, (&workbook, &seen), (&table.headings, last)).await?;
    Ok(Returned { workbook, gone })
}

async fn find(app: &App, caller: &Caller, id: Uuid) -> Result<Workbook> {
    let (scope, system) = (caller.scope.clone(), caller.origin == Origin::System);
    let found = app.read(move |mut tx| {
        Box::pin(async move {
            match system {
                true => queries::find(&mut tx, id).await,
                false => queries::find_visible(&mut tx, &scope, id).await,
            }
        })
    });
    let now = app.gate.now();
    match found.await?.filter(|it| it.ready && it.expires_at > now) {
        Some(workbook) if workbook.read_only => Err(read_only()),
        found => found.ok_or_else(unknown),
    }
}

/// The rows of a workbook that no key names, each with the cells it had and no units.
async fn gone(
    app: &App,
    (workbook, seen): (&Workbook, &HashSet<i64>),
    (headings, last): (&[String], i64),
) -> Result<Vec<Record>> {
    let (mut missing, mut after, id) = (Vec::new(), 0, workbook.id);
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::lines(&mut tx, id, (after, PORTION)).await })
        });
        let lines = read.await?;
        let Some(end) = lines.last() else { break };
        after = end.number;
        missing.extend(lines.into_iter().filter(|it| !seen.contains(&it.number)));
    }
    let record = |(number, line): (i64, Line)| Record {
        number,
        cells: cells(id, &line, headings),
    };
    Ok((last + 1..).zip(missing).map(record).collect())
}

fn cells(workbook_id: Uuid, line: &Line, headings: &[String]) -> Vec<String> {
    let key = Key {
        gone: true,
        ..Key::of(workbook_id, line)
    };
    let cell = |heading: &String| match heading.as_str() {
        NAME => line.name.clone(),
        REFERENCE => line.reference.clone().unwrap_or_default(),
        KIND => kind_word(&line.kind).to_owned(),
        UNITS => "0".to_owned(),
        other if keys::is_heading(other) => key.write(),
        _ => String::new(),
    };
    headings.iter().map(cell).collect()
}

fn unknown() -> Error {
    let message = "This is no workbook of a license's customers that can come back: it was exported elsewhere or more \
        than 90 days ago, or its column “Key” is gone. Download the workbook anew.";
    Error::invalid("file", "workbook.unknown", message)
}

fn no_rows() -> Error {
    let message =
        "There is no row below its heading. To take all units back, write 0 for each customer.";
    Error::invalid("file", "file.no_rows", message)
}

fn read_only() -> Error {
    let message = "This workbook has more than 100,000 customers and is read-only. Narrow the export, and edit that.";
    Error::invalid("file", "workbook.read_only", message)
}
