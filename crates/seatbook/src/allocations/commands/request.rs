//! What the grid's button does: checks the rows now, and queues the job that applies them (product.md, A4).

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{SetAllocations, WantedShare};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    jobs::{self, Ended, Kind, NewJob, Work},
    licenses,
    scope::Permission,
};

/// The name of the job that applies a grid.
const JOB: &str = "allocations.set";

/// Queues a change of shares, refused at once where it could not be applied now.
#[derive(Clone, Debug, Serialize)]
pub struct RequestAllocations {
    /// The pool whose units are passed on.
    pub pool_id: Uuid,
    /// The rows that change.
    pub rows: Vec<WantedShare>,
}

/// The queued job.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Requested {
    /// Its id.
    pub job_id: Uuid,
}

impl Command for RequestAllocations {
    const NAME: &'static str = "allocations.request";
    type Outcome = Requested;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Requested> {
        let pool = licenses::pools::find(tx, self.pool_id)
            .await?
            .ok_or_else(Error::not_found)?;
        tx.require(Permission::AllocationsSet, pool.organization_id)
            .await?;
        let change = SetAllocations {
            pool_id: self.pool_id,
            rows: self.rows.clone(),
        };
        change.check(tx).await?;
        let order = pool.sales_order.as_deref().unwrap_or(&pool.sku_code);
        let new = NewJob {
            kind: JOB,
            title: format!("Update of {order}, {}", pool.sku_code),
            payload: json!(change),
            organization_id: pool.organization_id,
            rows_total: self.rows.len() as i64,
        };
        Ok(Requested {
            job_id: jobs::enqueue(tx, new).await?,
        })
    }
}

/// How the runner applies a queued grid: one command under the job's own key, so it applies once whatever
/// crashes. Nothing was reserved meanwhile; a refusal now saves nothing, and the job's banner says why.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(apply(app, work)),
};

async fn apply(app: crate::app::App, work: Work) -> Result<Ended> {
    let change: SetAllocations = work.payload()?;
    let rows = change.rows.len() as i64;
    let done = app
        .gate
        .submit(&work.caller, work.key("apply"), change)
        .await?;
    work.progress(rows, rows).await?;
    let balance = done.outcome;
    let free = crate::console::format::number(balance.free);
    let message = format!(
        "{} changed; {free} still available.",
        crate::console::format::count(rows, "share", "shares")
    );
    Ok(Ended::done(message)
        .figure("Assigned", balance.allocated.to_string())
        .figure("Available", balance.free.to_string()))
}
