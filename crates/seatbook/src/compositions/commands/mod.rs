//! The verbs of changed compositions.

mod approve;
mod decline;

pub use approve::ApproveComposition;
pub use decline::DeclineComposition;

use uuid::Uuid;

use crate::{
    error::{Error, Result},
    gate::Tx,
    plan_subscriptions::{
        self,
        commands::{check_open, check_version},
        model::PlanSubscription,
    },
    scope::Permission,
};

/// What was seen of a customer's plan by whoever decides about it.
struct Seen {
    /// What the customer has of the plan.
    id: Uuid,
    /// Its version; any where there is none.
    version: Option<i64>,
    /// The newest composition of the plan; any where there is none.
    composition: Option<i64>,
}

impl Seen {
    /// The subscription for somebody who may do all of this for its seller, if it is what was seen.
    async fn read(self, tx: &mut Tx<'_>, needed: &[Permission]) -> Result<PlanSubscription> {
        let found = plan_subscriptions::queries::get(tx, self.id).await?;
        for permission in needed {
            tx.require(*permission, found.organization_id).await?;
            tx.require_above(*permission, found.seller_id).await?;
        }
        check_version(&found, self.version)?;
        check_open(&found)?;
        let newest = found.newest_composition;
        if self.composition.is_some_and(|seen| seen != newest) {
            let message = format!("The plan has composition {newest} by now; look at it again.");
            return Err(
                Error::conflict("composition.changed", message).with("newest_composition", newest)
            );
        }
        Ok(found)
    }
}

/// There is nothing to decide about.
fn current(of: &PlanSubscription, message: &str) -> Error {
    Error::conflict("composition.current", message).with("composition", of.composition)
}
