//! What is remembered of an export: written down past the gate, and forgotten when it cannot come back any more.

use std::{collections::HashMap, sync::Arc};

use store::{Place, Timestamp};
use uuid::Uuid;

use super::{
    keys,
    model::{Line, Workbook},
    queries,
};
use crate::{
    app::App,
    customers::{
        self,
        model::{Customer, Sort},
        queries::Filter,
    },
    error::{Error, Result},
    holdings::places,
    licenses::pools,
    organizations,
};

/// Customers in one step.
pub(super) const STEP: i64 = 500;
/// Workbooks that are forgotten in one go.
const FORGOTTEN: i64 = 20;

/// Writes the customers down as they are now, unless that was done.
pub async fn fill(app: &App, workbook: Workbook) -> Result<Workbook> {
    let known = read(app, workbook.id).await?;
    if known.ready {
        return Ok(known);
    }
    // Of one that was begun and left, what is there may be of another order.
    empty(app, known.id).await?;
    let (row_count, read_only) = write_down(app, &known).await?;
    let id = known.id;
    let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
        Box::pin(async move { Ok(queries::set_ready(&mut tx, id, (row_count, read_only)).await) })
    });
    done.await??;
    read(app, id).await
}

async fn read(app: &App, id: Uuid) -> Result<Workbook> {
    let found = app.read(move |mut tx| Box::pin(async move { queries::find(&mut tx, id).await }));
    found.await?.ok_or_else(Error::not_found)
}

/// How many there are, and whether they are too many to come back.
async fn write_down(app: &App, workbook: &Workbook) -> Result<(i64, bool)> {
    let pool_id = workbook.pool_id;
    if workbook.keyword.is_none() {
        let count = app.read(move |mut tx| {
            Box::pin(async move { pools::count_shares(&mut tx, pool_id).await })
        });
        let count = count.await?;
        if !keys::can_come_back(count) {
            return Ok((count, true));
        }
    }
    let (mut from, mut count, id) = (None, 0, workbook.id);
    loop {
        let (lines, next) = portion(app, workbook, (from, count)).await?;
        count += lines.len() as i64;
        if keys::can_come_back(count) {
            let lines = Arc::new(lines);
            let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
                let lines = Arc::clone(&lines);
                Box::pin(async move { Ok(queries::add_lines(&mut tx, id, &lines).await) })
            });
            done.await??;
        }
        if next.is_none() {
            break;
        }
        from = next;
    }
    if !keys::can_come_back(count) {
        empty(app, id).await?;
        return Ok((count, true));
    }
    // One that moved in the list meanwhile may have been met twice.
    let count =
        app.read(move |mut tx| Box::pin(async move { queries::count_lines(&mut tx, id).await }));
    Ok((count.await?, false))
}

/// The next customers as they are now, and where those behind them begin.
pub(super) async fn portion(
    app: &App,
    workbook: &Workbook,
    (from, before): (Option<places::Place>, i64),
) -> Result<(Vec<Line>, Option<places::Place>)> {
    let filter = Filter {
        pool_id: workbook.pool_id,
        license_id: workbook.license_id,
        keyword: workbook.keyword.clone(),
        sort: Sort::Name,
        descending: false,
        from,
        limit: STEP,
        size: None,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let page = customers::queries::page(&mut tx, &filter).await?;
            let ids: Vec<Uuid> = page.customers.iter().map(|it| it.organization_id).collect();
            let known = organizations::queries::of_ids(&mut tx, &ids).await?;
            let references = known.into_iter().map(|it| (it.id, it.reference));
            Ok((page, references.collect::<HashMap<_, _>>()))
        })
    });
    let (page, mut references) = read.await?;
    let line = |(number, it): (i64, Customer)| Line {
        number,
        reference: references.remove(&it.organization_id).flatten(),
        organization_id: it.organization_id,
        name: it.name,
        kind: it.kind,
        units: it.quantity,
        in_use: it.in_use,
        changed_at: it.changed_at,
    };
    let lines = (before + 1..).zip(page.customers).map(line).collect();
    Ok((lines, page.next))
}

/// Forgets the rows of a workbook, portion by portion.
async fn empty(app: &App, id: Uuid) -> Result<()> {
    loop {
        let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
            Box::pin(async move { Ok(queries::delete_lines(&mut tx, id, STEP).await) })
        });
        if done.await?? < STEP as u64 {
            return Ok(());
        }
    }
}

/// Forgets what cannot come back any more. That is no change to the book.
pub async fn forget(app: &App, now: Timestamp) -> Result<()> {
    loop {
        let expired = app.read(move |mut tx| {
            Box::pin(async move { queries::expired(&mut tx, now, FORGOTTEN).await })
        });
        let expired = expired.await?;
        for id in &expired {
            let id = *id;
            let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
                Box::pin(async move { Ok(queries::set_unready(&mut tx, id).await) })
            });
            done.await??;
            empty(app, id).await?;
            let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
                Box::pin(async move { Ok(queries::delete(&mut tx, id).await) })
            });
            done.await??;
        }
        if (expired.len() as i64) < FORGOTTEN {
            return Ok(());
        }
    }
}
