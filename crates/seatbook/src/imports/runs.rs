//! The way of a file: read, written down row by row, checked against the book, applied.

use std::{collections::BTreeMap, sync::Arc};

use store::Place;
use uuid::Uuid;

use super::{
    commands::{MapImport, UploadImport},
    model::{Import, Mapped, State, shape},
    queries,
    settled::{Settled, read_oddities, settle},
};
use crate::{
    app::App,
    error::{Error, Result},
    files::{self, Incoming},
    gate::{Caller, Key, Origin},
    rows::sheet::{named, shown_name},
    scope::{self, Permission},
    secrets::hex,
    sheets::{Asker, ImportKind, Judged, Mapping, Sheet, What},
    workbooks,
};

/// Rows or units in one step.
pub(super) const STEP: usize = 500;

/// A file as it arrived.
#[derive(Debug)]
pub struct Upload {
    /// What is in it.
    pub kind: ImportKind,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
    /// Its name.
    pub file_name: String,
    /// Its content.
    pub file: Incoming,
    /// Columns by fields, as their headings, over what is guessed.
    pub mapping: BTreeMap<String, String>,
}

/// Reads a file, writes its rows down, and checks them where its columns could be guessed.
pub async fn upload(app: &App, caller: &Caller, key: Key, upload: Upload) -> Result<Import> {
    let content_hash = hex(&upload.file.digest());
    let Upload {
        kind,
        organization_id,
        file_name,
        file,
        mapping: said,
    } = upload;
    let mut table = app.reader.read(file).await?;
    let (organization_id, gone) = match kind {
        // A workbook knows whose it is, and which of its rows are missing.
        ImportKind::Customers => {
            // Whoever may import nothing there is told that first, and nothing of workbooks.
            permit(app, caller, organization_id).await?;
            let returned = workbooks::returned::read(app, caller, &mut table).await?;
            (returned.workbook.organization_id, returned.gone)
        }
        _ => (organization_id, vec![]),
    };
    let (mut mapping, mut mapped) = known(app, (organization_id, kind), &table.headings).await?;
    if !said.is_empty() {
        mapping.extend(named(&said, &table.headings)?);
        mapped = Mapped::Said;
    }
    let command = UploadImport {
        kind,
        organization_id,
        file_name: shown_name(&file_name),
        content_hash,
        detected: table.detected,
        headings: table.headings,
        row_count: i64::try_from(table.rows.len() + gone.len()).map_err(Error::internal)?,
        mapping,
        mapped,
    };
    let import = app.gate.submit(caller, key, command).await?.outcome;
    stage(app, import.id, table.rows.chain(gone)).await?;
    check(app, caller, import.id).await
}

async fn permit(app: &App, caller: &Caller, organization_id: Uuid) -> Result<()> {
    if caller.origin == Origin::System {
        return Ok(());
    }
    let (held, permission) = (caller.scope.clone(), Permission::ImportsRun);
    let asked = app.read(move |mut tx| {
        Box::pin(async move {
            scope::queries::check_visible(&mut tx, &held, permission, organization_id).await
        })
    });
    asked.await
}

/// Which column is which, as far as it is known without asking: as last time, else by the headings.
async fn known(
    app: &App,
    (organization_id, kind): (Uuid, ImportKind),
    headings: &[String],
) -> Result<(Mapping, Mapped)> {
    let shape = shape(headings);
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::remembered(&mut tx, (organization_id, kind, &shape)).await })
    });
    Ok(match read.await? {
        Some(last) => (named(&last, headings)?, Mapped::Remembered),
        None => (kind.guess(headings), Mapped::Guessed),
    })
}

/// Rows are written beside the gate: they may hold personal data, which the journal must not.
async fn stage(app: &App, id: Uuid, mut rows: impl Iterator<Item = files::Record>) -> Result<()> {
    loop {
        let portion: Arc<Vec<files::Record>> = Arc::new(rows.by_ref().take(STEP).collect());
        if portion.is_empty() {
            break;
        }
        let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
            let portion = Arc::clone(&portion);
            Box::pin(async move { Ok(queries::stage(&mut tx, id, &portion).await) })
        });
        done.await??;
    }
    let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
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

/// What the file says.
pub(super) async fn understood(app: &App, import: &Import) -> Result<Sheet> {
    let id = import.id;
    let rows = app
        .read(move |mut tx| Box::pin(async move { queries::staged(&mut tx, id).await }))
        .await?;
    let (kind, mapping, headings) = (import.kind, import.mapping.clone(), import.headings.clone());
    let mut sheet = blocking(move || Ok(kind.understand(&rows, &mapping, &headings))).await?;
    sheet.oddities.splice(0..0, read_oddities(import));
    Ok(sheet)
}

/// What the file says, and what would become of it now.
pub(super) async fn judge(
    app: &App,
    caller: &Caller,
    import: &Import,
) -> Result<(Sheet, Vec<Judged>)> {
    let kind = import.kind;
    let sheet = Arc::new(understood(app, import).await?);
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

/// Writes what becomes of every row.
pub(super) async fn save(app: &App, import: &Import, settled: Settled) -> Result<()> {
    let id = import.id;
    for (outcome, numbers) in settled.plain {
        for portion in numbers.chunks(STEP) {
            let portion: Arc<[(i64, i64)]> = runs_of(portion).into();
            let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
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
        let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
            let portion = Arc::clone(&portion);
            Box::pin(async move { Ok(queries::set_remarks(&mut tx, id, &portion).await) })
        });
        done.await??;
    }
    let found = Arc::new((settled.findings, settled.oddities));
    let done = app.gate.db().plumb(Place::BULK, move |mut tx| {
        let found = Arc::clone(&found);
        Box::pin(async move { Ok(queries::set_findings(&mut tx, id, &found.0, &found.1).await) })
    });
    done.await?
}

/// Numbers in ascending order as runs, each from its first to its last.
fn runs_of(numbers: &[i64]) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    runs
}

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

/// Arithmetic over whole files stays off the threads that serve others.
pub async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(run)
        .await
        .map_err(Error::internal)?
}

#[cfg(test)]
mod tests {
    use super::runs_of;

    #[test]
    fn neighbours_are_one_run() {
        assert_eq!(runs_of(&[2, 3, 4, 7, 9, 10]), [(2, 4), (7, 7), (9, 10)]);
        assert_eq!(runs_of(&[]), []);
    }
}
