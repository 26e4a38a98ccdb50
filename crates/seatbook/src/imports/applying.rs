//! The last step of a file: into the book, all of it or its good rows, each once. Large files are applied
//! in the background: asked for now, done by a job that survives a crash.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    commands::{ApplyAll, ApplyPart, BeginImport, FinishImport, asked, check_fresh, has_problems},
    model::{Findings, Import, Mode, State},
    runs::{STEP, judge, save, visible},
    settled::settle,
};
use crate::{
    app::App,
    console::format::count,
    error::{Error, Result},
    gate::{Caller, Command, Key, Tx},
    jobs::{self, Ended, Kind, NewJob, Work},
    sheets::{Judged, Sheet, What},
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
        return replay(app, caller, key, (import, how)).await;
    }
    let (sheet, judged) = judge(app, caller, &import).await?;
    let settled = settle(&import, &sheet, &judged);
    let findings = settled.findings.clone();
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
        Mode::All if findings.counts.bad > 0 => return Err(has_problems(findings.counts.bad)),
        Mode::All => {
            let units = units(&sheet);
            app.gate
                .submit(
                    caller,
                    key,
                    ApplyAll {
                        id,
                        again: how.again,
                        units,
                    },
                )
                .await?;
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
            let judged = apply_parts(app, caller, id, units(&sheet)).await?;
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

/// The gate gives the stored answer to the same request, and a refusal to any other.
async fn replay(
    app: &App,
    caller: &Caller,
    key: Key,
    (import, how): (Import, Application),
) -> Result<Import> {
    let (id, again, units) = (import.id, how.again, vec![]);
    match how.mode {
        Mode::All => {
            let command = ApplyAll { id, again, units };
            Ok(app.gate.submit(caller, key, command).await?.outcome)
        }
        Mode::Good => {
            app.gate
                .submit(caller, key, BeginImport { id, again })
                .await?;
            Ok(import)
        }
    }
}

fn units(sheet: &Sheet) -> Vec<What> {
    sheet.units.iter().map(|unit| unit.what.clone()).collect()
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
            Err(error) if error.is_refusal() => judged.push(Judged::refused(&error)),
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
        Err(error) if error.is_refusal() => Ok(Judged::refused(&error)),
        Err(error) => Err(error),
    }
}

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
    let import = apply(&app, &work.caller, work.key("apply"), (id, how)).await?;
    work.progress(import.row_count, import.row_count).await?;
    let counts = import.counts;
    let message = format!(
        "{} imported; {} left out.",
        count(counts.create + counts.update, "row was", "rows were"),
        count(counts.bad, "row was", "rows were"),
    );
    Ok(Ended::done(message)
        .figure("New", counts.create.to_string())
        .figure("Changed", counts.update.to_string())
        .figure("Unchanged", counts.same.to_string())
        .figure("With a problem", counts.bad.to_string())
        .link("See the import", format!("/imports/{id}"))
        .file(import.result_path()))
}
