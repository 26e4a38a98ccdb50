//! The verbs of renewals.

mod change;
mod co_term;
mod money;
mod renew;

pub use change::{ChangeSubscription, Changed, ScheduleRenewal, WithdrawSchedule};
pub use co_term::{CoTerm, CoTermed, CoTermedLicense, Sum, bring, sums};
pub use money::{Money, MoneyGap, Worth, of_days};
pub use renew::{RenewLicense, RenewPlan};

use serde_json::to_value;
use uuid::Uuid;

use super::{
    model::{Circumstances, NextTerm, Obstacle, Origin, Renewal, Term},
    queries,
};
use crate::{
    error::{Error, Kind, Result},
    gate::Tx,
    journal::{self, Change},
    licenses::{
        self,
        model::{License, Pool},
    },
    scope::Permission,
    subscriptions::{self, model::Decision},
};

/// A subscription as a command about its terms finds it.
struct Seen {
    pool: Pool,
    license: License,
    circumstances: Circumstances,
    decided: Decision,
}

impl Seen {
    /// Reads it for somebody who may see it, if what was decided is what the editor saw.
    async fn read(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Seen> {
        let pool = subscriptions::queries::pool_of(tx, id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        tx.require(Permission::LicensesRead, pool.organization_id)
            .await?;
        let decided = subscriptions::queries::decisions(tx, &[pool.id]).await?;
        let decided = decided.into_values().next();
        let decided = decided.unwrap_or_else(|| Decision::undecided(&pool));
        if version.is_some_and(|version| version != decided.version) {
            let message =
                "Somebody decided about this subscription in the meantime; look at it again.";
            let stale = Error::new(Kind::Stale, "version.stale", message);
            return Err(stale.with("version", decided.version));
        }
        let license = licenses::queries::get(tx, pool.license_id).await?;
        let circumstances = queries::circumstances(tx, license.id).await?;
        Ok(Seen {
            pool,
            license,
            circumstances,
            decided,
        })
    }

    /// Whether these are the license's own units.
    fn own(&self) -> bool {
        self.pool.id == self.license.pool_id
    }

    /// A share has no price, and no more units than it was passed.
    fn check_own(&self) -> Result<()> {
        if self.own() {
            return Ok(());
        }
        let message =
            "These units were passed on: whoever passed them on gives more, and has the price.";
        Err(Error::conflict("change.of_share", message))
    }

    /// How it is now, seen from its terms.
    async fn renewal(&self, tx: &mut Tx<'_>) -> Result<Renewal> {
        let pool = licenses::pools::find(tx, self.pool.id).await?;
        let scope = tx.caller().scope.clone();
        queries::renewal(tx, &scope, &pool.ok_or_else(Error::not_found)?).await
    }
}

/// Ends the present term of a license with the units and the price it has had. The first term of a license is written
/// here, when it is no longer the only one.
async fn close(tx: &mut Tx<'_>, license: &License, circumstances: &Circumstances) -> Result<()> {
    let (price_minor, currency) = circumstances.price.clone().unzip();
    let end_date = license.end_date.ok_or_else(Error::not_found)?;
    match queries::of_license(tx, license.id).await?.pop() {
        Some(before) => {
            let after = Term {
                quantity: Some(license.quantity),
                price_minor,
                currency,
                ..before.clone()
            };
            change(tx, license, (before, after)).await
        }
        None => {
            let first = Term {
                id: Some(tx.new_id()),
                number: 1,
                start_date: license.start_date,
                end_date,
                origin: Origin::Issued,
                quantity: Some(license.quantity),
                price_minor,
                currency,
                version: 0,
            };
            add(tx, license, &first).await
        }
    }
}

/// Writes and records a term.
async fn add(tx: &mut Tx<'_>, license: &License, term: &Term) -> Result<()> {
    queries::insert(tx, license.id, term).await?;
    let row_id = term
        .id
        .ok_or_else(|| Error::internal("a term without an id"))?;
    let mut facts = to_value(term)?;
    facts["license_id"] = to_value(license.id)?;
    tx.changed(Change {
        noun: "license_term",
        row_id,
        version: 1,
        organization_id: Some(license.authority()),
        before: None,
        after: Some(facts),
    });
    Ok(())
}

/// Writes and records what became of a term.
async fn change(tx: &mut Tx<'_>, license: &License, (before, after): (Term, Term)) -> Result<()> {
    if before == after {
        return Ok(());
    }
    if !queries::set(tx, &after).await? {
        return Err(changed_meanwhile());
    }
    let (old, new) = journal::difference(&before, &after)?;
    let row_id = after
        .id
        .ok_or_else(|| Error::internal("a term without an id"))?;
    tx.changed(Change {
        noun: "license_term",
        row_id,
        version: after.version + 1,
        organization_id: Some(license.authority()),
        before: Some(old),
        after: Some(new),
    });
    Ok(())
}

/// Writes and records what the next term shall be.
async fn say_next(
    tx: &mut Tx<'_>,
    license: &License,
    (before, after): (NextTerm, NextTerm),
) -> Result<()> {
    if before == after {
        return Ok(());
    }
    if !queries::set_next(tx, license.id, &after).await? {
        return Err(changed_meanwhile());
    }
    let version = before.version + 1;
    let (old, new) = match before.version {
        0 => (None, to_value(&after)?),
        _ => {
            let (old, new) = journal::difference(&before, &after)?;
            (Some(old), new)
        }
    };
    tx.changed(Change {
        noun: "next_term",
        row_id: license.id,
        version,
        organization_id: Some(license.authority()),
        before: old,
        after: Some(new),
    });
    Ok(())
}

/// Somebody else was faster: what was read is no longer so. Asking again is safe.
fn changed_meanwhile() -> Error {
    let message = "Somebody changed these terms at the same moment; please look again.";
    Error::conflict("renewal.changed", message)
}

/// A license that belongs to nobody's service plan, whose dates are its own.
fn check_alone(license_id: Uuid, circumstances: &Circumstances) -> Result<()> {
    if circumstances.plan.is_none() {
        return Ok(());
    }
    let message = "This license is part of a service plan, and ends with it.";
    Err(Error::conflict("renewal.in_plan", message).with("license_id", license_id.to_string()))
}

/// What keeps a license from having a next term.
pub fn waits(obstacle: Obstacle) -> Error {
    Error::conflict("renewal.waits", obstacle.sentence()).with("obstacle", obstacle.as_str())
}
