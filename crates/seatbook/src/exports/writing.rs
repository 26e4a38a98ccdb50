//! A list written into a file: read in short portions here, written by a thread that steps back for everybody else.

use std::{
    fs::File,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rules::activation::Code;
use serde::Deserialize;
use store::Place;
use tokio::{
    io::AsyncReadExt,
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinError, JoinSet},
};
use uuid::Uuid;

use super::{
    commands::FinishExport,
    model::{Asked, Export, Rights},
    queries,
    reading::{Pages, Told, reader},
};
use crate::{
    app::App,
    console::format,
    error::{Error, Result},
    files::{Column, Format, Sheet},
    jobs::{Ended, Kind, Work},
    listings::{Reader, Rows},
    scope::Permission,
};

/// The name of the job.
const JOB: &str = "exports.write";

/// How the runner writes a file.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(run(app, work)),
};

/// One file is written at a time in this process. Whoever comes second frees the worker and comes again.
static TURN: Semaphore = Semaphore::const_new(1);
/// When that is.
const AGAIN_SECONDS: i64 = 2;
/// The largest piece of a file in the database.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces on their way into the database at once, so that one waits for the disk while the next is read. On SQLite those
/// that meet there share a commit.
const TOGETHER: usize = 4;
/// How often the job says how far it is, and looks whether somebody wants it stopped: each time waits for the disk.
const LOOK: Duration = Duration::from_millis(500);
/// Portions that wait for the thread.
const AHEAD: usize = 2;

/// What the job was handed in with.
#[derive(Debug, Deserialize)]
struct Payload {
    export_id: Uuid,
}

async fn run(app: App, work: Work) -> Result<Ended> {
    let Payload { export_id } = work.payload()?;
    let export = find(&app, export_id).await?.ok_or_else(Error::not_found)?;
    if let Some(kept) = export.writing_id {
        // The try that wrote it may have been killed before it removed what others left.
        queries::clear(app.gate.db(), export_id, kept).await?;
        return Ok(ended(&export));
    }
    let Ok(_turn) = TURN.try_acquire() else {
        return Ok(Ended::later(AGAIN_SECONDS));
    };
    let mut asked = export.asked();
    asked.query = app.gate.vault().open_if_sealed(&asked.query)?;
    // Said as what it is: whoever may not read such lists at all any more would else be told of nothing being there.
    for permission in asked.list.permissions() {
        work.caller.scope.require(*permission)?;
    }
    let reader = Arc::new(reader(&app, &work.caller, &asked).await?);
    let pages = Pages::open(&app, &asked, &reader)?;
    let filled = fill(&work, (&asked, &reader), pages).await?;
    let Some((file, rows_written, needs)) = filled else {
        return Ok(Ended::canceled(
            "It was stopped before the file was written.",
        ));
    };
    let writing_id = drawn()?;
    let size_bytes = match keep(&app, &export, writing_id, file).await {
        Ok(size_bytes) => size_bytes,
        Err(error) => {
            // They are in nobody's file; where this fails, too, they go with the export. What another try has written
            // may be the file by now.
            let _ = queries::clear_try(app.gate.db(), export_id, writing_id).await;
            return Err(error);
        }
    };
    let finish = FinishExport {
        id: export_id,
        writing_id,
        rows_written,
        size_bytes,
        rights: Rights::of(&needs, &reader.scope),
    };
    let done = app
        .gate
        .submit(&work.caller, work.key("finish"), finish)
        .await;
    let done = match done {
        Err(error) if error.is_refusal() => {
            // Only then is it certain that they are in no file.
            let _ = queries::clear_try(app.gate.db(), export_id, writing_id).await;
            return Err(error);
        }
        done => done?,
    };
    if let Some(kept) = done.outcome {
        queries::clear(app.gate.db(), export_id, kept).await?;
    }
    let export = find(&app, export_id).await?.ok_or_else(Error::not_found)?;
    Ok(ended(&export))
}

async fn find(app: &App, id: Uuid) -> Result<Option<Export>> {
    let read = app.read(move |mut tx| Box::pin(async move { queries::find(&mut tx, id).await }));
    read.await
}

fn ended(export: &Export) -> Ended {
    let rows = export.rows_written.unwrap_or_default();
    let message = format!(
        "{} written; the file is kept for a week, for whoever asked.",
        format::count(rows, "row", "rows")
    );
    Ended::done(message)
        .figure("Rows", format::number(rows))
        .figure(
            "Size",
            format!(
                "{} KiB",
                format::number(export.size_bytes.unwrap_or_default() / 1024)
            ),
        )
        .own_file(format!("/exports/{}/file", export.id))
}

/// A file, its rows, and the permissions that filled it.
type Filled = (File, i64, Vec<Permission>);

/// Writes a list to its end; nothing where somebody stopped it.
async fn fill(
    work: &Work,
    (asked, reader): (&Asked, &Reader),
    pages: Pages,
) -> Result<Option<Filled>> {
    let (mut pages, total) = pages.count().await?;
    let (mut scribe, mut written, mut looked) = (None, 0, None::<Instant>);
    loop {
        if looked.is_none_or(|last| last.elapsed() >= LOOK) {
            looked = Some(Instant::now());
            if work.canceled().await? {
                return Ok(None);
            }
            // A list may have grown since it was counted.
            work.progress(written, total.map_or(0, |total| total.max(written)))
                .await?;
        }
        let (rest, portion) = pages.next().await?;
        pages = rest;
        written += portion.rows.count() as i64;
        // A list may know its columns only now.
        let begun = match scribe.take() {
            Some(begun) => begun,
            None => Scribe::start(asked, reader, pages.told())?,
        };
        let goes_on = begun.rows(portion.rows).await;
        if portion.is_last || !goes_on {
            let file = begun.finish().await?;
            work.progress(written, written).await?;
            return Ok(Some((file, written, pages.needs())));
        }
        scribe = Some(begun);
    }
}

