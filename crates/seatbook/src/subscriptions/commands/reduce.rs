//! Reducing: fewer units than are in use, so somebody loses theirs. Who, is planned and seen before it is done.

use rules::reduction::{self, Binding, Refused};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    MOST_ENDED, changed_meanwhile, check_editions, lower,
    renewal::{begin, check_ends, lapsing, write},
};
use crate::{
    assignments::{
        self,
        commands::{end, with_add_ons},
        model::Ending,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::model::Pool,
    secrets::hex,
    subscriptions::{
        model::{Choice, Loser, Plan, Reduced},
        queries::{self, Candidate},
    },
};

/// Lowers a pool to a quantity, below use if need be: whoever loses a unit is freed in the same step, or at the
/// renewal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reduce {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// Units it shall have.
    pub quantity: i64,
    /// At once; else at the renewal.
    pub now: bool,
    /// Who loses a unit.
    pub choice: Choice,
}

impl Command for Reduce {
    const NAME: &'static str = "subscriptions.reduce";
    type Outcome = Reduced;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Reduced> {
        let (pool, before) = begin(tx, self.id, self.version).await?;
        check_editions(tx, &[&pool]).await?;
        let plan = plan(tx, &pool, self.quantity, &self.choice).await?;
        accepted(&plan, &self.choice)?;
        if !self.now {
            check_ends(&pool)?;
            let units = (pool.quantity - self.quantity, pool.quantity);
            let after = lapsing(tx, &before, units, Some(&plan), &self.choice);
            write(tx, before, after).await?;
            return Ok(Reduced {
                plan,
                now: false,
                ended: vec![],
                returned_to: None,
            });
        }
        let losers: Vec<Uuid> = plan.losers.iter().map(|it| it.assignment_id).collect();
        let losing = assignments::queries::bindings(tx, &losers).await?;
        if losing.len() != losers.len() || losing.iter().any(|it| it.ended) {
            return Err(changed_meanwhile());
        }
        let ending = with_add_ons(tx, losing).await?;
        let (pool_id, units) = (pool.id, pool.quantity - self.quantity);
        let left = lower(tx, &ending, &[(pool, units)]).await?;
        // The pool was read before it was held: two who lower it to one quantity do not add up.
        let own = left.iter().find(|it| it.pool_id == pool_id);
        if own.is_none_or(|it| it.quantity != self.quantity) {
            return Err(changed_meanwhile());
        }
        let freed = end(tx, &ending, Ending::Reduced).await?;
        Ok(Reduced {
            plan,
            now: true,
            ended: freed.ended,
            returned_to: own.and_then(|pool| pool.returned_to),
        })
    }
}

/// Plans lowering a pool to a quantity: who would lose a unit. The same for the page that asks and for the write.
pub async fn plan(
    tx: &mut store::Tx<'_>,
    pool: &Pool,
    quantity: i64,
    choice: &Choice,
) -> Result<Plan> {
    if !(0..pool.quantity).contains(&quantity) {
        let message = format!("It has {}; say a smaller number.", pool.quantity);
        return Err(Error::invalid("quantity", "quantity.not_lower", message));
    }
    if quantity < pool.allocated {
        return Err(passed_on(pool, quantity));
    }
    let to_free = (pool.allocated + pool.assigned - quantity).max(0);
    if to_free > MOST_ENDED {
        let message = format!(
            "{to_free} units in use would have to be freed; lower it by {MOST_ENDED} at a time."
        );
        return Err(Error::invalid("quantity", "reduction.too_large", message));
    }
    let losers = losers(tx, pool, to_free, choice).await?;
    Ok(Plan {
        subscription_id: pool.id,
        total: pool.quantity,
        quantity,
        to_free,
        fingerprint: fingerprint(pool.id, quantity, &losers),
        losers: losers.iter().map(loser).collect(),
    })
}

