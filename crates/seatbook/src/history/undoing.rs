//! Taking a change back: what an allocation, an assignment or an import did is put back as it was, as long as nothing
//! was built on it (product.md, "Journal and undo"). The entry that does it says which ones it undid.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Place;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    allocations::commands::{Allocate, SetAllocations},
    app::App,
    assignments::commands::{Assign, Reassign, Unassign},
    console::format::count,
    crossgrades::commands::Crossgrade,
    error::{Error, Result},
    gate::{Command, Tx},
    imports::{
        self,
        commands::{ApplyAll, ApplyPart, mark_undone},
        model::State,
    },
    jobs::{self, Ended, Kind, NewJob, Work},
    journal::{self, queries::EntryRow, reversal::already_undone, words},
    plan_subscriptions::commands::AssignPlan,
    rollouts::applying::CarryOut,
    scope::{Permission, tree},
    undo::{Plan, TakeBack, plan},
};

/// More rows than this are put back by a job.
pub const INLINE_ROWS: i64 = 500;
/// What a file did in more parts than this is put back part by part.
const PARTS: usize = 2;

/// Commands whose effect can be taken back.
pub const UNDOABLE: [&str; 7] = [
    Allocate::NAME,
    SetAllocations::NAME,
    ApplyAll::NAME,
    ApplyPart::NAME,
    Assign::NAME,
    Unassign::NAME,
    Reassign::NAME,
];

/// What is taken back together.
#[derive(Clone, Debug)]
pub enum Target {
    /// One change of shares or assignments.
    Entry(Box<EntryRow>),
    /// Everything a file brought in, whichever of its entries was named.
    Import(Box<imports::model::Import>, Vec<Uuid>),
}

impl Target {
    /// The entries that are taken back.
    pub fn entries(&self) -> Vec<Uuid> {
        match self {
            Target::Entry(entry) => vec![entry.id],
            Target::Import(_, entries) => entries.clone(),
        }
    }

    /// The import, where it is one.
    pub fn import_id(&self) -> Option<Uuid> {
        match self {
            Target::Entry(_) => None,
            Target::Import(import, _) => Some(import.id),
        }
    }

    /// Whether it is put back part by part, the last first: in one step it would hold up everybody else.
    pub fn goes_by_parts(&self) -> bool {
        matches!(self, Target::Import(_, entries) if entries.len() > PARTS)
    }

    /// What taking it back would do. Of what goes by parts only the rows are known: each part finds out when its
    /// turn comes what stands in its way.
    pub async fn plan(&self, tx: &mut store::Tx<'_>) -> Result<Plan> {
        match self {
            Target::Import(import, _) if self.goes_by_parts() => Ok(Plan {
                rows: import.counts.good(),
                ..Plan::default()
            }),
            _ => plan(tx, &self.entries()).await,
        }
    }

    /// The permission without which nobody can take this back.
    pub fn needs(command: &str) -> Option<Permission> {
        match command {
            SetAllocations::NAME | Allocate::NAME => Some(Permission::AllocationsSet),
            Assign::NAME | Unassign::NAME | Reassign::NAME => Some(Permission::AssignmentsSet),
            ApplyAll::NAME | ApplyPart::NAME => Some(Permission::ImportsRun),
            AssignPlan::NAME | CarryOut::NAME | Crossgrade::NAME => Some(Permission::LicensesSell),
            _ => None,
        }
    }

    /// What an entry stands for. Refused where it cannot be taken back, or was already.
    pub async fn of(tx: &mut store::Tx<'_>, entry: EntryRow) -> Result<Target> {
        match Target::needs(&entry.command) {
            Some(Permission::ImportsRun) => Target::of_import(tx, &entry).await,
            _ if entry.undone_by.is_some() => Err(already_undone()),
            Some(_) => Ok(Target::Entry(Box::new(entry))),
            None => {
                let message = "Only allocations, assignments, service plans and imports can be undone. Make the \
                     opposite change instead.";
                Err(Error::conflict("undo.not_undoable", message).with("command", entry.command))
            }
        }
    }

    async fn of_import(tx: &mut store::Tx<'_>, entry: &EntryRow) -> Result<Target> {
        let id = entry.input.0["id"].as_str().and_then(|id| id.parse().ok());
        let id: Uuid = id.ok_or_else(|| Error::internal("an import's entry without its import"))?;
        let import = imports::queries::find(tx, id)
            .await?
            .ok_or_else(Error::not_found)?;
        if import.undone_at.is_some() {
            return Err(already_undone());
        }
        if import.state != State::Applied {
            let message = "This file is still being imported.";
            return Err(
                Error::conflict("import.state", message).with("state", import.state.as_str())
            );
        }
        let entries = imports::queries::entries(tx, &import).await?;
        // Parts are taken back from the last: with later ones in the book, this one was taken back before those came.
        if entry.undone_by.is_some() && entries.iter().any(|left| *left > entry.id) {
            return Err(already_undone());
        }
        Ok(Target::Import(Box::new(import), entries))
    }
}

/// Takes a change back, with everything that was done together with it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct UndoEntry {
    /// The entry; any of its parts where an import has several.
    pub journal_id: Uuid,
}