/// Drawn for one try: its pieces are nobody else's.
fn drawn() -> Result<Uuid> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(Error::internal)?;
    Ok(Uuid::from_bytes(random))
}

/// Keeps a file in pieces, beside the gate; says how large it is.
async fn keep(app: &App, export: &Export, writing_id: Uuid, file: File) -> Result<i64> {
    let ids = (export.id, writing_id);
    let vault = app.gate.vault();
    let mut file = tokio::fs::File::from_std(file);
    let (mut size, mut position) = (0, 0);
    let mut puts = JoinSet::new();
    loop {
        let mut piece = Vec::with_capacity(PIECE_BYTES);
        let limit = PIECE_BYTES as u64;
        let read = (&mut file).take(limit).read_to_end(&mut piece).await;
        if read.map_err(Error::internal)? == 0 {
            break;
        }
        size += piece.len() as i64;
        let piece = match export.list.is_sealed() {
            true => vault.seal_bytes(&piece)?,
            false => piece,
        };
        let (db, piece) = (app.gate.db().clone(), Arc::<[u8]>::from(piece));
        if puts.len() >= TOGETHER {
            landed(puts.join_next().await)?;
        }
        puts.spawn(async move {
            let put = db.plumb(Place::BULK, move |mut tx| {
                let piece = Arc::clone(&piece);
                Box::pin(async move { queries::put(&mut tx, ids, position, &piece).await })
            });
            put.await?;
            Ok(())
        });
        position += 1;
    }
    while let Some(put) = puts.join_next().await {
        landed(Some(put))?;
    }
    Ok(size)
}

/// What became of a piece.
fn landed(put: Option<std::result::Result<Result<()>, JoinError>>) -> Result<()> {
    put.map_or(Ok(()), |put| put.map_err(Error::internal)?)
}

/// What the thread is handed.
enum Handed {
    Rows(Rows),
    End,
}

/// The thread that writes one file. It is fed a little ahead, so that neither waits long for the other, and little is
/// held in memory.
pub struct Scribe {
    portions: mpsc::Sender<Handed>,
    file: oneshot::Receiver<Result<File>>,
}

impl Scribe {
    /// Begins a file.
    pub fn start(asked: &Asked, reader: &Reader, told: Told) -> Result<Scribe> {
        let (portions, handed) = mpsc::channel(AHEAD);
        let (done, file) = oneshot::channel();
        let (format, name) = (asked.format, asked.list.title());
        let columns = told.columns;
        let mut notes = notes(asked, reader);
        notes.extend(told.notes);
        // A thread of its own and not one of the pool's: once it has stepped back it cannot come forward again.
        thread::Builder::new()
            .name("export".into())
            .spawn(move || {
                step_back();
                let _ = done.send(write((format, name), &columns, &notes, handed));
            })
            .map_err(Error::internal)?;
        Ok(Scribe { portions, file })
    }

    /// Hands rows over; `false` where the thread has given up, and [`Scribe::finish`] says why.
    pub async fn rows(&self, rows: Rows) -> bool {
        rows.count() == 0 || self.portions.send(Handed::Rows(rows)).await.is_ok()
    }

    /// The file, to be read from its beginning.
    pub async fn finish(self) -> Result<File> {
        let _ = self.portions.send(Handed::End).await;
        drop(self.portions);
        let silent = || Error::internal("the thread that wrote a file ended without a word");
        self.file.await.map_err(|_| silent())?
    }
}

fn write(
    (format, name): (Format, &str),
    columns: &[Column],
    notes: &[String],
    mut handed: mpsc::Receiver<Handed>,
) -> Result<File> {
    let mut sheet = Sheet::new(format, name, columns)?;
    for note in notes {
        sheet.note(note)?;
    }
    loop {
        match handed.blocking_recv() {
            Some(Handed::Rows(rows)) => {
                for row in rows.fill() {
                    sheet.row(&row)?;
                }
            }
            Some(Handed::End) => return sheet.finish(),
            None => return Err(Error::internal("nobody waits for this file any more")),
        }
    }
}

/// What stands beside the rows of a workbook.
fn notes(asked: &Asked, reader: &Reader) -> Vec<String> {
    let at = reader.now.get().to_zoned(reader.zone.clone());
    let mut notes = vec![
        format!("{}, exported from Seatbook", asked.list.title()),
        format!("As of {}", at.strftime("%Y-%m-%d %H:%M %Z")),
    ];
    let said = asked.pairs().into_iter();
    let said = said.filter(|(name, value)| name != "col" && !value.is_empty());
    // A code that was searched for would stand in a file that is kept as it is.
    let said = said.filter(|(name, value)| name != "q" || Code::parse(value).is_err());
    notes.extend(said.map(|(name, value)| format!("{name}: {value}")));
    notes
}

/// On Linux a thread has a priority of its own. Elsewhere this would slow the whole server down, so it is left.
#[cfg(target_os = "linux")]
fn step_back() {
    const LAST: i32 = 19;
    if let Err(error) = rustix::process::setpriority_process(None, LAST) {
        tracing::debug!(%error, "a file is written at the usual priority");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}
