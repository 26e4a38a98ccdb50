//! Large files are applied in the background: asked for now, done by a job that survives a crash.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    applying::{self, Application},
    commands::{asked, check_fresh, has_problems},
    model::{Mode, State},
};
use crate::{
    app::App,
    console::format::count,
    error::Result,
    gate::{Command, Tx},
    jobs::{self, Ended, Kind, NewJob, Work},
};

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
    let import = applying::apply(&app, &work.caller, work.key("apply"), (id, how)).await?;
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
        .file(format!("/imports/{id}/result.csv")))
}
