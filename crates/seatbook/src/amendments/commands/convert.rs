//! Converting a trial: a crossgrade to the full plan, to which everything of the trial goes over.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    crossgrades::{
        commands::Crossgrade,
        model::{Crossgraded, Resolution, Said, Units},
    },
    error::{Error, Result},
    gate::{Command, Tx},
    plan_subscriptions::{
        commands::{check_open, check_version, permitted},
        model::{Overlap, PlanOrder, PlanSubscription, WantedComponent},
        overlaps,
    },
    plans::{self, model::Edition},
    subscriptions::model::Choice,
};

/// Converts a trial to the full plan that its own plan names.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ConvertTrial {
    /// The trial.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// New units are issued; else they are drawn from the seller's own.
    pub issue: bool,
    /// What differs of the full plan's components.
    pub components: Vec<WantedComponent>,
}

impl Command for ConvertTrial {
    const NAME: &'static str = "amendments.convert";
    type Outcome = Crossgraded;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Crossgraded> {
        let trial = permitted(tx, self.id).await?;
        check_version(&trial, self.version)?;
        check_open(&trial)?;
        let plan_id = full_plan(tx, &trial).await?;
        let overlaps = self.overlaps(tx, &trial, plan_id).await?;
        let order = PlanOrder {
            seller_id: trial.seller_id,
            customer_id: trial.organization_id,
            plan_id,
            issue: self.issue,
            start_date: None,
            end_date: None,
            auto_renews: None,
            notice_days: None,
            components: self.components.clone(),
        };
        Crossgrade { order, overlaps }.run(tx).await
    }
}

/// The plan that a trial becomes.
async fn full_plan(tx: &mut Tx<'_>, trial: &PlanSubscription) -> Result<Uuid> {
    if trial.edition != Edition::Trial {
        let message = "This is no trial; a crossgrade moves the customer to another service plan.";
        return Err(Error::conflict("plan.not_trial", message));
    }
    let plan = plans::queries::find(tx, trial.plan_id).await?;
    plan.and_then(|plan| plan.full_plan_id).ok_or_else(|| {
        let message = format!(
            "The catalog names no full service plan for “{}”; name it there, or crossgrade.",
            trial.plan_name
        );
        Error::conflict("trial.no_full_plan", message)
    })
}

impl ConvertTrial {
    /// Everything of the trial goes over, with as many units as it has, or as are said of the component.
    async fn overlaps(
        &self,
        tx: &mut Tx<'_>,
        trial: &PlanSubscription,
        plan_id: Uuid,
    ) -> Result<Vec<Said>> {
        let plan = plans::queries::find(tx, plan_id).await?;
        let plan = plan.ok_or_else(Error::not_found)?;
        let components = plans::queries::components(tx, plan.id, plan.composition).await?;
        let now = tx.now();
        let mut found = overlaps::find(tx, trial.organization_id, &components, now).await?;
        found.retain(|it| it.subscription_id == Some(trial.id));
        let said = |it: Overlap| {
            let mut named = self.components.iter();
            let sized = named.any(|one| one.sku_id == it.sku_id && one.units.is_some());
            Said {
                pool_id: it.pool.id,
                resolution: Some(Resolution::Transfer),
                units: if sized { Units::New } else { Units::Keep },
                choice: Choice::default(),
            }
        };
        Ok(found.into_iter().map(said).collect())
    }
}
