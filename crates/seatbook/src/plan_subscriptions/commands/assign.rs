//! Assigning a plan: one subscription and its licenses, in one step.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Date;
use uuid::Uuid;

use super::{
    order::{Line, Understood, check_sale, days, deliver, lines, sources, understand},
    record_new,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{carrying::settle, model::License},
    plan_subscriptions::{
        model::{AssignedPlan, Overlap, PlanOrder, PlanSubscription, Standing},
        overlaps, queries,
    },
    plans::{
        self,
        model::{Component, Edition, ServicePlan},
    },
};

/// Gives a customer a service plan. Refused where the customer has a part of it already: that is a crossgrade.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AssignPlan {
    /// What is ordered.
    #[serde(flatten)]
    pub order: PlanOrder,
}

impl Command for AssignPlan {
    const NAME: &'static str = "plan_subscriptions.assign";
    type Outcome = AssignedPlan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<AssignedPlan> {
        let understood = understand(tx, &self.order).await?;
        let components = understood.components();
        let now = tx.now();
        let found = overlaps::find(tx, self.order.customer_id, &components, now).await?;
        if !found.is_empty() {
            return Err(overlapping(&understood.customer.name, &found));
        }
        let lines: Vec<_> = understood.lines.iter().collect();
        let pools = sources(tx, &self.order, (&understood, &lines)).await?;
        let mut licenses = Vec::with_capacity(lines.len());
        for (line, pool) in lines.iter().zip(&pools) {
            let license = deliver(tx, &self.order, &understood, (line, pool.as_ref())).await?;
            licenses.push((line.component.position, license));
        }
        let licenses: Vec<(i64, &License)> = licenses.iter().map(|(at, it)| (*at, it)).collect();
        begin(tx, &self.order, &understood, &licenses).await
    }
}

impl Understood {
    /// The components that are ordered.
    pub fn components(&self) -> Vec<Component> {
        self.lines
            .iter()
            .map(|line| line.component.clone())
            .collect()
    }
}

/// Writes the subscription that licenses are the parts of, each with its component's position.
pub async fn begin(
    tx: &mut Tx<'_>,
    order: &PlanOrder,
    understood: &Understood,
    licenses: &[(i64, &License)],
) -> Result<AssignedPlan> {
    let plan = &understood.plan;
    let notice_days = check_notice(order, plan)?;
    let renews = order.auto_renews.unwrap_or(plan.auto_renews);
    let new = PlanSubscription {
        id: tx.new_id(),
        organization_id: order.customer_id,
        organization_name: understood.customer.name.clone(),
        seller_id: order.seller_id,
        plan_id: plan.id,
        plan_code: plan.code.clone(),
        plan_name: plan.name.clone(),
        edition: plan.edition,
        composition: plan.composition,
        newest_composition: plan.composition,
        declined: 0,
        start_date: understood.start,
        end_date: understood.end,
        time_zone: understood.customer.time_zone.clone(),
        // A trial is over when it is over, unless somebody converts it.
        auto_renews: renews && plan.edition == Edition::Full,
        notice_days,
        standing: Standing::Running,
        successor_id: None,
        ended_at: None,
        created_at: tx.now(),
        version: 1,
    };
    // Written once: a row that every order changed would be one that all of them wait for.
    if !plans::queries::was_assigned(tx, plan.id).await? {
        let now = tx.now();
        plans::queries::mark_assigned(tx, plan.id, now).await?;
    }
    queries::insert(tx, &new).await?;
    let mut ids = Vec::with_capacity(licenses.len());
    for (position, license) in licenses {
        queries::insert_part(tx, new.id, (license.id, *position)).await?;
        ids.push(license.id);
    }
    settle(tx, &ids, (plan.id, plan.composition)).await?;
    if plan.edition == Edition::Trial {
        try_products(tx, &new, &understood.lines).await?;
    }
    record_new(tx, &new, &ids)?;
    let parts = queries::parts(tx, new.id).await?;
    Ok(AssignedPlan {
        subscription: new,
        parts,
    })
}

/// A customer tries each product once; what a subscription tries already, it goes on trying.
pub(super) async fn try_products(
    tx: &mut Tx<'_>,
    new: &PlanSubscription,
    lines: &[Line],
) -> Result<()> {
    let tries = queries::tries(tx, new.id).await?;
    let products: BTreeSet<(Uuid, &str)> = lines
        .iter()
        .map(|line| (line.sku.product_id, line.sku.product_name.as_str()))
        .filter(|(id, _)| !tries.contains(id))
        .collect();
    if products.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = products.iter().map(|(id, _)| *id).collect();
    let tried = queries::tried(tx, new.organization_id, &ids).await?;
    let names = products.iter().filter(|(id, _)| tried.contains(id));
    let names: Vec<&str> = names.map(|(_, name)| *name).collect();
    if !names.is_empty() {
        return Err(used(&names));
    }
    for (product_id, name) in products {
        if !queries::insert_trial(tx, new.organization_id, product_id, new.id).await? {
            return Err(used(&[name]));
        }
    }
    Ok(())
}

fn used(names: &[&str]) -> Error {
    let message = format!(
        "This customer has tried {} before; a product is tried once.",
        names.join(", ")
    );
    Error::conflict("trial.used", message).with("products", json!(names))
}

/// The customer has a part of it already: what becomes of that has to be said.
pub fn overlapping(customer: &str, found: &[Overlap]) -> Error {
    let named: BTreeSet<&str> = found
        .iter()
        .flat_map(|it| &it.shared)
        .map(String::as_str)
        .collect();
    let message = format!(
        "{customer} has {} already. Say in a crossgrade what becomes of it.",
        named.into_iter().collect::<Vec<_>>().join(", ")
    );
    let pools: Vec<String> = found.iter().map(|it| it.pool.id.to_string()).collect();
    Error::conflict("plan.overlap", message).with("pool_ids", json!(pools))
}

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
