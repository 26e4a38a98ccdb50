//! What happens to one overlap: whoever loses a unit, what goes back, and the license that takes over.

use serde_json::json;
use uuid::Uuid;

use super::settle::Settled;
use crate::{
    assignments::{self, commands::free, model::Ending},
    catalog::model::Product,
    crossgrades::model::Resolution,
    error::{Error, Result},
    gate::Tx,
    licenses::{
        self,
        commands::{Birth, Origin, carry, draw},
        model::{License, Pool},
    },
    plan_subscriptions::commands::order::Line,
    subscriptions::commands::{accepted, carry_decision, lower, plan},
};

/// As many add-ons as a refusal names.
const NAMED: i64 = 20;

/// Makes a pool fit to be carried: whoever loses a unit is freed, and its units are back where they came from. Gives
/// the assignments that ended.
pub async fn make_room(tx: &mut Tx<'_>, it: &Settled, line: &Line) -> Result<Vec<Uuid>> {
    let pool = &it.overlap.pool;
    let mut ended = lose(tx, it).await?;
    if !it.overlap.same_product {
        ended.extend(fit(tx, pool, line).await?);
    }
    if let Some(parent_id) = pool.parent_id {
        draw(tx, parent_id, -pool.quantity).await?;
    }
    Ok(ended)
}

/// Ends what the customer has: everybody is freed, the units go back, and a license of its own is superseded.
pub async fn end_old(tx: &mut Tx<'_>, it: &Settled, old: &License) -> Result<Vec<Uuid>> {
    let ended = lose(tx, it).await?;
    let pool = &it.overlap.pool;
    lower(tx, &[], &[(pool.clone(), pool.quantity)]).await?;
    if it.overlap.own {
        let left = licenses::queries::get(tx, old.id).await?;
        licenses::commands::supersede(tx, left).await?;
    }
    Ok(ended)
}

/// Frees whoever loses a unit, as it was seen.
async fn lose(tx: &mut Tx<'_>, it: &Settled) -> Result<Vec<Uuid>> {
    debug_assert!(it.resolution != Resolution::KeepBoth);
    let pool = &it.overlap.pool;
    if it.units >= pool.quantity {
        return Ok(vec![]);
    }
    let plan = plan(tx, pool, it.units, &it.choice).await?;
    accepted(&plan, &it.choice)?;
    let losers: Vec<Uuid> = plan.losers.iter().map(|it| it.assignment_id).collect();
    let losing = assignments::queries::bindings(tx, &losers).await?;
    if losing.len() != losers.len() || losing.iter().any(|it| it.ended) {
        return Err(changed_meanwhile());
    }
    Ok(free(tx, losing, Ending::Reduced).await?.ended)
}

/// Makes the bindings of a pool fit for another product: add-ons must be made for it, and a holder that has it already
/// has it once. Gives the assignments that ended for that.
async fn fit(tx: &mut Tx<'_>, pool: &Pool, line: &Line) -> Result<Vec<Uuid>> {
    if pool.allocated > 0 {
        let message = format!(
            "{} {} are passed on, and {} is another product: take them back first, or keep both.",
            pool.allocated, pool.units, line.sku.product_name
        );
        return Err(Error::conflict("crossgrade.passed_on", message)
            .with("pool_id", pool.id.to_string())
            .with("allocated", pool.allocated));
    }
    let product_id = line.sku.product_id;
    let misfits = assignments::queries::misfits(tx, pool.id, product_id, NAMED).await?;
    if let Some((_, name)) = misfits.first() {
        let message = format!(
            "{name} is not made for {}: take such add-ons off first, or keep both.",
            line.sku.product_name
        );
        let ids: Vec<Uuid> = misfits.iter().map(|(id, _)| *id).collect();
        return Err(Error::conflict("crossgrade.add_on_misfit", message)
            .with("pool_id", pool.id.to_string())
            .with("assignment_ids", json!(ids)));
    }
    let product = product(tx, product_id).await?;
    if !product.many_per_holder && assignments::queries::count_many(tx, pool.id).await? > 0 {
        let message = format!(
            "Holders have several units here, and one of {} each; keep both.",
            product.name
        );
        return Err(
            Error::conflict("crossgrade.many_units", message).with("pool_id", pool.id.to_string())
        );
    }
    if product.many_per_holder {
        return Ok(vec![]);
    }
    let doubled = assignments::queries::doubled(tx, pool.id, product_id).await?;
    match doubled.is_empty() {
        true => Ok(vec![]),
        false => Ok(free(tx, doubled, Ending::Reduced).await?.ended),
    }
}

/// Writes the license that takes a pool over, with everything that is bound and decided about it.
pub async fn take_over(tx: &mut Tx<'_>, it: &Settled, birth: Birth) -> Result<(License, Origin)> {
    let pool = &it.overlap.pool;
    let product = product(tx, birth.sku.product_id).await?;
    let (license, origin) = carry(tx, pool, birth).await?;
    let whose = (pool.license_id, license.id);
    let of = (product.id, !product.many_per_holder);
    assignments::records::carry(tx, whose, of, false).await?;
    carry_decision(tx, pool.id, license.id).await?;
    Ok((license, origin))
}

async fn product(tx: &mut Tx<'_>, id: Uuid) -> Result<Product> {
    let found = crate::catalog::queries::find_product(tx, id).await?;
    found.ok_or_else(|| Error::internal("a SKU without its product"))
}

fn changed_meanwhile() -> Error {
    let message = "Somebody changed these units at the same moment; please look again.";
    Error::conflict("subscription.changed", message)
}
