//! A list taken along: at once where it is short, else by a job; and the file of a job, for whoever asked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures_util::stream;
use tokio::io::AsyncReadExt;
use uuid::Uuid;

use super::{
    commands::{RequestExport, TakeExport},
    lists,
    model::{Asked, Export},
    queries,
    reading::{self, Pages, Told},
    writing::Scribe,
};
use crate::{
    app::App,
    error::{Error, Result},
    files::Cell,
    gate::{Caller, Key},
    listings::{Reader, Rows},
    scope::Permission,
};

/// Rows that are answered at once, at most.
const SHORT: usize = 5_000;
/// Portions that are looked through for them: filters may find little in a long list.
const PORTIONS: usize = 20;
/// And so long, but for a portion: whoever waits longer is better served by a job.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of asking.
pub enum Taken {
    /// The file.
    File(Response),
    /// The job that writes it.
    Job(Uuid),
}

/// Takes a list along.
pub async fn take(app: &App, caller: &Caller, asked: Asked, key: Key) -> Result<Taken> {
    lists::check_words(&asked)?;
    let reader = Arc::new(reading::reader(app, caller, &asked).await?);
    let Some((told, rows)) = short(app, &asked, &reader).await? else {
        if !caller.scope.holds(Permission::JobsRead) {
            let message = "More than 5,000 rows, or few of very many, are written by a job, and you may not see jobs: narrow the list by a \
                search or a filter.";
            return Err(Error::invalid("q", "export.too_large", message));
        }
        let done = app.gate.submit(caller, key, RequestExport { asked });
        return Ok(Taken::Job(done.await?.outcome.job_id));
    };
    let rows_written = rows.len() as i64;
    let command = TakeExport {
        asked: asked.clone(),
        rows_written,
    };
    app.gate.submit(caller, key, command).await?;
    let scribe = Scribe::start(&asked, &reader, told)?;
    let _ = scribe.rows(Rows::of(rows)).await;
    let mut file = tokio::fs::File::from_std(scribe.finish().await?);
    let mut content = Vec::new();
    file.read_to_end(&mut content)
        .await
        .map_err(Error::internal)?;
    let headers = headers(&asked, &reader)?;
    Ok(Taken::File((headers, content).into_response()))
}

type Whole = (Told, Vec<Vec<Cell>>);

/// The whole list, where it is short.
async fn short(app: &App, asked: &Asked, reader: &Arc<Reader>) -> Result<Option<Whole>> {
    let mut pages = Pages::open(app, asked, reader)?;
    let (mut rows, begun) = (Vec::new(), Instant::now());
    for _ in 0..PORTIONS {
        let (rest, portion) = pages.next().await?;
        pages = rest;
        rows.extend(portion.rows.fill());
        match (rows.len() > SHORT, portion.is_last) {
            (true, _) => return Ok(None),
            (false, true) => return Ok(Some((pages.told(), rows))),
            _ if begun.elapsed() > PATIENCE => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

/// The export, for whoever asked for it and may still read the list; to everybody else there is none.
pub async fn mine(app: &App, caller: &Caller, id: Uuid) -> Result<Export> {
    let (scope, actor_id, now) = (caller.scope.clone(), caller.actor_id, app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find(&mut tx, id).await?;
            let export = found.filter(|it| it.asked_by == actor_id && it.expires_at > now);
            let export = export.ok_or_else(Error::not_found)?;
            let asked = export.asked();
            lists::check_place(&mut tx, &scope, &asked).await?;
            lists::check_seen(&mut tx, &scope, &asked, now).await?;
            match export.rights.are_held(&scope) {
                true => Ok(export),
                false => Err(Error::not_found()),
            }
        })
    });
    read.await
}

/// The file of an export, piece by piece.
pub async fn file(app: &App, caller: &Caller, id: Uuid) -> Result<Response> {
    let export = mine(app, caller, id).await?;
    let Some(writing_id) = export.writing_id else {
        let message = "The file is not written yet; its job says how far it is.";
        return Err(
            Error::conflict("export.not_ready", message).with("job_id", export.job_id.to_string())
        );
    };
    let reader = reading::reader(app, caller, &export.asked()).await?;
    let reader = Reader {
        now: export.created_at,
        ..reader
    };
    let headers = headers(&export.asked(), &reader)?;
    let size = export.size_bytes.unwrap_or_default();
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(size))];
    let sealed = export.list.is_sealed().then(|| app.gate.vault().clone());
    let (app, ids) = (app.clone(), (id, writing_id));
    let pieces = stream::try_unfold((0_i64, size), move |(position, left)| {
        let (app, sealed) = (app.clone(), sealed.clone());
        async move {
            if left <= 0 {
                return Ok(None);
            }
            let read = app.read(move |mut tx| {
                Box::pin(async move { queries::piece(&mut tx, ids, position).await })
            });
            // A file that is forgotten while it is fetched breaks off; it must not look like a whole one.
            let piece = read.await?.ok_or_else(Error::not_found)?;
            let piece = match sealed {
                Some(vault) => vault.open_bytes(&piece)?,
                None => piece,
            };
            let left = left - piece.len() as i64;
            Ok::<_, Error>(Some((Bytes::from(piece), (position + 1, left))))
        }
    });
    Ok((headers, length, Body::from_stream(pieces)).into_response())
}

fn headers(asked: &Asked, reader: &Reader) -> Result<[(header::HeaderName, HeaderValue); 2]> {
    let day = reader.now.get().to_zoned(reader.zone.clone()).date();
    let (list, ending) = (asked.list.as_str(), asked.format.as_str());
    let disposition = format!("attachment; filename=\"{list} {day}.{ending}\"");
    Ok([
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(asked.format.media_type()),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).map_err(Error::internal)?,
        ),
    ])
}
