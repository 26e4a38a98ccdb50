//! The last step of a file: into the book, all of it or its good rows, each once. Large files are applied
//! in the background: asked for now, done by a job that survives a crash.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    commands::{
        AbandonImport, ApplyAll, ApplyPart, BeginImport, FinishImport, asked, check_fresh,
        has_problems,
    },
    model::{Findings, Import, Mode, State},
    queries,
    runs::{STEP, check, judge, save, understood, visible},
    settled::{Settled, settle},
};
use crate::{
    app::App,
    console::format::count,
    error::{Error, Result},
    gate::{Caller, Command, Key, Tx},
    jobs::{self, Ended, Kind, NewJob, Work},
    sheets::{Judged, Sheet, What},
    undo::TakeBack,
};

/// How a checked file shall be applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Application {
    /// All rows, or the good ones.
    pub mode: Mode,
    /// The same content was applied before, and shall be again.
    pub again: bool,
    /// The check that was seen; a book that changed since is noticed.
    pub fingerprint: Option<String>,
}

/// Checks a file anew where its last check found problems and all of it is asked for: what was in the way may be
/// gone.
pub async fn check_again(app: &App, caller: &Caller, import: &Import, mode: Mode) -> Result<()> {
    if mode == Mode::All && import.counts.bad > 0 {
        check(app, caller, import.id).await?;
    }
    Ok(())
}

/// Puts a file into the book. Asked again after a crash, it goes on where it stopped.
pub async fn apply(
    app: &App,
    caller: &Caller,
    key: Key,
    what: (Uuid, Application),
) -> Result<Import> {
    apply_as((app, caller), key, what, None).await
}

/// The same; as a job it says how far it is, and stops between two steps where it was canceled.
async fn apply_as(
    (app, caller): (&App, &Caller),
    key: Key,
    (id, how): (Uuid, Application),
    work: Option<&Work>,
) -> Result<Import> {
    let import = visible(app, caller, id).await?;
    import
        .kind
        .check_mapping(&import.mapping, import.headings.len())?;
    let Application { mode, again, .. } = how;
    let begin = BeginImport { id, mode, again };
    if import.state == State::Applied {
        // The gate gives the stored answer to the same request, and a refusal to any other.
        app.gate.submit(caller, key, begin).await?;
        return Ok(import);
    }
    if import.state == State::Applying {
        let import = match import.mode == Some(mode) {
            true => import,
            false => app.gate.submit(caller, key, begin).await?.outcome,
        };
        let sheet = understood(app, &import).await?;
        return by_steps((app, caller), import, (sheet, None), work).await;
    }
    let (sheet, judged) = judge(app, caller, &import).await?;
    let settled = settle(&import, &sheet, &judged);
    let findings = settled.findings.clone();
    if findings.fingerprint != import.fingerprint {
        save(app, &import, settled.clone()).await?;
    }
    if how
        .fingerprint
        .is_some_and(|seen| seen != findings.fingerprint)
    {
        return Err(stale(&findings));
    }
    if mode == Mode::All && findings.counts.bad > 0 {
        return Err(has_problems(findings.counts.bad));
    }
    if mode == Mode::All && sheet.units.len() <= AT_ONCE {
        let units = sheet.units.into_iter().map(|unit| unit.what).collect();
        let command = ApplyAll { id, again, units };
        app.gate.submit(caller, key, command).await?;
        return visible(app, caller, id).await;
    }
    let import = app.gate.submit(caller, key, begin).await?.outcome;
    by_steps((app, caller), import, (sheet, Some(settled)), work).await
}

/// All of a file with more things than this is applied in steps too: in one, everybody else would wait for it.
const AT_ONCE: usize = 1_000;

