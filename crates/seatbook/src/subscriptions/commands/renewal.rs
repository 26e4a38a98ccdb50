//! Deciding about the renewal: unsubscribing, all of it or a number of units, and taking that back.

use serde::{Deserialize, Serialize};
use serde_json::to_value;
use uuid::Uuid;

use super::{
    MOST_ENDED, changed_meanwhile, check_running, lower,
    reduce::{accepted, plan},
};
use crate::{
    assignments::{
        self,
        commands::{end, with_add_ons},
        model::{Binding, Ending},
    },
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    licenses::{commands::check_unlocked, model::Pool, pools},
    scope::Permission,
    subscriptions::{
        model::{Choice, Decision, LoweredPool, Plan, Subscription},
        queries,
    },
};

/// Decides that a pool, or a number of its units, does not renew.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// How many units in all shall not renew; all of them where there is none.
    pub units: Option<i64>,
    /// Who loses theirs then, where more units go than are free.
    pub choice: Choice,
    /// Days of grace, for the answer.
    pub days: i64,
}

impl Command for Unsubscribe {
    const NAME: &'static str = "subscriptions.unsubscribe";
    type Outcome = Subscription;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Subscription> {
        let (pool, before) = begin(tx, self.id, self.version).await?;
        check_ends(&pool)?;
        let units = self.units.unwrap_or(pool.quantity);
        if !(1..=pool.quantity).contains(&units) {
            let message = format!("It has {} {}.", pool.quantity, pool.units);
            return Err(Error::invalid("units", "units.out_of_range", message));
        }
        let plan = match self.units {
            Some(_) if units < pool.quantity => {
                let plan = plan(tx, &pool, pool.quantity - units, &self.choice).await?;
                accepted(&plan, &self.choice)?;
                Some(plan)
            }
            _ => None,
        };
        let after = lapsing(
            tx,
            &before,
            (units, pool.quantity),
            plan.as_ref(),
            &self.choice,
        );
        let after = write(tx, before, after).await?;
        Ok(Subscription::of(&pool, Some(after), (tx.now(), self.days)))
    }
}

/// The decision that so many of a pool's units do not renew.
pub(super) fn lapsing(
    tx: &Tx<'_>,
    before: &Decision,
    (units, all): (i64, i64),
    plan: Option<&Plan>,
    choice: &Choice,
) -> Decision {
    let losers = plan.map(|plan| plan.losers.as_slice()).unwrap_or_default();
    Decision {
        auto_renews: units < all,
        lapsing: if units < all { units } else { 0 },
        rule: match choice {
            Choice::Rule { rule, .. } => Some(*rule),
            Choice::Hand(_) => None,
        },
        losers: losers.iter().map(|loser| loser.assignment_id).collect(),
        unsubscribed_at: Some(tx.now()),
        unsubscribed_by: Some(tx.actor_id()),
        ..before.clone()
    }
}

/// Takes an unsubscription back: everything renews again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resubscribe {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// Days of grace after the end.
    pub days: i64,
}

impl Command for Resubscribe {
    const NAME: &'static str = "subscriptions.resubscribe";
    type Outcome = Subscription;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Subscription> {
        let (pool, before) = begin(tx, self.id, self.version).await?;
        if before.unsubscribed_at.is_none() {
            let message = "Nobody unsubscribed it, so there is nothing to take back.";
            return Err(Error::conflict("subscription.not_ended", message));
        }
        let until = pool.ends_at.map(|end| end.plus_seconds(self.days * 86_400));
        if let Some(until) = until.filter(|until| *until <= tx.now()) {
            let message = format!(
                "It ended more than {} days ago and stays ended; issue it anew.",
                self.days
            );
            return Err(Error::conflict("reactivation.too_late", message)
                .with("reactivate_until", to_value(until)?));
        }
        let after = Decision {
            auto_renews: pool.ends_at.is_some(),
            notice_days: before.notice_days,
            ..Decision::undecided(&pool)
        };
        let after = write(tx, before, after).await?;
        Ok(Subscription::of(&pool, Some(after), (tx.now(), self.days)))
    }
}

/// Changes how long before its end a subscription announces the next term.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EditSubscription {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// Days before the end.
    pub notice_days: i64,
    /// Days of grace, for the answer.
    pub days: i64,
}

impl Command for EditSubscription {
    const NAME: &'static str = "subscriptions.edit";
    type Outcome = Subscription;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Subscription> {
        let (pool, before) = begin(tx, self.id, self.version).await?;
        if !(0..=3_660).contains(&self.notice_days) {
            let message = "0 to 3,660 days.";
            return Err(Error::invalid("notice_days", "out_of_range", message));
        }
        let after = Decision {
            notice_days: self.notice_days,
            ..before.clone()
        };
        let after = write(tx, before, after).await?;
        Ok(Subscription::of(&pool, Some(after), (tx.now(), self.days)))
    }
}

