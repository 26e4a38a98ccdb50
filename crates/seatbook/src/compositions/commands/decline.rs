//! Declining: the customer keeps what it has, and may have the rest later.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Seen, current};
use crate::{
    error::Result,
    gate::{Command, Tx},
    plan_subscriptions::{commands::decline, model::PlanSubscription},
    scope::Permission,
};

/// Leaves what a customer has of a plan as it is, although the plan is made of other parts by now.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct DeclineComposition {
    /// What the customer has of the plan.
    pub subscription_id: Uuid,
    /// The version that was seen; any where there is none.
    pub version: Option<i64>,
    /// The newest composition of the plan that was seen; any where there is none.
    pub composition: Option<i64>,
}

impl Command for DeclineComposition {
    const NAME: &'static str = "compositions.decline";
    type Outcome = PlanSubscription;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<PlanSubscription> {
        let seen = Seen {
            id: self.subscription_id,
            version: self.version,
            composition: self.composition,
        };
        let before = seen.read(tx, &[Permission::LicensesSell]).await?;
        if !before.is_locked() {
            let message = "Nothing waits here for somebody to approve or decline it.";
            return Err(current(&before, message));
        }
        decline(tx, before).await
    }
}
