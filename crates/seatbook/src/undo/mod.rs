//! Taking entries of the journal back.
//!
//! Owns: what it takes to put back every row that entries changed, what was built on them since, and doing it.
//! Does not own: which entries belong together and who asks (`history`, `imports`), how rows are changed (their
//! rooms' verbs).
//! Keeps true: an entry is taken back whole or not at all, once, and not while something was built on it; the entry
//! that does it says so.
//! Others may use: [`plan()`], [`Plan`], [`TakeBack`].

mod obstacles;
mod plan;
mod references;

pub use obstacles::Obstacle;
pub use plan::{Plan, plan};

use serde::Serialize;
use store::Place;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    journal,
    scope::Permission,
};

/// Takes back one part of a file. What a file did in many parts is taken back part by part, the last first, so that
/// nobody waits for all of it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TakeBack {
    /// The entry of the part.
    pub journal_id: Uuid,
}

impl Command for TakeBack {
    const NAME: &'static str = "journal.take_back";
    /// Rows that were put back; none where somebody had done it already.
    type Outcome = i64;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<i64> {
        let entry = journal::queries::find(tx, self.journal_id).await?;
        let entry = entry.ok_or_else(Error::not_found)?;
        let place = entry.organization_id.ok_or_else(Error::not_found)?;
        tx.require(Permission::ImportsRun, place).await?;
        if entry.undone_by.is_some() {
            return Ok(0);
        }
        let plan = plan(tx, &[entry.id]).await?;
        plan.refuse()?;
        tx.undoes(&[entry.id]);
        plan.put_back(tx).await?;
        Ok(plan.rows)
    }
}