/// Applies a file that was begun, and writes what became of its rows where that is not what the check had said.
async fn by_steps(
    (app, caller): (&App, &Caller),
    import: Import,
    (sheet, checked): (Sheet, Option<Settled>),
    work: Option<&Work>,
) -> Result<Import> {
    let (id, by) = (import.id, (app, caller));
    let applied = apply_parts(by, &import, &sheet, work).await;
    let judged = match (applied, import.mode) {
        (Ok(judged), Some(Mode::All)) if judged.iter().any(Judged::is_bad) => {
            let bad = judged.iter().filter(|judged| judged.is_bad()).count();
            take_back(app, &import).await?;
            let found = check(app, caller, id).await.map(|found| found.counts.bad);
            return Err(has_problems(found.unwrap_or_default().max(bad as i64)));
        }
        (Err(error), Some(Mode::All)) if error.is_refusal() => {
            take_back(app, &import).await?;
            return Err(error);
        }
        (applied, _) => applied?,
    };
    let became = settle(&import, &sheet, &judged);
    if checked.is_none_or(|checked| !became.is_like(&checked)) {
        save(app, &import, became).await?;
    }
    let finish = step(&import, "finish");
    app.gate.submit(caller, finish, FinishImport { id }).await?;
    visible(app, caller, id).await
}

/// Each step is done once, whatever crashes.
fn step(import: &Import, word: &str) -> Key {
    Key::step(format!("import:{}:{word}", import.id))
}

/// Takes back what was applied of a file of which all was asked for. Seatbook does it itself: whoever lost their
/// right in the middle leaves nothing half done. Where somebody has built on a part it says so, and the file stays
/// begun: asked for its good rows it goes on, asked again it tries to take back the rest.
async fn take_back(app: &App, import: &Import) -> Result<()> {
    let (system, of) = (Caller::system(), import.clone());
    let entries =
        app.read(move |mut tx| Box::pin(async move { queries::entries(&mut tx, &of).await }));
    for journal_id in entries.await?.into_iter().rev() {
        let key = step(import, &format!("back:{journal_id}"));
        app.gate
            .submit(&system, key, TakeBack { journal_id })
            .await?;
    }
    let abandon = AbandonImport { id: import.id };
    let key = step(import, &format!("abandon:{}", import.version));
    app.gate.submit(&system, key, abandon).await.map(drop)
}

/// Applies things in steps, each once whatever crashes. Of good rows, a step that is refused is tried one by one, so
/// that one that somebody spoilt meanwhile does not hold up its neighbours; of all rows, the first bad one ends it.
async fn apply_parts(
    (app, caller): (&App, &Caller),
    import: &Import,
    sheet: &Sheet,
    work: Option<&Work>,
) -> Result<Vec<Judged>> {
    let (total, mut judged) = (sheet.units.len(), Vec::with_capacity(sheet.units.len()));
    let (all, of) = (import.mode == Some(Mode::All), import.clone());
    // A part that was taken back is another step when it is applied anew.
    let back =
        app.read(move |mut tx| Box::pin(async move { queries::taken_back(&mut tx, &of).await }));
    let back = back.await?;
    for (part, units) in sheet.units.chunks(STEP).enumerate() {
        if let Some(work) = work {
            if work.canceled().await? {
                return Err(canceled(all, judged.len()));
            }
            work.progress(judged.len() as i64, total as i64).await?;
        }
        let units: Vec<What> = units.iter().map(|unit| unit.what.clone()).collect();
        let (id, count) = (import.id, units.len());
        let turn = format!("{part}:{}", back.get(&part).copied().unwrap_or_default());
        let key = step(import, &turn);
        let command = ApplyPart { id, part, units };
        match app.gate.submit(caller, key, command.clone()).await {
            Ok(done) => judged.extend(done.outcome),
            Err(error) if error.is_refusal() && !all && count > 1 => {
                judged.extend(one_by_one((app, caller), (import, &turn), command).await?);
            }
            Err(error) if error.is_refusal() && !all => judged.push(Judged::refused(&error)),
            Err(error) => return Err(error),
        }
        if all && judged.iter().any(Judged::is_bad) {
            break;
        }
    }
    Ok(judged)
}

