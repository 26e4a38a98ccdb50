//! Co-terming: the terms of several licenses of an organization brought to one last day, with the money of the days
//! that each gains or loses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use rules::{lifecycle::State, term};
use serde::{Deserialize, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    change, check_alone,
    money::{Money, of_days},
    waits,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::{
        self,
        commands::{authorize, set_last_day},
        model::License,
    },
    renewals::{
        model::{Circumstances, Obstacle, Term, too_large},
        queries,
    },
    scope::Permission,
};

/// Licenses that one command brings to a day.
const MOST: usize = 200;

/// Licenses that end on one day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoTermed {
    /// The last day of all of them.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// Each of them.
    pub licenses: Vec<CoTermedLicense>,
    /// What all of it costs, currency by currency, as far as you see prices.
    pub sums: Vec<Sum>,
}

/// One license that was brought to the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CoTermedLicense {
    /// The license.
    pub license_id: Uuid,
    /// A name to find it by.
    pub name: Option<String>,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// Units.
    pub quantity: i64,
    /// The last day it had.
    #[schema(value_type = String, format = Date)]
    pub end_date_before: Date,
    /// The last day it has now.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// Price of one unit for one validity of the SKU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_minor: Option<i64>,
    /// What the days cost that it gained, or lost.
    pub money: Money,
}

/// An amount of one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CurrencySum)]
pub struct Sum {
    /// ISO 4217.
    #[serde(default)]
    pub currency: String,
    /// In minor units.
    #[serde(default)]
    pub amount_minor: i64,
}

/// Brings the terms of licenses of one organization to one last day.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CoTerm {
    /// Whose.
    pub organization_id: Uuid,
    /// Which.
    pub license_ids: Vec<Uuid>,
    /// The last day of all of them.
    pub end_date: Date,
}

impl Command for CoTerm {
    const NAME: &'static str = "renewals.co_term";
    type Outcome = CoTermed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<CoTermed> {
        tx.require(Permission::LicensesRead, self.organization_id)
            .await?;
        let ids: BTreeSet<Uuid> = self.license_ids.iter().copied().collect();
        if ids.is_empty() || ids.len() > MOST {
            let message = format!("Choose 1 to {MOST} licenses.");
            return Err(Error::invalid("license_ids", "rows.out_of_range", message));
        }
        let mut done = Vec::with_capacity(ids.len());
        for id in ids {
            let license = licenses::queries::find(tx, id).await?;
            let license = license.filter(|it| it.organization_id == self.organization_id);
            let license = license.ok_or_else(Error::not_found)?;
            authorize(tx, &license, Permission::LicensesEdit).await?;
            done.push(self.bring(tx, license).await?);
        }
        Ok(CoTermed {
            end_date: self.end_date,
            sums: sums(done.iter().map(|it| &it.money))?,
            licenses: done,
        })
    }
}

impl CoTerm {
    /// Brings one license to the day.
    async fn bring(&self, tx: &mut Tx<'_>, before: License) -> Result<CoTermedLicense> {
        let circumstances = queries::circumstances(tx, before.id).await?;
        let end = self.check(tx, &before, &circumstances)?;
        let money = self.money(tx, (&before, &circumstances), end).await?;
        if end != self.end_date {
            let after = set_last_day(tx, &before, self.end_date).await?;
            if let Some(present) = queries::of_license(tx, before.id).await?.pop() {
                let moved = Term {
                    end_date: self.end_date,
                    ..present.clone()
                };
                change(tx, &after, (present, moved)).await?;
            }
        }
        Ok(CoTermedLicense {
            license_id: before.id,
            name: before.name,
            sku_code: before.sku_code,
            product_name: before.product_name,
            quantity: before.quantity,
            end_date_before: end,
            end_date: self.end_date,
            price_minor: money.1,
            money: money.0,
        })
    }

    /// Whether its term can be brought to the day; gives its last one.
    fn check(&self, tx: &Tx<'_>, license: &License, circumstances: &Circumstances) -> Result<Date> {
        let named = |error: Error| error.with("license_id", license.id.to_string());
        check_alone(license.id, circumstances)?;
        match circumstances.obstacle(license) {
            None | Some(Obstacle::SourceEnds) => {}
            Some(obstacle) => return Err(named(waits(obstacle))),
        }
        let end = license.end_date.ok_or_else(|| waits(Obstacle::NoEnd))?;
        if matches!(license.state(tx.now()), State::Expired | State::Grace) {
            return Err(named(waits(Obstacle::Ended)));
        }
        let zone = TimeZone::get(&license.time_zone).map_err(Error::internal)?;
        if self.end_date < tx.today(&zone).max(license.start_date) {
            let message = "The last day lies before today, or before the first one.";
            return Err(named(Error::invalid("end_date", "in_the_past", message)));
        }
        Ok(end)
    }

    /// What the days cost that it gains, or give back that it loses; and the price of one unit.
    async fn money(
        &self,
        tx: &mut Tx<'_>,
        (license, circumstances): (&License, &Circumstances),
        end: Date,
    ) -> Result<(Money, Option<i64>)> {
        let scope = tx.caller().scope.clone();
        let price = licenses::queries::find_price(tx, &scope, license).await?;
        let minor = price.as_ref().map(|(minor, _)| *minor);
        let (first, last, units) = match self.end_date > end {
            true => (queries::after(end)?, self.end_date.0, license.quantity),
            false => (queries::after(self.end_date)?, end.0, -license.quantity),
        };
        let Ok(days) = term::Term::new(first, last) else {
            return Ok((Money::nothing(price.map(|(_, currency)| currency)), minor));
        };
        let worth = (units, price);
        let mut money = of_days(tx, (license, circumstances), days, worth).await?;
        if units < 0 {
            money.days = money.days.map(|days| -days);
        }
        Ok((money, minor))
    }
}

/// What all of it costs, currency by currency, as far as prices are seen.
pub fn sums<'a>(all: impl Iterator<Item = &'a Money>) -> Result<Vec<Sum>> {
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    for money in all {
        if let (Some(currency), Some(amount)) = (&money.currency, money.amount_minor) {
            let sum = sums.entry(currency.clone()).or_default();
            let added = sum.checked_add(amount);
            *sum = added.ok_or_else(|| too_large(()))?;
        }
    }
    let sum = |(currency, amount_minor)| Sum {
        currency,
        amount_minor,
    };
    Ok(sums.into_iter().map(sum).collect())
}
