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
        commands::{authorize, outlives_source, set_last_day},
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
            check_goes_on(tx, &license).await?;
            done.push(bring(tx, license, self.end_date).await?);
        }
        Ok(CoTermed {
            end_date: self.end_date,
            sums: sums(done.iter().map(|it| &it.money))?,
            licenses: done,
        })
    }
}

/// A license that belongs to nobody's service plan, and has a next term.
async fn check_goes_on(tx: &mut Tx<'_>, license: &License) -> Result<()> {
    let circumstances = queries::circumstances(tx, license.id).await?;
    check_alone(license.id, &circumstances)?;
    match circumstances.obstacle(license) {
        None | Some(Obstacle::SourceEnds) => Ok(()),
        Some(obstacle) => Err(named(license, waits(obstacle))),
    }
}

/// Brings the present term of a license to a last day, within the license that its units were drawn from. For commands
/// that have asked for the permission.
pub async fn bring(tx: &mut Tx<'_>, before: License, end_date: Date) -> Result<CoTermedLicense> {
    let circumstances = queries::circumstances(tx, before.id).await?;
    let end = check(tx, &before, end_date)?;
    // Instants that only zones set apart are held together; a day beyond is a day beyond.
    let source = circumstances.source_end;
    if end_date > end && source.is_some_and(|source| source < end_date) {
        return Err(named(&before, outlives_source(1)));
    }
    let days = (end, end_date);
    let (money, price_minor) = money(tx, (&before, &circumstances), days).await?;
    if end != end_date {
        let after = set_last_day(tx, &before, end_date).await?;
        if let Some(present) = queries::of_license(tx, before.id).await?.pop() {
            let moved = Term {
                end_date,
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
        end_date,
        price_minor,
        money,
    })
}

/// Whether the present term of a license can end on a day; gives its last one.
fn check(tx: &Tx<'_>, license: &License, end_date: Date) -> Result<Date> {
    let end = license
        .end_date
        .ok_or_else(|| named(license, waits(Obstacle::NoEnd)))?;
    if matches!(license.state(tx.now()), State::Expired | State::Grace) {
        return Err(named(license, waits(Obstacle::Ended)));
    }
    let zone = TimeZone::get(&license.time_zone).map_err(Error::internal)?;
    if end_date < tx.today(&zone).max(license.start_date) {
        let message = "The last day lies before today, or before the first one.";
        let past = Error::invalid("end_date", "in_the_past", message);
        return Err(named(license, past));
    }
    Ok(end)
}

fn named(license: &License, error: Error) -> Error {
    error.with("license_id", license.id.to_string())
}

/// What the days cost that a term gains, or give back that it loses; and the price of one unit.
async fn money(
    tx: &mut Tx<'_>,
    (license, circumstances): (&License, &Circumstances),
    (end, end_date): (Date, Date),
) -> Result<(Money, Option<i64>)> {
    let scope = tx.caller().scope.clone();
    let price = licenses::queries::find_price(tx, &scope, license).await?;
    let minor = price.as_ref().map(|(minor, _)| *minor);
    let (first, last, units) = match end_date > end {
        true => (queries::after(end)?, end_date.0, license.quantity),
        false => (queries::after(end_date)?, end.0, -license.quantity),
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
