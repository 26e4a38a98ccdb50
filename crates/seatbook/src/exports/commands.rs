//! The verbs of exports. What is in a file travels beside the gate: it changes nothing, and is personal data.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    lists::{check_place, check_seen, check_words},
    model::{Asked, Export, Rights, State},
    queries::{self, Written},
    writing,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    jobs::{self, NewJob},
    journal::Change,
};

/// How long a file is kept, since it was asked for and since it is ready.
const KEPT_SECONDS: i64 = 7 * 86_400;
/// The longest address of a list.
const LONGEST_QUERY: usize = 4_000;

/// Has a list written into a file by a job.
#[derive(Clone, Debug, Serialize)]
pub struct RequestExport {
    /// Which list, as what.
    pub asked: Asked,
}

impl Command for RequestExport {
    const NAME: &'static str = "exports.request";
    type Outcome = Export;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Export> {
        check(tx, &self.asked).await?;
        let (asked, id, now) = (&self.asked, tx.new_id(), tx.now());
        let new = NewJob {
            kind: writing::KIND.name,
            title: asked.title(),
            payload: json!({"export_id": id}),
            organization_id: asked.organization_id,
            rows_total: 0,
        };
        let export = Export {
            id,
            list: asked.list,
            organization_id: asked.organization_id,
            subject_id: asked.subject_id,
            format: asked.format,
            state: State::Writing,
            job_id: jobs::enqueue(tx, new).await?,
            rows_written: None,
            size_bytes: None,
            created_at: now,
            ready_at: None,
            expires_at: now.plus_seconds(KEPT_SECONDS),
            version: 1,
            asked_by: tx.actor_id(),
            query: tx.premises().seal(&asked.query)?,
            writing_id: None,
            rights: Rights::default(),
        };
        queries::insert(tx, &export).await?;
        tx.changed(Change {
            noun: "export",
            row_id: id,
            version: 1,
            organization_id: Some(asked.organization_id),
            before: None,
            after: Some(serde_json::to_value(&export)?),
        });
        Ok(export)
    }
}

/// Takes a short list along at once: nothing is kept of it but who took it.
#[derive(Clone, Debug, Serialize)]
pub struct TakeExport {
    /// Which list, as what.
    pub asked: Asked,
    /// How many rows it has.
    pub rows_written: i64,
}

impl Command for TakeExport {
    const NAME: &'static str = "exports.take";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        check(tx, &self.asked).await
    }
}

/// Says that the file is written: a step of its job.
#[derive(Clone, Debug, Serialize)]
pub struct FinishExport {
    /// Which export.
    pub id: Uuid,
    /// Whose pieces the file is made of.
    pub writing_id: Uuid,
    /// Rows below its heading.
    pub rows_written: i64,
    /// Its size.
    pub size_bytes: i64,
    /// What filled it beyond its list.
    pub rights: Rights,
}

impl Command for FinishExport {
    const NAME: &'static str = "exports.finish";
    /// Whose pieces the file is made of.
    type Outcome = Option<Uuid>;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Option<Uuid>> {
        let Some(before) = queries::find(tx, self.id).await? else {
            tx.unguarded("there is nothing to guard");
            return Err(Error::not_found());
        };
        require(tx, &before.asked()).await?;
        let now = tx.now();
        let written = Written {
            writing_id: self.writing_id,
            rows_written: self.rows_written,
            size_bytes: self.size_bytes,
            rights: &self.rights,
        };
        let kept = (now, now.plus_seconds(KEPT_SECONDS));
        if !queries::set_ready(tx, self.id, written, kept).await? {
            return Ok(before.writing_id);
        }
        let after = queries::find(tx, self.id)
            .await?
            .ok_or_else(Error::not_found)?;
        tx.changed(Change {
            noun: "export",
            row_id: after.id,
            version: after.version,
            organization_id: Some(after.organization_id),
            before: Some(serde_json::to_value(&before)?),
            after: Some(serde_json::to_value(&after)?),
        });
        Ok(after.writing_id)
    }
}

/// Refused where the caller may not read that list, and then where it is not well asked for.
async fn check(tx: &mut Tx<'_>, asked: &Asked) -> Result<()> {
    require(tx, asked).await?;
    tx.concerns(asked.organization_id);
    if asked.query.len() > LONGEST_QUERY {
        let message = "Search and filters have at most 4,000 characters.";
        return Err(Error::invalid("query", "too_long", message));
    }
    check_words(asked)?;
    let (scope, now) = (tx.caller().scope.clone(), tx.now());
    check_seen(tx, &scope, asked, now).await
}

async fn require(tx: &mut Tx<'_>, asked: &Asked) -> Result<()> {
    let needed = asked.list.permissions();
    if !asked.list.is_of_all_seen() {
        for permission in needed {
            tx.require(*permission, asked.place()).await?;
        }
        return Ok(());
    }
    for permission in needed {
        tx.require_anywhere(*permission).await?;
    }
    if needed.is_empty() {
        tx.unguarded("it is one's own");
    }
    let scope = tx.scope().await?;
    check_place(tx, &scope, asked).await
}
