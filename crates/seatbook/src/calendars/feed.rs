//! What stands at the address of a calendar.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use store::Date;
use uuid::Uuid;

use super::{
    icalendar::{Event, calendar},
    model::{Entry, SECRET_LETTERS},
    queries,
};
use crate::{
    app::App,
    console::format,
    error::{Error, Result},
    secrets::fingerprint,
};

/// How long a calendar program need not ask again.
const CACHED: HeaderValue = HeaderValue::from_static("private, max-age=900");

/// A calendar as a program reads it. The address is the credential: no one is signed in, and none that leads nowhere
/// answers otherwise than another.
pub async fn read(
    State(app): State<App>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let secret = file.strip_suffix(".ics");
    let secret = secret.filter(|it| it.len() == SECRET_LETTERS && it.is_ascii());
    let print = fingerprint(secret.ok_or_else(Error::not_found)?);
    let (now, url) = (app.gate.now(), app.settings.base_url());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = queries::find(tx, &print).await?;
            let (id, name) = found.ok_or_else(Error::not_found)?;
            let ends = queries::endings(tx, id, now).await?;
            let begins = queries::beginnings(tx, id, now).await?;
            Ok((id, name, ends, begins))
        })
    });
    let (id, name, ends, begins) = read.await?;
    let text = calendar(&name, &events(id, (&ends, &begins), &url));
    let tag = format!("\"{}\"", fingerprint(&text));
    let tag_value = HeaderValue::from_str(&tag).map_err(Error::internal)?;
    let kept = [(header::ETAG, tag_value), (header::CACHE_CONTROL, CACHED)];
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, kept).into_response());
    }
    let kind = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "inline; filename=\"licenses.ics\"",
        ),
    ];
    Ok((kept, kind, text).into_response())
}

/// Whether the program has this very text (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut given = given
        .filter_map(|it| it.to_str().ok())
        .flat_map(|it| it.split(','));
    given.any(|it| {
        let it = it.trim();
        it == "*" || it.trim_start_matches("W/") == tag
    })
}

/// Each day once, in their order: an organization may own what it sold.
fn events(organization_id: Uuid, (ends, begins): (&[Entry], &[Entry]), url: &str) -> Vec<Event> {
    let mut events: BTreeMap<(Date, String), Event> = BTreeMap::new();
    let mut add = |entry: &Entry, day: Date, (key, verb): (&str, &str)| {
        let event = event(entry, day, (key, verb), (organization_id, url));
        events.insert((day, event.uid.clone()), event);
    };
    for entry in ends {
        if let Some(day) = entry.end_date {
            add(entry, day, ("end", "ends"));
        }
    }
    for entry in begins {
        add(entry, entry.start_date, ("start", "begins"));
    }
    events.into_values().collect()
}

fn event(
    entry: &Entry,
    day: Date,
    (key, verb): (&str, &str),
    (organization_id, url): (Uuid, &str),
) -> Event {
    let Entry {
        id, name, owner, ..
    } = entry;
    let summary = match entry.owner_id == organization_id {
        true => format!("{name} {verb}"),
        false => format!("{name} of {owner} {verb}"),
    };
    let units = format::count(entry.quantity, &entry.unit, &entry.units);
    let paused = if entry.paused { "\nPaused" } else { "" };
    Event {
        uid: format!("{id}-{key}@seatbook"),
        stamp: entry.revised_at,
        sequence: entry.version - 1,
        day,
        summary,
        description: format!("{}, {units}\n{owner}{paused}", entry.product),
        url: format!("{url}/licenses/{id}"),
    }
}
