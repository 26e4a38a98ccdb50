//! Differences: what was edited in a workbook of customers that came back.
//!
//! Owns: what the rows of a workbook say, compared in three ways: as they were exported, as they are now, as the file says.
//! Does not own: what was exported (`workbooks`), the file on its way (`imports`), the rules of units, names and new
//! customers (their own rooms).
//! Keeps true: what nobody edited in the file is never in dispute, and stays as others left it; what both changed is
//! refused with both values; rows are judged in the order in which they are applied.
//! Others may use: everything here.

mod edits;
mod newcomers;
mod plan;
mod rows;

use store::Tx;
use uuid::Uuid;

use crate::{
    error::Result,
    gate::{self, Command},
    rows::{
        asker::Asker,
        cells::Oddity,
        sheet::{Field, Judged, field},
    },
    scope::Permission,
};
use plan::Plan;
pub use rows::{CustomerRow, understand};

/// The field of the keys.
pub const KEY: &str = "key";

/// The fields of a workbook of customers.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "name",
            "Name",
            "The customer's legal name.",
            &["name", "customer", "legalname"],
        )
    },
    Field {
        required: true,
        ..field(
            "units",
            "Units",
            "What it shall have from now on; 0 takes all back.",
            &["units", "quantity", "seats"],
        )
    },
    Field {
        required: true,
        ..field(
            KEY,
            "Key",
            "The hidden column: which row of the workbook it was; empty for a new customer.",
            &[KEY],
        )
    },
    field(
        "reference",
        "Reference",
        "Of new customers; that of the others stays.",
        &["reference", "customerreference"],
    ),
    field(
        "kind",
        "Kind",
        "Customer or partner, of new ones; that of the others stays.",
        &["kind"],
    ),
];

/// What would become of the rows, and what is to be said of all of them.
pub async fn judge(
    tx: &mut Tx<'_>,
    asker: &Asker,
    rows: &[&CustomerRow],
) -> Result<(Vec<Judged>, Vec<Oddity>)> {
    let plan = Plan::of(tx, asker, rows).await?;
    Ok((plan.judged, plan.oddities))
}

/// Does what the rows say, as far as it can be done: units that return come before those that are passed on.
pub async fn keep(tx: &mut gate::Tx<'_>, of: Uuid, rows: &[&CustomerRow]) -> Result<Vec<Judged>> {
    tx.require(Permission::ImportsRun, of).await?;
    let asker = Asker {
        caller: tx.caller().clone(),
        organization_id: of,
        now: tx.now(),
    };
    let plan = Plan::of(tx, &asker, rows).await?;
    if let Some(shares) = &plan.shares {
        shares.run(tx).await?;
    }
    for edit in &plan.names {
        edit.run(tx).await?;
    }
    for newcomer in &plan.newcomers {
        newcomer.run(tx).await?;
    }
    Ok(plan.judged)
}
