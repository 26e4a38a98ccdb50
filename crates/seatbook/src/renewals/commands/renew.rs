//! Renewing: the next term of a license whose term is over, or of all licenses of a service plan. Submitted by the clock
//! alone; whoever sees another end than the one that was due came second, and does nothing.

use rules::billing::Slice;
use serde::Serialize;
use store::{Date, Timestamp};
use uuid::Uuid;

use super::{add, changed_meanwhile, check_alone, close, say_next, waits};
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    licenses::{self, commands::set_last_day, model::License},
    plan_subscriptions::renewing,
    renewals::{
        model::{NextTerm, Obstacle, Origin, Renewed, Term, period_from},
        queries,
    },
    scope::Permission,
    subscriptions,
};

/// Gives a license whose term is over its next one.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RenewLicense {
    /// Which.
    pub license_id: Uuid,
    /// The end that was seen to be over: it renews once.
    pub ends_at: Timestamp,
}

impl Command for RenewLicense {
    const NAME: &'static str = "renewals.renew";
    type Outcome = Renewed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Renewed> {
        let license = licenses::queries::get(tx, self.license_id).await?;
        tx.require(Permission::LicensesEdit, license.authority())
            .await?;
        if license.ends_at != Some(self.ends_at) || self.ends_at > tx.now() {
            return Err(done());
        }
        let circumstances = queries::circumstances(tx, license.id).await?;
        check_alone(license.id, &circumstances)?;
        let pool = licenses::pools::find(tx, license.pool_id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        let scope = tx.caller().scope.clone();
        let seen = queries::renewal(tx, &scope, &pool).await?;
        if let Some(obstacle) = seen.obstacle {
            return Err(waits(obstacle));
        }
        renew(tx, license, None).await
    }
}

/// Gives all licenses of a service plan that a customer has their next term, and the plan with them.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RenewPlan {
    /// What the customer has of the plan.
    pub subscription_id: Uuid,
}

impl Command for RenewPlan {
    const NAME: &'static str = "renewals.renew_plan";
    type Outcome = Vec<Renewed>;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Renewed>> {
        let found = renewing::find(tx, self.subscription_id).await?;
        let running = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::LicensesEdit, running.seller_id)
            .await?;
        if !running.auto_renews {
            return Err(waits(Obstacle::PlanEnds));
        }
        let parts = renewing::parts(tx, running.id).await?;
        let mut parts = licenses::queries::of_ids(tx, &parts).await?;
        parts.sort_by_key(|license| (license.start_date, license.id));
        let now = tx.now();
        parts.retain(|license| license.ends_at.is_some_and(|end| end <= now));
        parts.retain(|license| license.standing == rules::lifecycle::Standing::Issued);
        if parts.is_empty() {
            return Err(done());
        }
        let anchors: Vec<Date> = parts.iter().map(|license| license.start_date).collect();
        let first = queries::after(running.end_date)?;
        let period = period_from(running.term, &anchors, first)?;
        let mut renewed = Vec::with_capacity(parts.len());
        for license in parts {
            renewed.push(renew(tx, license, Some(Date(period.end()))).await?);
        }
        let next = (Date(period.start()), Date(period.end()));
        renewing::set_term(tx, &running, next).await?;
        Ok(renewed)
    }
}

/// Gives a license its next term: up to the end of its next period, or to a day that is said. What was not to renew
/// leaves first; what was said of the next term holds from now on.
async fn renew(tx: &mut Tx<'_>, license: License, to: Option<Date>) -> Result<Renewed> {
    let Some(ended) = license.ends_at else {
        return Err(waits(Obstacle::NoEnd));
    };
    // From here on nobody else renews it or moves its end, so it is read again.
    let number = licenses::queries::begin_term(tx, license.id, ended).await?;
    let number = number.ok_or_else(done)?;
    let license = licenses::queries::get(tx, license.id).await?;
    let circumstances = queries::circumstances(tx, license.id).await?;
    let period = queries::next_period(tx, &license, &circumstances).await?;
    let Slice { billed, .. } = period.map_err(waits)?;
    let end_date = to.unwrap_or(Date(billed.end()));
    if circumstances
        .source_end
        .is_some_and(|source| source < end_date)
    {
        return Err(waits(Obstacle::SourceEnds));
    }
    close(tx, &license, &circumstances).await?;
    subscriptions::commands::lapse(tx, license.id).await?;
    let said = queries::next_term(tx, license.id).await?;
    let before = licenses::queries::get(tx, license.id).await?;
    let short = !grown(tx, &before, &said).await?;
    if let Some(price) = &said.price {
        licenses::queries::set_price(tx, license.id, price).await?;
    }
    let after = set_last_day(tx, &before, end_date).await?;
    let (price_minor, currency) = said.price.clone().or(circumstances.price).unzip();
    let term = Term {
        id: Some(tx.new_id()),
        number,
        start_date: Date(billed.start()),
        end_date,
        origin: Origin::Renewed,
        quantity: Some(after.quantity),
        price_minor,
        currency,
        version: 0,
    };
    add(tx, &after, &term).await?;
    let left = NextTerm {
        quantity: said.quantity.filter(|_| short),
        price: None,
        version: said.version,
    };
    say_next(tx, &after, (said, left)).await?;
    Ok(Renewed {
        license_id: after.id,
        number,
        start_date: term.start_date,
        end_date,
        quantity: after.quantity,
        short,
    })
}

/// Gives a license the units that its next term shall have more: new ones, or drawn. `false` where there are not enough
/// to draw, which keeps nothing from renewing.
async fn grown(tx: &mut Tx<'_>, license: &License, said: &NextTerm) -> Result<bool> {
    let Some(quantity) = said.quantity.filter(|it| *it > license.quantity) else {
        return Ok(true);
    };
    match licenses::commands::change_quantity(tx, license, quantity).await {
        Ok(()) => Ok(true),
        // The pool was asked first, and gave nothing: so nothing is half done.
        Err(error) if matches!(&*error.code, "pool.exhausted" | "pool.closed") => Ok(false),
        Err(error) if error.kind == Kind::Conflict => Err(changed_meanwhile()),
        Err(error) => Err(error),
    }
}

/// It was renewed by another server, or somebody moved its end.
fn done() -> Error {
    let message = "Its term has been renewed, or ends at another time.";
    Error::conflict("renewal.done", message)
}
