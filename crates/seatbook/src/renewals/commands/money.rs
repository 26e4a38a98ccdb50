//! The money of a change: what is left of the period that is paid for, and what that costs more or less.

use jiff::{civil, tz::TimeZone};
use rules::{
    billing::{Slice, containing, slices},
    change::{Difference, Share, Stub, difference},
    term,
};
use serde::{Deserialize, Serialize};
use store::Tx;
use utoipa::ToSchema;

use crate::{
    error::{Error, Result},
    gate,
    licenses::model::License,
    renewals::{
        model::{Circumstances, in_words, too_large},
        queries,
    },
};

/// Why there is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MoneyGap {
    /// There is no price, or you may not see it.
    PriceUnknown,
    /// The prices before and after are of two currencies.
    CurrencyDiffers,
    /// There is no period that is paid for and could be prorated.
    NoPeriod,
}

impl MoneyGap {
    /// A sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            MoneyGap::PriceUnknown => "There is no price, or you may not see it.",
            MoneyGap::CurrencyDiffers => "The prices before and after are of two currencies.",
            MoneyGap::NoPeriod => "There is no period that is paid for.",
        }
    }
}

/// What a change costs, and how that comes about; below zero is what it gives back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ChangeMoney)]
pub struct Money {
    /// Price of the whole period as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_minor: Option<i64>,
    /// Price of the whole period as it is then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_minor: Option<i64>,
    /// Days that are charged, or below zero given back.
    pub days: Option<i64>,
    /// Days of the whole period.
    pub of_days: Option<i64>,
    /// What it comes to, in minor units; null where `gap` says why.
    #[serde(default)]
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    #[serde(default)]
    pub currency: Option<String>,
    /// How it comes about, such as `(730.00 − 365.00) × 153 ÷ 365 = 153.00`.
    #[serde(default)]
    pub formula: Option<String>,
    /// Why there is no amount.
    pub gap: Option<MoneyGap>,
}

impl Money {
    /// No amount, and why.
    pub const fn unknown(gap: MoneyGap) -> Money {
        Money {
            before_minor: None,
            after_minor: None,
            days: None,
            of_days: None,
            amount_minor: None,
            currency: None,
            formula: None,
            gap: Some(gap),
        }
    }

    /// The same with the days that there are in any case.
    #[must_use]
    pub fn of(self, days: i64) -> Money {
        Money {
            days: Some(days),
            ..self
        }
    }

    /// Nothing changes.
    pub fn nothing(currency: Option<String>) -> Money {
        let seen = currency.is_some();
        Money {
            days: Some(0),
            amount_minor: seen.then_some(0),
            gap: (!seen).then_some(MoneyGap::PriceUnknown),
            currency,
            ..Money::unknown(MoneyGap::NoPeriod)
        }
    }
}

/// Units and the price of one of them.
pub type Worth = (i64, Option<(i64, String)>);

/// What changing from one worth to another costs for what is left of a period from a day on.
pub(super) fn prorated(
    (before, after): (Worth, Worth),
    slice: Option<Slice>,
    day: civil::Date,
) -> Result<Money> {
    let ((units, old), (new_units, new)) = (before, after);
    let (Some((old, old_currency)), Some((new, currency))) = (old, new) else {
        return Ok(Money::unknown(MoneyGap::PriceUnknown));
    };
    if old_currency != currency {
        return Ok(Money::unknown(MoneyGap::CurrencyDiffers));
    }
    let Some(share) = slice.and_then(|slice| Share::of(slice, day)) else {
        return Ok(Money::unknown(MoneyGap::NoPeriod));
    };
    let whole = |units: i64, price: i64| units.checked_mul(price).ok_or_else(|| too_large(()));
    let money = difference(whole(units, old)?, whole(new_units, new)?, share);
    Ok(of_difference(money.map_err(too_large)?, currency))
}

