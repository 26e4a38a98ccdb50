//! Changing units or price of a subscription: now, prorated by days, or from the next term on. The answer says what it
//! costs, and so does its preview. What the next term shall be can be said without it, and taken back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Seen,
    money::{Money, MoneyGap, Worth, period_of, prorated, today},
    say_next, waits,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{
        self,
        commands::{EditLicense, authorize, check_facts, check_unlocked},
        model::MAX_UNITS,
    },
    renewals::{
        model::{NextTerm, Obstacle, Renewal},
        queries,
    },
    scope::Permission,
    subscriptions::{
        commands::{Reduce, renew_whole},
        model::Choice,
    },
};

/// A subscription that was changed, or will be at its renewal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = SubscriptionChanged)]
pub struct Changed {
    /// The pool, and so the subscription.
    pub subscription_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// Whether it waits for the renewal.
    pub at_renewal: bool,
    /// Units before.
    pub quantity_before: i64,
    /// Units afterwards.
    pub quantity: i64,
    /// The assignments that ended, base and add-on.
    pub ended: Vec<Uuid>,
    /// What it costs for the rest of the period, or for the next term.
    pub money: Money,
}

/// Gives a subscription another number of units, or another price.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeSubscription {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// Units it shall have; as many as now where there is none.
    pub quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, and its currency; the one that holds where there is none.
    pub price: Option<(i64, String)>,
    /// At the next renewal; else now.
    pub at_renewal: bool,
    /// Who loses a unit, where there are fewer than are in use.
    pub choice: Choice,
}

impl Command for ChangeSubscription {
    const NAME: &'static str = "renewals.change";
    type Outcome = Changed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Changed> {
        let seen = Seen::read(tx, self.id, self.version).await?;
        tx.require(Permission::SubscriptionsEnd, seen.pool.organization_id)
            .await?;
        if self.quantity.is_none() && self.price.is_none() {
            let message = "Say how many units, or at which price.";
            return Err(Error::invalid("quantity", "required", message));
        }
        let before = worth(tx, &seen).await?;
        match self.at_renewal {
            true => self.at_renewal(tx, &seen, before).await,
            false => self.at_once(tx, &seen, before).await,
        }
    }
}

impl ChangeSubscription {
    async fn at_renewal(&self, tx: &mut Tx<'_>, seen: &Seen, before: Worth) -> Result<Changed> {
        let schedule = ScheduleRenewal {
            id: self.id,
            version: self.version,
            quantity: self.quantity,
            price: self.price.clone(),
            choice: self.choice.clone(),
        };
        schedule.say(tx, seen).await?;
        let said = queries::next_term(tx, seen.license.id).await?;
        let price = said.price.filter(|_| before.1.is_some());
        let quantity = self.quantity.unwrap_or(before.0);
        let after = (quantity, price.or_else(|| before.1.clone()));
        let period = queries::next_period(tx, &seen.license, &seen.circumstances).await?;
        let money = match period {
            // A price is for the validity of the SKU; a plan may have terms of another length.
            Ok(slice) if seen.circumstances.term == seen.circumstances.validity => {
                prorated((before.clone(), after), Some(slice), slice.billed.start())?
            }
            _ => Money::unknown(MoneyGap::NoPeriod),
        };
        Ok(self.changed(seen, (before.0, quantity), (vec![], money)))
    }

    async fn at_once(&self, tx: &mut Tx<'_>, seen: &Seen, before: Worth) -> Result<Changed> {
        let day = today(tx, &seen.license)?;
        let period = period_of(tx, &seen.license, &seen.circumstances, day).await?;
        let fewer = self.quantity.filter(|it| *it < seen.pool.quantity);
        let more = self.quantity.filter(|it| *it > seen.pool.quantity);
        if fewer.is_none() && more.is_none() && self.price.is_none() {
            let message = format!("It has {} already.", seen.pool.quantity);
            return Err(Error::invalid("quantity", "change.nothing", message));
        }
        let mut ended = vec![];
        if let Some(quantity) = fewer {
            let reduce = Reduce {
                id: seen.pool.id,
                version: self.version,
                quantity,
                now: true,
                choice: self.choice.clone(),
            };
            ended = reduce.run(tx).await?.ended;
        }
        if more.is_some() || self.price.is_some() {
            seen.check_own()?;
            let edit = EditLicense {
                id: seen.license.id,
                quantity: more,
                price: self.price.clone(),
                ..EditLicense::default()
            };
            edit.run_alone(tx).await?;
        }
        let after = worth(tx, seen).await?;
        let quantity = after.0;
        let money = prorated((before.clone(), after), period, day)?;
        Ok(self.changed(seen, (before.0, quantity), (ended, money)))
    }

    fn changed(
        &self,
        seen: &Seen,
        (quantity_before, quantity): (i64, i64),
        (ended, money): (Vec<Uuid>, Money),
    ) -> Changed {
        Changed {
            subscription_id: seen.pool.id,
            license_id: seen.license.id,
            at_renewal: self.at_renewal,
            quantity_before,
            quantity,
            ended,
            money,
        }
    }
}