async fn losers(
    tx: &mut store::Tx<'_>,
    pool: &Pool,
    to_free: i64,
    choice: &Choice,
) -> Result<Vec<Candidate>> {
    let (mut found, taken) = match choice {
        Choice::Rule { rule, .. } => {
            let found = queries::candidates(tx, pool.id, *rule, to_free).await?;
            let taken = reduction::by_rule(&bindings(&found), to_free, *rule);
            (found, taken)
        }
        Choice::Hand(ids) => {
            let ids: Vec<Uuid> = super::once(ids.iter().copied()).into_iter().collect();
            let found = queries::chosen(tx, pool.id, &ids).await?;
            if found.len() != ids.len() {
                return Err(stale());
            }
            let taken = reduction::by_hand(&bindings(&found), to_free);
            (found, taken)
        }
    };
    let taken = taken.map_err(|refused| not_taken(refused, choice))?;
    found.retain(|candidate| taken.contains(&candidate.binding.id));
    Ok(found)
}

fn bindings(found: &[Candidate]) -> Vec<Binding<Uuid>> {
    found.iter().map(|candidate| candidate.binding).collect()
}

fn loser(candidate: &Candidate) -> Loser {
    Loser {
        assignment_id: candidate.binding.id,
        holder_id: candidate.holder_id,
        units: candidate.binding.units,
        add_ons: candidate.add_ons,
    }
}

/// Whoever loses a unit must have been seen: named by hand, or by the fingerprint of the plan that named them.
pub fn accepted(plan: &Plan, choice: &Choice) -> Result<()> {
    let Choice::Rule { fingerprint, .. } = choice else {
        return Ok(());
    };
    match fingerprint {
        Some(seen) if *seen != plan.fingerprint => Err(stale()),
        None if !plan.losers.is_empty() => {
            let message = format!(
                "{} would lose what they use; look at them, and send the fingerprint of the plan to accept it.",
                plan.losers.len()
            );
            Err(Error::conflict("reduction.not_accepted", message)
                .with("to_free", plan.to_free)
                .with("losers", json!(plan.losers))
                .with("fingerprint", plan.fingerprint.clone()))
        }
        _ => Ok(()),
    }
}

/// What a plan comes to, in a few letters: another pool, quantity, person or order has others.
fn fingerprint(pool_id: Uuid, quantity: i64, losers: &[Candidate]) -> String {
    let mut hash = Sha256::new();
    hash.update(pool_id.as_bytes());
    hash.update(quantity.to_be_bytes());
    for loser in losers {
        hash.update(loser.binding.id.as_bytes());
        hash.update(loser.binding.units.to_be_bytes());
        hash.update(loser.add_ons.to_be_bytes());
    }
    hex(&hash.finalize()[..16])
}

/// Units that children hold are theirs: only they can free their own bindings.
fn passed_on(pool: &Pool, quantity: i64) -> Error {
    let message = format!(
        "{} {} are passed on; take {} of them back before you lower the quantity to {quantity}.",
        pool.allocated,
        pool.units,
        pool.allocated - quantity
    );
    Error::conflict("reduction.passed_on", message)
        .with("allocated", pool.allocated)
        .with("to_return", pool.allocated - quantity)
}

fn not_taken(refused: Refused<Uuid>, choice: &Choice) -> Error {
    match (refused, choice) {
        (Refused::TooFew { missing }, Choice::Hand(_)) => {
            let message = format!("{missing} more units must go; choose who else loses theirs.");
            Error::conflict("reduction.too_few", message).with("missing", missing)
        }
        // By rule, everybody gives way in the end: only somebody faster makes them too few.
        (Refused::TooFew { .. }, Choice::Rule { .. }) => changed_meanwhile(),
        (Refused::Needless(ids), _) => {
            let message = format!("{} of those you chose need not lose theirs.", ids.len());
            Error::conflict("reduction.needless", message).with("assignment_ids", json!(ids))
        }
    }
}

fn stale() -> Error {
    let message = "Somebody changed who uses these units in the meantime; look at the plan again.";
    Error::conflict("preview.stale", message)
}