fn of_difference(it: Difference, currency: String) -> Money {
    Money {
        before_minor: Some(it.before_minor),
        after_minor: Some(it.after_minor),
        days: Some(it.share.days),
        of_days: Some(it.share.of_days),
        amount_minor: Some(it.amount_minor),
        formula: in_words(&currency, |currency| it.formula(currency)),
        currency: Some(currency),
        gap: None,
    }
}

/// The day it is where a license is; its first one, where that is still to come.
pub(super) fn today(tx: &gate::Tx<'_>, license: &License) -> Result<civil::Date> {
    let zone = TimeZone::get(&license.time_zone).map_err(Error::internal)?;
    Ok(tx.today(&zone).0.max(license.start_date.0))
}

/// The period of a license that a day lies in, as far as its term goes; none where the day lies outside, or where
/// nothing says how long a period is.
pub(super) async fn period_of(
    tx: &mut Tx<'_>,
    license: &License,
    circumstances: &Circumstances,
    day: civil::Date,
) -> Result<Option<Slice>> {
    let start = present_start(tx, license).await?;
    let Some(every) = circumstances.validity else {
        let whole = license.end_date.map(|end| term::Term::new(start, end.0));
        let full = whole.transpose().map_err(Error::internal)?;
        return Ok(full.map(|full| Slice { full, billed: full }));
    };
    let anchor = anchor(tx, license, circumstances).await?;
    let found = containing(every, anchor, day).map_err(Error::internal)?;
    let Some((_, full)) = found else {
        return Ok(None);
    };
    let last = license
        .end_date
        .map_or(full.end(), |end| end.0.min(full.end()));
    let billed = term::Term::new(full.start().max(start), last).ok();
    Ok(billed.map(|billed| Slice { full, billed }))
}

/// The first day of the present term.
async fn present_start(tx: &mut Tx<'_>, license: &License) -> Result<civil::Date> {
    let terms = queries::of_license(tx, license.id).await?;
    let last = terms.last().map_or(license.start_date, |it| it.start_date);
    Ok(last.0)
}

/// The day from which the periods of the present term count.
async fn anchor(
    tx: &mut Tx<'_>,
    license: &License,
    circumstances: &Circumstances,
) -> Result<civil::Date> {
    let start = present_start(tx, license).await?;
    let Some(every) = circumstances.validity else {
        return Ok(start);
    };
    for anchor in queries::anchors(tx, license).await? {
        let found = containing(every, anchor.0, start).map_err(Error::internal)?;
        if found.is_some_and(|(_, period)| period.start() == start) {
            return Ok(anchor.0);
        }
    }
    Ok(start)
}

/// What so many units cost for days of the present term, or by which it is longer, each period rounded by itself as it
/// is billed. Units below zero give back.
pub async fn of_days(
    tx: &mut Tx<'_>,
    (license, circumstances): (&License, &Circumstances),
    days: term::Term,
    (units, price): Worth,
) -> Result<Money> {
    let (Some(every), Some((minor, currency))) = (circumstances.validity, price) else {
        return Ok(Money::unknown(MoneyGap::PriceUnknown).of(days.days_inclusive()));
    };
    let anchor = anchor(tx, license, circumstances).await?;
    let parts = slices(every, anchor, days).map_err(Error::internal)?;
    let parts: std::result::Result<Vec<Stub>, _> = parts
        .into_iter()
        .map(|slice| Stub::of(slice, units, minor))
        .collect();
    let parts = parts.map_err(too_large)?;
    let amounts: Option<i64> = parts
        .iter()
        .try_fold(0_i64, |sum, it| sum.checked_add(it.amount_minor));
    let formula = |it: &Stub| in_words(&currency, |currency| it.formula(currency));
    let formulas: Option<Vec<String>> = parts.iter().map(formula).collect();
    Ok(Money {
        before_minor: None,
        after_minor: None,
        days: Some(days.days_inclusive()),
        of_days: parts.first().map(|it| it.share.of_days),
        amount_minor: Some(amounts.ok_or_else(|| too_large(()))?),
        formula: formulas.map(|it| it.join("; ")),
        currency: Some(currency),
        gap: None,
    })
}