/// Units of a pool and the price of one, for those who may see it: a share has none of its own.
async fn worth(tx: &mut Tx<'_>, seen: &Seen) -> Result<Worth> {
    let pool = licenses::pools::find(tx, seen.pool.id).await?;
    let quantity = pool.ok_or_else(Error::not_found)?.quantity;
    if !seen.own() {
        return Ok((quantity, None));
    }
    let scope = tx.caller().scope.clone();
    let price = licenses::queries::find_price(tx, &scope, &seen.license).await?;
    Ok((quantity, price))
}

/// Says what the next term of a subscription shall be; what was said before is replaced.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ScheduleRenewal {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
    /// Units it shall have; what was said so far where there is none.
    pub quantity: Option<i64>,
    /// Price of one unit for one validity of the SKU, and its currency; what was said so far where there is none.
    pub price: Option<(i64, String)>,
    /// Who loses a unit, where there are fewer than are in use.
    pub choice: Choice,
}

impl Command for ScheduleRenewal {
    const NAME: &'static str = "renewals.schedule";
    type Outcome = Renewal;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Renewal> {
        let seen = Seen::read(tx, self.id, self.version).await?;
        tx.require(Permission::SubscriptionsEnd, seen.pool.organization_id)
            .await?;
        self.say(tx, &seen).await?;
        seen.renewal(tx).await
    }
}

impl ScheduleRenewal {
    /// Says it, of what was read.
    async fn say(&self, tx: &mut Tx<'_>, seen: &Seen) -> Result<()> {
        check_unlocked(tx, &[seen.pool.id]).await?;
        match seen.circumstances.obstacle(&seen.license) {
            None | Some(Obstacle::SourceEnds) => {}
            Some(Obstacle::NoEnd) => {
                renew_whole(tx, seen.pool.id, None).await?;
            }
            Some(obstacle) => return Err(waits(obstacle)),
        }
        let before = queries::next_term(tx, seen.license.id).await?;
        let mut after = before.clone();
        if self.quantity.is_some() || !seen.decided.auto_renews {
            after.quantity = self.units(tx, seen).await?;
        } else {
            tx.require(Permission::SubscriptionsEnd, seen.pool.organization_id)
                .await?;
        }
        if let Some(price) = &self.price {
            self.check_price(tx, seen, price).await?;
            after.price = Some(price.clone());
        }
        say_next(tx, &seen.license, (before, after)).await
    }

    /// Decides how many units renew; gives how many there shall be where they are more than now.
    async fn units(&self, tx: &mut Tx<'_>, seen: &Seen) -> Result<Option<i64>> {
        let pool = &seen.pool;
        let quantity = self.quantity.unwrap_or(pool.quantity);
        if quantity < pool.quantity {
            let reduce = Reduce {
                id: pool.id,
                version: self.version,
                quantity,
                now: false,
                choice: self.choice.clone(),
            };
            check_units(quantity)?;
            reduce.run(tx).await?;
            return Ok(None);
        }
        renew_whole(tx, pool.id, self.version).await?;
        if quantity == pool.quantity {
            return Ok(None);
        }
        check_units(quantity)?;
        seen.check_own()?;
        // More units are new units, and only who may issue makes those; drawn ones come from a pool.
        let permission = match seen.license.source_pool_id {
            None => Permission::LicensesIssue,
            Some(_) => Permission::LicensesEdit,
        };
        authorize(tx, &seen.license, permission).await?;
        Ok(Some(quantity))
    }

    async fn check_price(&self, tx: &mut Tx<'_>, seen: &Seen, price: &(i64, String)) -> Result<()> {
        seen.check_own()?;
        authorize(tx, &seen.license, Permission::PricesEdit).await?;
        check_facts(1, Some(price), &[])?;
        let other = |(_, currency): &(i64, String)| *currency != price.1;
        if seen.circumstances.price.as_ref().is_some_and(other) {
            let message = "A license keeps its currency from term to term.";
            return Err(Error::invalid(
                "currency",
                "renewal.other_currency",
                message,
            ));
        }
        Ok(())
    }
}

fn check_units(quantity: i64) -> Result<()> {
    if (1..=MAX_UNITS).contains(&quantity) {
        return Ok(());
    }
    let message = "A license has 1 to 999,999,999 units.";
    Err(Error::invalid("quantity", "quantity.out_of_range", message))
}

/// Takes back what was said of the next term: it is as the present one. Whether there is one stays as it was decided.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct WithdrawSchedule {
    /// The pool, or a license for its own.
    pub id: Uuid,
    /// What was decided before, as the editor saw it; anything where there is none.
    pub version: Option<i64>,
}

impl Command for WithdrawSchedule {
    const NAME: &'static str = "renewals.withdraw";
    type Outcome = Renewal;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Renewal> {
        let seen = Seen::read(tx, self.id, self.version).await?;
        tx.require(Permission::SubscriptionsEnd, seen.pool.organization_id)
            .await?;
        check_unlocked(tx, &[seen.pool.id]).await?;
        if seen.decided.auto_renews && seen.decided.lapsing > 0 {
            renew_whole(tx, seen.pool.id, self.version).await?;
        }
        if seen.own() {
            let before = queries::next_term(tx, seen.license.id).await?;
            let after = NextTerm {
                version: before.version,
                ..NextTerm::default()
            };
            say_next(tx, &seen.license, (before, after)).await?;
        }
        seen.renewal(tx).await
    }
}