async fn one_by_one(
    (app, caller): (&App, &Caller),
    (import, turn): (&Import, &str),
    ApplyPart { id, part, units }: ApplyPart,
) -> Result<Vec<Judged>> {
    let mut judged = Vec::with_capacity(units.len());
    for (place, unit) in units.into_iter().enumerate() {
        let key = step(import, &format!("{turn}:{place}"));
        let units = vec![unit];
        let command = ApplyPart { id, part, units };
        match app.gate.submit(caller, key, command).await {
            Ok(done) => judged.extend(done.outcome),
            Err(error) if error.is_refusal() => judged.push(Judged::refused(&error)),
            Err(error) => return Err(error),
        }
    }
    Ok(judged)
}

/// Somebody told the job to stop. Good rows that are in the book stay there; of all rows, none does.
fn canceled(all: bool, done: usize) -> Error {
    let message = match all {
        true => "It was stopped. What was done is taken back: nothing was imported.".to_owned(),
        false => format!(
            "It was stopped after {}. Apply the file again, and it goes on from there.",
            count(done as i64, "row", "rows")
        ),
    };
    Error::conflict(CANCELED, message)
}

const CANCELED: &str = "job.canceled";

fn stale(findings: &Findings) -> Error {
    let message = "The book has changed since the rows were checked; look at the check again.";
    Error::conflict("preview.stale", message).with("fingerprint", findings.fingerprint.as_str())
}

/// The name of the job.
const JOB: &str = "imports.apply";
/// A file with more rows than this is applied by a job.
pub const INLINE_ROWS: i64 = 500;

/// Queues the application of a checked file, refused at once where it could not be applied now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestImport {
    /// Which import.
    pub id: Uuid,
    /// How.
    #[serde(flatten)]
    pub how: Application,
}

/// The queued job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ImportQueued)]
pub struct Queued {
    /// Its id.
    pub job_id: Uuid,
}

impl Command for RequestImport {
    const NAME: &'static str = "imports.request";
    type Outcome = Queued;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Queued> {
        let import = asked(tx, self.id).await?;
        if import.state != State::Applying {
            check_fresh(tx, &import, self.how.again).await?;
            import
                .kind
                .check_mapping(&import.mapping, import.headings.len())?;
            if self.how.mode == Mode::All && import.counts.bad > 0 {
                return Err(has_problems(import.counts.bad));
            }
        }
        let new = NewJob {
            kind: JOB,
            title: format!("Import of {}", import.file_name),
            payload: json!(self),
            organization_id: import.organization_id,
            rows_total: import.row_count,
        };
        Ok(Queued {
            job_id: jobs::enqueue(tx, new).await?,
        })
    }
}

/// How the runner applies a file. Begun again after a crash, it goes on where it stopped.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(run(app, work)),
};

async fn run(app: App, work: Work) -> Result<Ended> {
    let RequestImport { id, how } = work.payload()?;
    let by = (&app, &work.caller);
    let applied = apply_as(by, work.key("apply"), (id, how), Some(&work)).await;
    let import = match applied {
        Err(error) if error.code == CANCELED => {
            let ended = Ended::canceled(error.message);
            return Ok(ended.link("See the import", format!("/imports/{id}")));
        }
        applied => applied?,
    };
    work.progress(import.row_count, import.row_count).await?;
    let counts = import.counts;
    let message = format!(
        "{} imported; {} left out.",
        count(counts.good(), "row was", "rows were"),
        count(counts.bad, "row was", "rows were"),
    );
    let mut ended = Ended::done(message)
        .figure("New", counts.create.to_string())
        .figure("Changed", counts.update.to_string());
    if counts.remove > 0 {
        ended = ended.figure("Removed", counts.remove.to_string());
    }
    Ok(ended
        .figure("Unchanged", counts.same.to_string())
        .figure("With a problem", counts.bad.to_string())
        .link("See the import", format!("/imports/{id}"))
        .file(import.result_path()))
}
