//! The way of a file: read, written down row by row, checked against the book, applied.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};
use store::{Lane, Place};
use uuid::Uuid;

use super::{
    commands::{MapImport, UploadImport},
    model::{Import, State},
    queries,
    settled::{Settled, settle},
};
use crate::{
    app::App,
    error::{Error, Result},
    files,
    gate::{Caller, Key, Origin},
    secrets::hex,
    sheets::{Asker, ImportKind, Judged, Mapping, Oddity, Sheet, What, forgiving},
};

/// Rows or units in one step.
pub(super) const STEP: usize = 500;

/// A file as it arrived.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What is in it.
    pub kind: ImportKind,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
    /// Its name.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Columns by fields, as their headings, over what is guessed.
    pub mapping: BTreeMap<String, String>,
}

/// The hash by which content is known again.
pub fn content_hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Reads a file, writes its rows down, and checks them where its columns could be guessed.
pub async fn upload(app: &App, caller: &Caller, key: Key, upload: Upload) -> Result<Import> {
    let content_hash = content_hash(&upload.bytes);
    let Upload {
        kind,
        organization_id,
        file_name,
        bytes,
        mapping: said,
    } = upload;
    let table = blocking(move || files::read(&bytes)).await?;
    let mut mapping = kind.guess(&table.headings);
    mapping.extend(named(&said, &table.headings)?);
    let command = UploadImport {
        kind,
        organization_id,
        file_name: shown_name(&file_name),
        content_hash,
        encoding: table.encoding.as_str().into(),
        separator: char::from(table.separator).into(),
        headings: table.headings,
        row_count: i64::try_from(table.records.len()).map_err(Error::internal)?,
        mapping,
    };
    let import = app.gate.submit(caller, key, command).await?.outcome;
    stage(app, import.id, table.records).await?;
    check(app, caller, import.id).await
}

/// Rows are written beside the gate: they may hold personal data, which the journal must not.
async fn stage(app: &App, id: Uuid, mut records: Vec<files::Record>) -> Result<()> {
    while !records.is_empty() {
        let rest = records.split_off(records.len().min(STEP));
        let portion = Arc::new(std::mem::replace(&mut records, rest));
        let done = app.gate.db().plumb(BULK, move |mut tx| {
            let portion = Arc::clone(&portion);
            Box::pin(async move { Ok(queries::stage(&mut tx, id, &portion).await) })
        });
        done.await??;
    }
    let done = app.gate.db().plumb(BULK, move |mut tx| {
        Box::pin(async move { Ok(queries::set_staged(&mut tx, id).await) })
    });
    done.await?
}

/// Says which field is read from which column, and checks every row by that.
pub async fn map(app: &App, caller: &Caller, key: Key, command: MapImport) -> Result<Import> {
    let id = command.id;
    app.gate.submit(caller, key, command).await?;
    check(app, caller, id).await
}

/// Judges every row against the book as it is now. Where a column is missing there is nothing to judge yet.
pub async fn check(app: &App, caller: &Caller, id: Uuid) -> Result<Import> {
    let import = visible(app, caller, id).await?;
    let ready = import
        .kind
        .check_mapping(&import.mapping, import.headings.len())
        .is_ok();
    if !ready || !matches!(import.state, State::Staged | State::Checked) {
        return Ok(import);
    }
    let (sheet, judged) = judge(app, caller, &import).await?;
    save(app, &import, settle(&import, &sheet, &judged)).await?;
    visible(app, caller, id).await
}

