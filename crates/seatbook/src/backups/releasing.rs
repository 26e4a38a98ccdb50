//! Releasing a restored book: what must not happen twice is seen to, then it is a book like any other.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::marks::Series;
use crate::{
    access,
    error::{Error, Result},
    gate::{Command, Tx},
    invoices, mail, quarantine,
    scope::tree,
};

/// Ends the quarantine of a restored book.
#[derive(Clone, Debug, Serialize)]
pub struct Release {
    /// Numbers of invoices that were given: the next ones are behind them.
    pub floors: Vec<Series>,
}

/// What was seen to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Released {
    /// The backup it came from.
    pub backup_id: Uuid,
    /// Numbers that are left out, as their invoices were lost.
    pub gaps: Vec<Gap>,
    /// Mails that waited, and are sent only when somebody says so.
    pub mails_held: i64,
    /// People who have to sign in again.
    pub sessions_ended: i64,
}

/// Numbers that stand on no invoice of this book.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Gap {
    /// Whose.
    pub issuer_id: Uuid,
    /// Of which series.
    pub series: String,
    /// From this one.
    pub first: i64,
    /// To this one, which is left out too.
    pub last: i64,
}

impl Command for Release {
    const NAME: &'static str = "book.release";
    const IN_QUARANTINE: bool = true;
    type Outcome = Released;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Released> {
        tx.unguarded("only the command line of the machine submits it");
        if let Some(root) = tree::root(tx).await? {
            tx.concerns(root);
        }
        let found = quarantine::find(tx).await?.ok_or_else(none)?;
        // First, so that a second one waits here and then finds nothing to do.
        if !quarantine::lift(tx).await? {
            return Err(none());
        }
        let mut gaps = Vec::new();
        for floor in &self.floors {
            let series = (floor.issuer_id, floor.series.as_str());
            let left_out = invoices::leave_out(tx, series, floor.last).await?;
            gaps.extend(left_out.map(|(first, last)| Gap {
                issuer_id: floor.issuer_id,
                series: floor.series.clone(),
                first,
                last,
            }));
        }
        let why =
            "Held: the book was restored, and this mail may have left after the backup was made.";
        let mails_held = mail::hold(tx, why).await?;
        let now = tx.now();
        let sessions_ended = access::queries::end_everything(tx, now).await?;
        Ok(Released {
            backup_id: found.backup_id,
            gaps,
            mails_held,
            sessions_ended,
        })
    }
}

pub(super) fn none() -> Error {
    let message = "This book is not in quarantine; there is nothing to resume.";
    Error::conflict("quarantine.none", message)
}
