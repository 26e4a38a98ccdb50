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
    /// Units for all customers that fit.
    pub needed: i64,
    /// Units that are free in open pools of the seller; absent where new ones are issued.
    pub free: Option<i64>,
    /// Units of which there are too few.
    pub short: i64,
    /// Customers that fit and get theirs. A customer's units come from one pool, so this may be fewer than the free
    /// units make; absent where new ones are issued.
    pub enough_for: Option<i64>,
}

impl Total {
    /// Whether there is too little for so many customers.
    pub fn is_short(&self, customers: i64) -> bool {
        self.enough_for.is_some_and(|enough| enough < customers)
    }
}

/// What so many customers of a rollout need together, component by component.
pub async fn of(
    tx: &mut Tx<'_>,
    rollout: &Rollout,
    customers: i64,
    now: Timestamp,
) -> Result<Vec<Total>> {
    let Action::Assign = rollout.action;
    let Some(plan) = plans::queries::find(tx, rollout.plan_id).await? else {
        return Ok(vec![]);
    };
    let components = plans::queries::components(tx, plan.id, plan.composition).await?;
    let mut pools = Pools::default();
    if !rollout.terms.issue && !components.is_empty() {
        let products: Vec<Uuid> = components.iter().map(|it| it.product_id).collect();
        pools.free = queries::free(tx, rollout.seller_id, &products, now).await?;
    }
    let total = |it: Component| {
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
            needed,
            free: drawn.map(|it| it.0),
            short: drawn.map_or(0, |it| (needed - it.0).max(0)),
            enough_for: drawn.map(|it| it.1),
        }
    };
    Ok(components.into_iter().map(total).collect())
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

/// The fewest customers that any component is enough for; none where nothing is drawn.
pub fn enough_for(totals: &[Total]) -> Option<i64> {
    totals.iter().filter_map(|it| it.enough_for).min()
}

/// The units that are short, by SKU: what a refusal says.
pub fn shortages(totals: &[Total], customers: i64) -> BTreeMap<String, i64> {
    let short = totals.iter().filter(|it| it.is_short(customers));
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