/// What was put back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Undone {
    /// The entries that were taken back: several where a file was imported in parts.
    pub entries: Vec<Uuid>,
    /// The import, where it was one.
    pub import_id: Option<Uuid>,
    /// How many rows were put back or removed.
    pub rows: i64,
    /// The job that does it, where it is not done yet.
    pub job_id: Option<Uuid>,
}

impl Undone {
    /// What a plan would come to.
    pub fn of(target: &Target, plan: &Plan) -> Self {
        let (entries, import_id) = (target.entries(), target.import_id());
        Undone {
            entries,
            import_id,
            rows: plan.rows,
            job_id: None,
        }
    }
}

impl Command for UndoEntry {
    const NAME: &'static str = "journal.undo";
    type Outcome = Undone;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Undone> {
        let target = target(tx, self.journal_id).await?;
        let plan = target.plan(tx).await?;
        plan.refuse()?;
        if target.goes_by_parts() {
            return Err(Error::internal("a long file is taken back by its job"));
        }
        tx.undoes(&target.entries());
        plan.put_back(tx).await?;
        if let Some(id) = target.import_id() {
            mark_undone(tx, id).await?;
        }
        Ok(Undone::of(&target, &plan))
    }
}

/// The entry, where the caller may read it; what it undoes asks for more.
async fn readable(tx: &mut Tx<'_>, journal_id: Uuid) -> Result<EntryRow> {
    let found = journal::queries::find(tx, journal_id)
        .await?
        .ok_or_else(Error::not_found)?;
    let root = tree::root(tx).await?;
    let place = found
        .organization_id
        .or(root)
        .ok_or_else(Error::not_found)?;
    // Who may not read an entry does not learn that it is there.
    tx.require(Permission::JournalRead, place)
        .await
        .map_err(|error| match error.is_refusal() {
            true => Error::not_found(),
            false => error,
        })?;
    Ok(found)
}

/// What an entry stands for, for whoever may take that back.
async fn target(tx: &mut Tx<'_>, journal_id: Uuid) -> Result<Target> {
    let entry = readable(tx, journal_id).await?;
    if let (Some(permission), Some(place)) = (Target::needs(&entry.command), entry.organization_id)
    {
        tx.require(permission, place).await?;
    }
    Target::of(tx, entry).await
}

/// The name of the job.
const JOB: &str = "journal.undo";

/// Queues taking back a large change, refused at once where that could not be done now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RequestUndo {
    /// The entry.
    pub journal_id: Uuid,
}

impl Command for RequestUndo {
    const NAME: &'static str = "journal.request_undo";
    type Outcome = Undone;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Undone> {
        let target = target(tx, self.journal_id).await?;
        let plan = target.plan(tx).await?;
        plan.refuse()?;
        let (title, organization_id) = match &target {
            Target::Import(import, _) => (
                format!("Undo of {}", import.file_name),
                import.organization_id,
            ),
            Target::Entry(entry) => {
                let place = entry.organization_id.ok_or_else(Error::not_found)?;
                let what = words::what(&entry.command);
                (format!("Undo of “{what}”"), place)
            }
        };
        let new = NewJob {
            kind: JOB,
            title,
            payload: json!(self),
            organization_id,
            rows_total: plan.rows,
        };
        let job_id = Some(jobs::enqueue(tx, new).await?);
        Ok(Undone {
            job_id,
            ..Undone::of(&target, &plan)
        })
    }
}

/// How the runner takes a large change back. Every step has a key of its own, so it is done once.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(run(app, work)),
};

async fn run(app: App, work: Work) -> Result<Ended> {
    let RequestUndo { journal_id } = work.payload()?;
    let parts = parts(&app, journal_id).await?;
    let total = parts.len() as i64;
    let mut rows = 0;
    for (done, part) in parts.into_iter().rev().enumerate() {
        if work.canceled().await? {
            let message = format!(
                "{} put back. Undo it again, and it goes on from there.",
                count(rows, "row was", "rows were")
            );
            return Ok(Ended::canceled(message));
        }
        work.progress(done as i64, total).await?;
        let (key, command) = (work.key(&part.to_string()), TakeBack { journal_id: part });
        rows += app.gate.submit(&work.caller, key, command).await?.outcome;
    }
    let command = UndoEntry { journal_id };
    let done = app
        .gate
        .submit(&work.caller, work.key("undo"), command)
        .await?;
    rows += done.outcome.rows;
    work.progress(rows, rows).await?;
    let rows = count(rows, "row was", "rows were");
    Ok(Ended::done(format!("{rows} put back."))
        .link("See the entry", format!("/journal/{}", done.journal_id)))
}

/// The parts of a file that are taken back one by one; none where it is all one step, or done already.
async fn parts(app: &App, journal_id: Uuid) -> Result<Vec<Uuid>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let entry = journal::queries::find(&mut tx, journal_id).await?;
            match Target::of(&mut tx, entry.ok_or_else(Error::not_found)?).await {
                Ok(target) if target.goes_by_parts() => Ok(target.entries()),
                Err(error) if !error.is_refusal() => Err(error),
                _ => Ok(vec![]),
            }
        })
    });
    read.await
}
