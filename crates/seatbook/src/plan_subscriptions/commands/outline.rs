//! What of an order is the same for whomever it is for.

use store::Date;

use super::order::{Line, check_sale, days, lines};
use crate::{
    error::{Error, Result},
    gate::Tx,
    plan_subscriptions::model::PlanOrder,
    plans::{self, model::ServicePlan},
};

/// Keeps every rule of an order that is the same for all customers, as of a day: the plan, with what is ordered of it.
/// Whoever calls has asked for the permissions.
pub async fn outline(
    tx: &mut Tx<'_>,
    order: &PlanOrder,
    today: Date,
) -> Result<(ServicePlan, Vec<Line>)> {
    let plan = plans::queries::find(tx, order.plan_id).await?;
    let plan = plan.ok_or_else(|| {
        Error::invalid("plan_id", "plan.unknown", "There is no such service plan.")
    })?;
    check_sale(&plan, today)?;
    check_notice(order, &plan)?;
    let components = plans::queries::components(tx, plan.id, plan.composition).await?;
    let lines = lines(tx, order, &plan, components).await?;
    days(order, &plan, today)?;
    Ok((plan, lines))
}

/// The days of notice that are ordered.
pub fn check_notice(order: &PlanOrder, plan: &ServicePlan) -> Result<i64> {
    let days = order.notice_days.unwrap_or(plan.notice_days);
    if !(0..=3_660).contains(&days) {
        let message = "0 to 3,660 days.";
        return Err(Error::invalid("notice_days", "out_of_range", message));
    }
    Ok(days)
}