/// Decides that a pool renews with all its units, for somebody who may decide that. Gives the pool.
pub async fn renew_whole(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Pool> {
    let (pool, before) = begin(tx, id, version).await?;
    check_ends(&pool)?;
    if !before.auto_renews || before.lapsing > 0 {
        write(tx, before.clone(), renewing(before)).await?;
    }
    Ok(pool)
}

/// The same decision, with nothing left of an unsubscription.
fn renewing(before: Decision) -> Decision {
    Decision {
        auto_renews: true,
        lapsing: 0,
        rule: None,
        losers: vec![],
        unsubscribed_at: None,
        unsubscribed_by: None,
        ..before
    }
}

/// Lets go, at the end of a license's term, of what was not to renew: whoever was accepted to lose a unit is freed
/// first, and nobody else is. What was decided is used up with that. For the renewal, which asks nobody.
pub async fn lapse(tx: &mut Tx<'_>, license_id: Uuid) -> Result<Vec<LoweredPool>> {
    let mut left = vec![];
    for decided in queries::letting_go(tx, license_id).await? {
        let pool = pools::find(tx, decided.id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        let (units, losing) = leaving(tx, &pool, &decided).await?;
        if units > 0 {
            let ending = with_add_ons(tx, losing).await?;
            left.extend(lower(tx, &ending, &[(pool, units)]).await?);
            end(tx, &ending, Ending::Reduced).await?;
        }
        write(tx, decided.clone(), renewing(decided)).await?;
    }
    Ok(left)
}

/// How many units leave a pool with the term, and whose bindings end for it. Units that are passed on stay, and so do
/// those of people whom nobody named.
async fn leaving(tx: &mut Tx<'_>, pool: &Pool, decided: &Decision) -> Result<(i64, Vec<Binding>)> {
    let (wanted, named) = match decided.auto_renews {
        true => (decided.lapsing, decided.losers.clone()),
        // A share that does not renew at all ends for everybody in it.
        false => {
            let rule = decided.rule.unwrap_or_default();
            let all = queries::candidates(tx, pool.id, rule, MOST_ENDED).await?;
            (pool.quantity, all.iter().map(|it| it.binding.id).collect())
        }
    };
    let wanted = wanted.min(pool.quantity - pool.allocated);
    let mut open = assignments::queries::bindings(tx, &named).await?;
    open.retain(|it| !it.ended && it.pool_id == pool.id);
    open.sort_by_key(|it| named.iter().position(|id| *id == it.id));
    let (mut freed, mut losing) = (0, vec![]);
    for binding in open {
        if pool.free + freed >= wanted {
            break;
        }
        freed += binding.units;
        losing.push(binding);
    }
    Ok((wanted.min(pool.free + freed), losing))
}

/// The pool with what was decided so far, for somebody who may decide, if it is what the editor saw.
pub(super) async fn begin(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: Option<i64>,
) -> Result<(Pool, Decision)> {
    let pool = queries::pool_of(tx, id).await?;
    let pool = pool.ok_or_else(Error::not_found)?;
    tx.require(Permission::SubscriptionsEnd, pool.organization_id)
        .await?;
    check_running(&pool)?;
    check_unlocked(tx, &[pool.id]).await?;
    let decided = queries::decisions(tx, &[pool.id]).await?.remove(&pool.id);
    let decided = decided.unwrap_or_else(|| Decision::undecided(&pool));
    if version.is_some_and(|version| version != decided.version) {
        let message = "Somebody decided about this subscription in the meantime; look at it again.";
        return Err(
            Error::new(Kind::Stale, "version.stale", message).with("version", decided.version)
        );
    }
    Ok((pool, decided))
}

/// What has no end has no renewal.
pub(super) fn check_ends(pool: &Pool) -> Result<()> {
    if pool.ends_at.is_none() {
        let message = "This license has no end, so nothing renews; terminate the units instead.";
        return Err(Error::conflict("subscription.no_end", message));
    }
    Ok(())
}

/// Lets what was decided about a pool go with it to the license that it is of now.
pub async fn carry_decision(tx: &mut Tx<'_>, pool_id: Uuid, license_id: Uuid) -> Result<()> {
    let Some(before) = queries::decisions(tx, &[pool_id]).await?.remove(&pool_id) else {
        return Ok(());
    };
    let after = Decision {
        license_id,
        version: before.version + 1,
        ..before.clone()
    };
    queries::carry(tx, pool_id, license_id).await?;
    let (old, new) = journal::difference(&before, &after)?;
    tx.changed(Change {
        noun: "subscription",
        row_id: pool_id,
        version: after.version,
        organization_id: Some(after.organization_id),
        before: Some(old),
        after: Some(new),
    });
    Ok(())
}

/// Writes and records a decision.
pub(super) async fn write(tx: &mut Tx<'_>, before: Decision, after: Decision) -> Result<Decision> {
    let written = match before.version {
        0 => queries::insert(tx, &after).await?,
        version => queries::set(tx, &after, version).await?,
    };
    if !written {
        return Err(changed_meanwhile());
    }
    let version = before.version + 1;
    let after = Decision { version, ..after };
    let (old, new) = match before.version {
        0 => (None, to_value(&after)?),
        _ => {
            let (old, new) = journal::difference(&before, &after)?;
            (Some(old), new)
        }
    };
    tx.changed(Change {
        noun: "subscription",
        row_id: after.id,
        version,
        organization_id: Some(after.organization_id),
        before: old,
        after: Some(new),
    });
    Ok(after)
}
