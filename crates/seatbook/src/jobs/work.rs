//! A job in the hands of the code that does it.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use store::BoxFuture;
use uuid::Uuid;

use super::{
    leases::{self, Claim, Mark},
    model::Ended,
};
use crate::{
    app::App,
    error::{Error, Kind as ErrorKind, Result},
    gate::{Caller, Key, Origin},
    scope::{self, Permission},
};

/// A kind of job: its name in rows, and the code that does it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What [`super::NewJob::kind`] says, such as `allocations.set`.
    pub name: &'static str,
    /// Does it: `run: |app, work| Box::pin(update(app, work))`. It may be begun again from the start, on
    /// another server too, so every change it makes is a command submitted with [`Work::key`].
    pub run: fn(App, Work) -> BoxFuture<'static, Result<Ended>>,
}

/// One job, taken by one worker.
pub struct Work {
    /// The job.
    pub id: Uuid,
    /// Whose it is: the organization the person acted for.
    pub organization_id: Uuid,
    /// The person who asked, with the rights they have now.
    pub caller: Caller,
    claim: Claim,
    app: App,
}

impl Work {
    /// The job as the person who asked may do it now.
    pub(super) async fn new(app: &App, claim: &Claim) -> Result<Work> {
        let actor_id = claim.actor_id;
        let scope = app.read(move |mut tx| {
            Box::pin(async move { scope::queries::scope_of(&mut tx, actor_id).await })
        });
        let limits = claim.limits.clone().map(permissions);
        let scope = match &limits {
            Some(limits) => scope.await?.limited_to(limits),
            None => scope.await?,
        };
        let is_system = actor_id == Caller::SYSTEM;
        let caller = Caller {
            actor_id,
            token_id: claim.token_id,
            session_id: None,
            scope,
            limits,
            origin: if is_system {
                Origin::System
            } else {
                Origin::Job
            },
            request_id: Some(format!("job-{}", claim.id)),
        };
        Ok(Work {
            id: claim.id,
            organization_id: claim.organization_id,
            caller,
            claim: claim.clone(),
            app: app.clone(),
        })
    }

    /// What the job was handed in with.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(serde_json::from_value(self.claim.payload.clone())?)
    }

    /// The key of one step: the command submitted with it applies once, however often the job is begun.
    /// A step that was refused is asked anew.
    pub fn key(&self, step: &str) -> Key {
        Key::step(format!("job:{}:{step}", self.id))
    }

    /// Where an earlier try said that the work goes on.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let cursor = self.claim.cursor.clone();
        Ok(cursor.map(serde_json::from_value).transpose()?)
    }

    /// Says how far it is. Fails where the lease was lost: then somebody else does the job.
    pub async fn progress(&self, done: i64, total: i64) -> Result<()> {
        self.mark(done, total, None).await
    }

    /// Says how far it is, and where the work goes on after a crash. Called after the step it counts, so
    /// the last step may be begun again: its key makes it one.
    pub async fn save_cursor<T: Serialize>(&self, cursor: &T, done: i64, total: i64) -> Result<()> {
        let cursor = serde_json::to_value(cursor)?;
        self.mark(done, total, Some(cursor)).await
    }

    /// Whether somebody has asked it to stop. Asked between two steps; the answer to yes is
    /// [`Ended::canceled`].
    pub async fn canceled(&self) -> Result<bool> {
        leases::is_canceled(self.app.gate.db(), &self.claim)
            .await?
            .ok_or_else(lost)
    }

    async fn mark(&self, rows_done: i64, rows_total: i64, cursor: Option<Value>) -> Result<()> {
        let mark = Mark {
            rows_done,
            rows_total,
            cursor,
        };
        let written = leases::mark(self.app.gate.db(), &self.claim, mark).await?;
        written.map(|_| ()).ok_or_else(lost)
    }
}

/// A word that this version does not know gives no right.
fn permissions(words: Value) -> Vec<Permission> {
    let words = words.as_array().cloned().unwrap_or_default();
    words
        .iter()
        .filter_map(|word| Permission::parse(word.as_str()?))
        .collect()
}

/// Not a refusal: whoever has the job now will end it, and what this try settles is not written.
fn lost() -> Error {
    let message = "Another worker has taken this job over.";
    Error::new(ErrorKind::Unavailable, "job.lost", message)
}
