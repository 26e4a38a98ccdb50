//! What all customers that fit need together. Each is checked alone: that each fits does not mean that all do.

use std::collections::BTreeMap;

use serde::Serialize;
use store::{Timestamp, Tx};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    model::{Action, Rollout},
    queries,
};
use crate::{
    error::Result,
    plan_subscriptions,
    plans::{self, model::Component},
};

/// What is needed of one component, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = RolloutTotal)]
pub struct Total {
    /// The component's SKU.
    pub sku_id: Uuid,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `user`.
    pub unit: String,
    /// Several units, such as `users`.
    pub units_name: String,
    /// Units for each customer.
    pub units: i64,
    /// Customers that fit and need it: all of them, or those for whom a changed composition brings it.
    pub customers: i64,
    /// Units for all of them.
    pub needed: i64,
    /// Units that are free in open pools of the seller; absent where new ones are issued.
    pub free: Option<i64>,
    /// Units of which there are too few.
    pub short: i64,
    /// Customers of these that get theirs. A customer's units come from one pool, so this may be fewer than the free
    /// units make; absent where new ones are issued.
    pub enough_for: Option<i64>,
}

impl Total {
    /// Customers that would get nothing of it.
    pub fn too_many(&self) -> i64 {
        let enough = self.enough_for.unwrap_or(self.customers);
        (self.customers - enough).max(0)
    }
}

/// What the customers of a rollout that fit, so many, need together, component by component.
pub async fn of(
    tx: &mut Tx<'_>,
    rollout: &Rollout,
    fits: i64,
    now: Timestamp,
) -> Result<Vec<Total>> {
    let plan = plans::queries::find(tx, rollout.plan_id).await?;
    let plan = plan.filter(|_| rollout.action != Action::Decline);
    let Some(plan) = plan else {
        return Ok(vec![]);
    };
    let components = plans::queries::components(tx, plan.id, plan.composition).await?;
    let mut pools = Pools::default();
    if !rollout.terms.issue && !components.is_empty() {
        let products: Vec<Uuid> = components.iter().map(|it| it.product_id).collect();
        pools.free =
            plan_subscriptions::queries::open_pools(tx, rollout.seller_id, &products, now).await?;
    }
    let mut totals = Vec::with_capacity(components.len());
    for component in components {
        let customers = match rollout.action {
            Action::Approve => queries::without(tx, rollout, component.sku_id).await?,
            Action::Assign | Action::Decline => fits,
        };
        if customers > 0 || rollout.action == Action::Assign {
            totals.push(total(rollout, component, customers, &mut pools));
        }
    }
    Ok(totals)
}

fn total(rollout: &Rollout, it: Component, customers: i64, pools: &mut Pools) -> Total {
    let mut wanted = rollout.terms.components.iter();
    let wanted = wanted.find(|wanted| wanted.sku_id == it.sku_id);
    let units = wanted.and_then(|it| it.units).unwrap_or(it.units);
    let from = wanted.and_then(|it| it.source_pool_id);
    let drawn = match rollout.terms.issue {
        true => None,
        false => Some(pools.draw((it.product_id, from), units, customers)),
    };
    let needed = units.saturating_mul(customers);
    Total {
        sku_id: it.sku_id,
        sku_code: it.sku_code,
        product_name: it.product_name,
        unit: it.unit,
        units_name: it.units_name,
        units,
        customers,
        needed,
        free: drawn.map(|it| it.0),
        short: drawn.map_or(0, |it| (needed - it.0).max(0)),
        enough_for: drawn.map(|it| it.1),
    }
}

/// What is free, pool by pool: its id, its product, its units.
#[derive(Default)]
struct Pools {
    free: Vec<(Uuid, Uuid, i64)>,
}

impl Pools {
    /// Draws so many units for each customer: what was free, and for how many customers that was enough. What is drawn
    /// is not there for the next component.
    fn draw(
        &mut self,
        (product_id, from): (Uuid, Option<Uuid>),
        units: i64,
        customers: i64,
    ) -> (i64, i64) {
        let (mut free, mut enough) = (0_i64, 0_i64);
        for (pool_id, product, left) in &mut self.free {
            if *product != product_id || from.is_some_and(|from| from != *pool_id) {
                continue;
            }
            free = free.saturating_add(*left);
            let served = (*left / units.max(1)).min(customers - enough);
            *left -= served * units;
            enough += served;
        }
        (free, enough)
    }
}

/// Customers that fit, each alone, and would get nothing, as units are short.
pub fn too_many(totals: &[Total]) -> i64 {
    totals.iter().map(Total::too_many).max().unwrap_or_default()
}

/// The units that are short, by SKU: what a refusal says.
pub fn shortages(totals: &[Total]) -> BTreeMap<String, i64> {
    let short = totals.iter().filter(|it| it.too_many() > 0);
    short.map(|it| (it.sku_code.clone(), it.short)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_one_customer_come_from_one_pool() {
        let [pool, other, product] = [1, 2, 3].map(Uuid::from_u128);
        let mut pools = Pools {
            free: vec![(pool, product, 7), (other, product, 12)],
        };
        assert_eq!(pools.draw((product, None), 5, 10), (19, 3));
        assert_eq!(pools.draw((product, Some(other)), 2, 10), (2, 1));
        assert_eq!(pools.draw((other, None), 2, 10), (0, 0));
    }
}
