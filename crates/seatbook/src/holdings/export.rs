//! The list of licenses as a file, with the columns that the import of licenses understands.

use std::collections::HashMap;

use axum::{
    extract::{RawQuery, State},
    http::header,
    response::IntoResponse,
};
use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::{
    handlers,
    pools::{Filter, page},
};
use crate::{
    app::App,
    console::{
        form::pairs,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    files,
    licenses::model::Pool,
    scope::Scope,
};

/// Licenses in one file at most.
const ROWS: usize = 100_000;
/// Rows read at once.
const CHUNK: i64 = 500;

/// The headings; the first nine are fields of an import.
const HEADINGS: [&str; 17] = [
    "Sales order",
    "SKU",
    "Quantity",
    "Owner reference",
    "Start date",
    "End date",
    "Support reference",
    "Name",
    "Note",
    "Product",
    "Type",
    "Tier",
    "Class",
    "Available",
    "Assigned",
    "In use",
    "Status",
];

/// `/licenses/export`: everything that search and filters of the list find, in its order.
pub async fn csv(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let mut list = handlers::read(&pairs);
    let filter = Filter {
        from: None,
        limit: CHUNK,
        ..handlers::filter(&mut list, frame.visitor.organization_id, &pairs)
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let lines =
        app.read(move |mut tx| Box::pin(async move { lines(&mut tx, &scope, filter, now).await }));
    let heading = HEADINGS.map(str::to_owned).to_vec();
    let mut file = files::Writer::csv(b',');
    for line in std::iter::once(heading).chain(lines.await?) {
        file.row(&line)?;
    }
    let bytes = file.finish()?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"licenses.csv\"",
        ),
    ];
    Ok((headers, bytes).into_response())
}

async fn lines(
    tx: &mut Tx<'_>,
    scope: &Scope,
    mut filter: Filter,
    now: Timestamp,
) -> Result<Vec<Vec<String>>> {
    let mut lines = Vec::new();
    loop {
        let found = page(tx, scope, &filter, now).await?;
        let mut words = words(tx, &found.pools).await?;
        for pool in &found.pools {
            let words = words.remove(&pool.license_id);
            let words = words.unwrap_or_else(|| [Some(RECEIVED.into()), None, None]);
            lines.push(line(pool, words, now));
        }
        if lines.len() > ROWS {
            let message =
                "A file has at most 100,000 licenses; narrow the list by a search or a filter.";
            return Err(Error::invalid("q", "export.too_large", message));
        }
        match found.next {
            Some(next) => filter.from = Some(next),
            None => return Ok(lines),
        }
    }
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

fn line(pool: &Pool, words: Words, now: Timestamp) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let [owner, name, note] = words.map(Option::unwrap_or_default);
    vec![
        text(&pool.sales_order),
        pool.sku_code.clone(),
        pool.quantity.to_string(),
        owner,
        pool.start_date.0.to_string(),
        pool.end_date
            .map_or_else(String::new, |end| end.0.to_string()),
        text(&pool.support_reference),
        name,
        note,
        pool.product_name.clone(),
        text(&pool.sku_type),
        text(&pool.sku_tier),
        text(&pool.sku_class),
        pool.available(now).to_string(),
        pool.allocated.to_string(),
        pool.assigned.to_string(),
        pool.state(now).as_str().to_owned(),
    ]
}
