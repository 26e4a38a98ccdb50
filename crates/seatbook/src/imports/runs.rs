//! The way of a file: read, written down row by row, checked against the book, applied.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};
use store::{Lane, Place};
use uuid::Uuid;

use super::{
    commands::{
        ApplyAll, ApplyPart, BeginImport, FinishImport, MapImport, UploadImport, has_problems,
    },
    model::{Findings, Import, Mode, State},
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
const STEP: usize = 500;

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

/// How a checked file shall be applied.
#[derive(Clone, Debug)]
pub struct Application {
    /// All rows, or the good ones.
    pub mode: Mode,
    /// The same content was applied before, and shall be again.
    pub again: bool,
    /// The check that was seen; a book that changed since is noticed.
    pub fingerprint: Option<String>,
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

/// Puts a file into the book. Asked again after a crash, it goes on where it stopped.
pub async fn apply(
    app: &App,
    caller: &Caller,
    key: Key,
    (id, how): (Uuid, Application),
) -> Result<Import> {
    let import = visible(app, caller, id).await?;
    import
        .kind
        .check_mapping(&import.mapping, import.headings.len())?;
    if import.state == State::Applied {
        // The gate gives the stored answer to the same request, and a refusal to any other.
        let (again, units) = (how.again, vec![]);
        return match how.mode {
            Mode::All => Ok(app
                .gate
                .submit(caller, key, ApplyAll { id, again, units })
                .await?
                .outcome),
            Mode::Good => app
                .gate
                .submit(caller, key, BeginImport { id, again })
                .await
                .map(|_| import),
        };
    }
    let (sheet, judged) = judge(app, caller, &import).await?;
    let settled = settle(&import, &sheet, &judged);
    let findings = settled.findings.clone();
    let units: Vec<What> = sheet.units.iter().map(|unit| unit.what.clone()).collect();
    if import.state != State::Applying {
        if findings.fingerprint != import.fingerprint {
            save(app, &import, settled.clone()).await?;
        }
        if how
            .fingerprint
            .is_some_and(|seen| seen != findings.fingerprint)
        {
            return Err(stale(&findings));
        }
    }
    match how.mode {
        Mode::All if findings.counts.bad > 0 => {
            return Err(has_problems(
                usize::try_from(findings.counts.bad).unwrap_or_default(),
            ));
        }
        Mode::All => {
            let command = ApplyAll {
                id,
                again: how.again,
                units,
            };
            app.gate.submit(caller, key, command).await?;
        }
        Mode::Good => {
            if import.state != State::Applying {
                app.gate
                    .submit(
                        caller,
                        key,
                        BeginImport {
                            id,
                            again: how.again,
                        },
                    )
                    .await?;
            }
            let judged = apply_parts(app, caller, id, units).await?;
            let became = settle(&import, &sheet, &judged);
            // Mostly everything became what the check had said, and stands there.
            if import.state == State::Applying || !became.is_like(&settled) {
                save(app, &import, became).await?;
            }
            let finish = Key::step(format!("import:{id}:finish"));
            app.gate.submit(caller, finish, FinishImport { id }).await?;
        }
    }
    visible(app, caller, id).await
}

/// Applies units in steps, each once whatever crashes. A step that is refused is tried unit by unit, so
/// that one that somebody spoilt meanwhile does not hold up its neighbours.
async fn apply_parts(
    app: &App,
    caller: &Caller,
    id: Uuid,
    units: Vec<What>,
) -> Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(units.len());
    for (part, units) in units.chunks(STEP).enumerate() {
        let key = Key::step(format!("import:{id}:{part}"));
        let command = ApplyPart {
            id,
            part,
            units: units.to_vec(),
        };
        match app.gate.submit(caller, key, command).await {
            Ok(done) => judged.extend(done.outcome),
            Err(error) if error.is_refusal() && units.len() > 1 => {
                for (place, unit) in units.iter().enumerate() {
                    judged.push(apply_one(app, caller, (id, part, place), unit).await?);
                }
            }
            Err(error) if error.is_refusal() => judged.push(refused(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(judged)
}

async fn apply_one(
    app: &App,
    caller: &Caller,
    (id, part, place): (Uuid, usize, usize),
    unit: &What,
) -> Result<Judged> {
    let key = Key::step(format!("import:{id}:{part}:{place}"));
    let command = ApplyPart {
        id,
        part,
        units: vec![unit.clone()],
    };
    match app.gate.submit(caller, key, command).await {
        Ok(done) => Ok(done
            .outcome
            .into_iter()
            .next()
            .unwrap_or_else(|| Judged::bad(vec![]))),
        Err(error) if error.is_refusal() => Ok(refused(error)),
        Err(error) => Err(error),
    }
}

fn refused(error: Error) -> Judged {
    let whole = || crate::error::FieldError {
        field: String::new(),
        code: error.code.clone(),
        message: error.message.clone(),
    };
    let errors = if error.fields.is_empty() {
        vec![whole()]
    } else {
        error.fields.clone()
    };
    Judged::bad(errors)
}

/// What the file says, and what would become of it now.
async fn judge(app: &App, caller: &Caller, import: &Import) -> Result<(Sheet, Vec<Judged>)> {
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
    };
    let judging = Arc::clone(&sheet);
    let judged = app.read(move |mut tx| {
        Box::pin(async move {
            let units: Vec<&What> = judging.units.iter().map(|unit| &unit.what).collect();
            kind.judge(&mut tx, &asker, &units).await
        })
    });
    let judged = judged.await?;
    let sheet = Arc::try_unwrap(sheet).unwrap_or_else(|shared| (*shared).clone());
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
async fn save(app: &App, import: &Import, settled: Settled) -> Result<()> {
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

async fn visible(app: &App, caller: &Caller, id: Uuid) -> Result<Import> {
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

fn stale(findings: &Findings) -> Error {
    let message = "The book has changed since the rows were checked; look at the check again.";
    Error::conflict("preview.stale", message).with("fingerprint", findings.fingerprint.as_str())
}