/// What the file says, and what would become of it now.
pub(super) async fn judge(
    app: &App,
    caller: &Caller,
    import: &Import,
) -> Result<(Sheet, Vec<Judged>)> {
    let id = import.id;
    let rows = app
        .read(move |mut tx| Box::pin(async move { queries::staged(&mut tx, id).await }))
        .await?;
    let (kind, mapping, headings) = (import.kind, import.mapping.clone(), import.headings.clone());
    let mut sheet = blocking(move || Ok(kind.understand(&rows, &mapping, &headings))).await?;
    sheet.oddities.splice(0..0, read_oddities(import));
    let sheet = Arc::new(sheet);
    let asker = Asker {
        caller: caller.clone(),
        organization_id: import.organization_id,
        now: app.gate.now(),
    };
    let judging = Arc::clone(&sheet);
    let judged = app.read(move |mut tx| {
        Box::pin(async move {
            let units: Vec<&What> = judging.units.iter().map(|unit| &unit.what).collect();
            kind.judge(&mut tx, &asker, &units).await
        })
    });
    let (judged, oddities) = judged.await?;
    let mut sheet = Arc::try_unwrap(sheet).unwrap_or_else(|shared| (*shared).clone());
    sheet.oddities.extend(oddities);
    Ok((sheet, judged))
}

/// What was done to read the file at all.
fn read_oddities(import: &Import) -> Option<Oddity> {
    let message = match import.encoding.as_str() {
        "utf-8-bom" => "The file begins with a byte-order mark, which was left out.",
        "utf-16le" | "utf-16be" => "The file is UTF-16, as its byte-order mark says.",
        "windows-1252" => {
            "The file is not UTF-8; it was read as Windows-1252. Check letters with accents."
        }
        _ => return None,
    };
    Some(Oddity {
        code: "file.encoding".into(),
        message: message.into(),
        rows: vec![],
    })
}

/// Writes what becomes of every row.
pub(super) async fn save(app: &App, import: &Import, settled: Settled) -> Result<()> {
    let id = import.id;
    for (outcome, numbers) in settled.plain {
        for portion in numbers.chunks(STEP) {
            let portion: Arc<[i64]> = portion.into();
            let done = app.gate.db().plumb(BULK, move |mut tx| {
                let portion = Arc::clone(&portion);
                Box::pin(async move {
                    Ok(queries::set_outcomes(&mut tx, id, outcome.as_str(), &portion).await)
                })
            });
            done.await??;
        }
    }
    for portion in settled.remarked.chunks(STEP) {
        let portion = Arc::new(portion.to_vec());
        let done = app.gate.db().plumb(BULK, move |mut tx| {
            let portion = Arc::clone(&portion);
            Box::pin(async move { Ok(queries::set_remarks(&mut tx, id, &portion).await) })
        });
        done.await??;
    }
    let found = Arc::new((settled.findings, settled.oddities));
    let done = app.gate.db().plumb(BULK, move |mut tx| {
        let found = Arc::clone(&found);
        Box::pin(async move { Ok(queries::set_findings(&mut tx, id, &found.0, &found.1).await) })
    });
    done.await?
}

const BULK: Place = Place {
    lane: Lane::Bulk,
    ..Place::ALONE
};

/// The import, where the caller can see it.
pub async fn visible(app: &App, caller: &Caller, id: Uuid) -> Result<Import> {
    let (scope, system) = (caller.scope.clone(), caller.origin == Origin::System);
    let found = app.read(move |mut tx| {
        Box::pin(async move {
            match system {
                true => queries::find(&mut tx, id).await,
                false => queries::find_visible(&mut tx, &scope, id).await,
            }
        })
    });
    found.await?.ok_or_else(Error::not_found)
}

/// The columns that headings name, forgivingly.
pub fn named(said: &BTreeMap<String, String>, headings: &[String]) -> Result<Mapping> {
    let place = |heading: &str| {
        let exact = headings.iter().position(|known| known == heading);
        exact.or_else(|| {
            headings
                .iter()
                .position(|known| forgiving(known) == forgiving(heading))
        })
    };
    let mut mapping = Mapping::new();
    for (field, heading) in said {
        let message = || format!("The file has no column “{heading}”.");
        let place = place(heading).ok_or_else(|| {
            Error::invalid(format!("mapping.{field}"), "column.unknown", message())
        })?;
        mapping.insert(field.clone(), place);
    }
    Ok(mapping)
}

/// A file's name without folders and what cannot be seen.
fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = rules::text::normalize_key(last).chars().take(200).collect();
    if name.is_empty() {
        "file.csv".into()
    } else {
        name
    }
}

/// Arithmetic over whole files stays off the threads that serve others.
async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(Error::internal)?
}
