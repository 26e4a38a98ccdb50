//! What changed compositions ask of the book.

use store::{Select, Tx};
use uuid::Uuid;

use super::model::Change;
pub use crate::plan_subscriptions::queries::{MOST_LOCKED, locked_of};
use crate::{
    error::Result,
    plan_subscriptions::{self, model::PlanSubscription},
    plans,
    scope::{Permission, Scope, queries::below_any},
};

/// What the newest composition of its plan means for a subscription: a component is one SKU, whatever its units.
pub async fn change(tx: &mut Tx<'_>, of: &PlanSubscription) -> Result<Change> {
    let newest = plans::queries::components(tx, of.plan_id, of.newest_composition).await?;
    let had = plans::queries::components(tx, of.plan_id, of.composition).await?;
    let mut had: Vec<Uuid> = had.into_iter().map(|it| it.sku_id).collect();
    let mut change = Change::default();
    for part in plan_subscriptions::queries::parts(tx, of.id).await? {
        had.push(part.license.sku_id);
        let stays = newest.iter().find(|it| it.sku_id == part.license.sku_id);
        match stays {
            Some(component) => change.kept.push((component.position, part.license)),
            None => change.gone.push(part),
        }
    }
    change
        .kept
        .sort_by_key(|(position, license)| (*position, license.id));
    change.new = newest
        .into_iter()
        .filter(|it| !had.contains(&it.sku_id))
        .collect();
    Ok(change)
}

/// How many customers of a plan that the scope can see have an earlier composition: all of them, and those that are
/// locked.
pub async fn count_earlier(tx: &mut Tx<'_>, scope: &Scope, plan_id: Uuid) -> Result<(i64, i64)> {
    let roots = scope.require(Permission::LicensesRead)?;
    let mut select = Select::new(
        "SELECT count(*), CAST(coalesce(sum(CASE WHEN s.composition > q.declined THEN 1 ELSE 0 END), 0) AS BIGINT)
         FROM plan_subscription q JOIN service_plan s ON s.id = q.plan_id",
    );
    select
        .and("q.plan_id = ?", &plan_id)
        .and_raw("q.standing = 'running' AND s.composition > q.composition");
    below_any(&mut select, "q.organization_id", &roots);
    Ok(tx.query_one(&select.sql(""), select.params()).await?)
}
