//! The money of a crossgrade: days of old licenses that are not used are credited, new ones are charged; where both end
//! on one day, the difference is, for the days that are left.

use rules::{
    billing::Proration,
    change::{self, Share},
    money,
    term::Term,
};
use store::Date;

use crate::{
    crossgrades::model::{Amount, Money, Total},
    error::{Error, Result},
};

/// A license as money sees it.
#[derive(Clone, Debug)]
pub struct Priced {
    /// Its SKU.
    pub sku_code: String,
    /// Units.
    pub units: i64,
    /// Price of one unit for the term.
    pub price: Option<(i64, String)>,
    /// The first day.
    pub start: Date,
    /// The last day.
    pub end: Option<Date>,
    /// The last day of a whole term from the first day.
    pub full_end: Option<Date>,
}

/// What became of something: what there was, and what there is instead.
pub type Exchange = (Option<Priced>, Option<Priced>);

/// The amounts of exchanges on a day, and what they come to.
pub fn reckon(today: Date, exchanges: &[Exchange]) -> Result<Money> {
    let mut lines = Vec::new();
    for exchange in exchanges {
        match exchange {
            (Some(old), Some(new))
                if old.end.is_some() && old.end == new.end && comparable(old, new) =>
            {
                lines.push(difference(today, old, new)?);
            }
            (old, new) => {
                if let Some(old) = old {
                    lines.push(credit(today, old)?);
                }
                if let Some(new) = new {
                    lines.push(charge(new)?);
                }
            }
        }
    }
    Ok(Money {
        totals: totals(&lines)?,
        lines,
    })
}

/// Whether both have a price, in one currency.
fn comparable(old: &Priced, new: &Priced) -> bool {
    let currency = |it: &Priced| it.price.as_ref().map(|(_, currency)| currency.clone());
    currency(old).is_some() && currency(old) == currency(new)
}

/// Days of an old license from today on, which is the new one's first.
fn credit(today: Date, old: &Priced) -> Result<Amount> {
    let Some(end) = old.end else {
        return Ok(unknown(
            "credit",
            old,
            "It has no end, so its price is not for days.",
        ));
    };
    if end < today {
        return Ok(unknown("credit", old, "Its last day has passed."));
    }
    let days = days(today.max(old.start), end)?;
    let of_days = days_of(old)?;
    amount("credit", old, (days, of_days), -1)
}

/// The whole term of a new license, or the part of it that there is.
fn charge(new: &Priced) -> Result<Amount> {
    let Some(end) = new.end else {
        return Ok(unknown(
            "charge",
            new,
            "It has no end, so its price is not for days.",
        ));
    };
    let days = days(new.start, end)?;
    amount("charge", new, (days, days_of(new)?.max(days)), 1)
}

/// What both cost for a whole term, taken from each other, for the days that are left.
fn difference(today: Date, old: &Priced, new: &Priced) -> Result<Amount> {
    let (Some((before, currency)), Some((after, _)), Some(end)) = (&old.price, &new.price, old.end)
    else {
        return Err(Error::internal("a difference without prices"));
    };
    let too_large = || {
        Error::invalid(
            "components",
            "amount.too_large",
            "The amounts are too large.",
        )
    };
    let (before, after) = (
        before.checked_mul(old.units).ok_or_else(too_large)?,
        after.checked_mul(new.units).ok_or_else(too_large)?,
    );
    let share = Share {
        days: days(today.max(old.start), end)?,
        of_days: days_of(old)?,
    };
    let it = change::difference(before, after, share).map_err(|_| too_large())?;
    let known = currency.parse().map_err(Error::internal)?;
    Ok(Amount {
        kind: "difference".into(),
        sku_code: new.sku_code.clone(),
        units: new.units,
        unit_price_minor: new.price.as_ref().map(|(price, _)| *price),
        days: Some(share.days),
        of_days: Some(share.of_days),
        amount_minor: Some(it.amount_minor),
        currency: Some(currency.clone()),
        formula: it.formula(known),
    })
}

fn amount(kind: &str, it: &Priced, (days, of_days): (i64, i64), sign: i64) -> Result<Amount> {
    let Some((price, currency)) = &it.price else {
        return Ok(unknown(kind, it, "Its price is not known."));
    };
    let too_large = || {
        Error::invalid(
            "components",
            "amount.too_large",
            "The amounts are too large.",
        )
    };
    let whole = price.checked_mul(it.units).ok_or_else(too_large)?;
    let minor = sign * part(whole, (days, of_days))?;
    let share = match days == of_days {
        true => String::new(),
        false => format!(" × {days} ÷ {of_days}"),
    };
    let formula = format!(
        "{} × {}{share} = {}",
        it.units,
        decimal(*price, currency),
        decimal(minor.abs(), currency)
    );
    Ok(Amount {
        kind: kind.into(),
        sku_code: it.sku_code.clone(),
        units: it.units,
        unit_price_minor: Some(*price),
        days: Some(days),
        of_days: Some(of_days),
        amount_minor: Some(minor),
        currency: Some(currency.clone()),
        formula,
    })
}

fn unknown(kind: &str, it: &Priced, why: &str) -> Amount {
    Amount {
        kind: kind.into(),
        sku_code: it.sku_code.clone(),
        units: it.units,
        unit_price_minor: None,
        days: None,
        of_days: None,
        amount_minor: None,
        currency: None,
        formula: why.into(),
    }
}

/// An amount for so many of its days, rounded half up once.
fn part(whole_minor: i64, (days, of_days): (i64, i64)) -> Result<i64> {
    let facts = Proration {
        quantity: 1,
        unit_price_minor: whole_minor,
        days,
        of_days,
    };
    let message = "The amounts are too large.";
    let minor = facts.amount();
    minor.map_err(|_| Error::invalid("components", "amount.too_large", message))
}

/// Days of the whole term that a price is for.
fn days_of(it: &Priced) -> Result<i64> {
    match it.full_end.or(it.end) {
        Some(end) => days(it.start, end),
        None => Err(Error::internal("a term without an end")),
    }
}

fn days(start: Date, end: Date) -> Result<i64> {
    let term = Term::new(start.0, end.0).map_err(|_| Error::internal("a term that ends first"))?;
    Ok(term.days_inclusive())
}

fn decimal(minor: i64, currency: &str) -> String {
    match currency.parse() {
        Ok(currency) => money::Money { minor, currency }.decimal(),
        Err(_) => minor.to_string(),
    }
}

fn totals(lines: &[Amount]) -> Result<Vec<Total>> {
    let mut totals: Vec<Total> = Vec::new();
    for line in lines {
        let (Some(minor), Some(currency)) = (line.amount_minor, &line.currency) else {
            continue;
        };
        let known = totals.iter_mut().find(|it| it.currency == *currency);
        match known {
            Some(total) => total.amount_minor += minor,
            None => totals.push(Total {
                currency: currency.clone(),
                amount_minor: minor,
            }),
        }
    }
    totals.sort_by(|one, other| one.currency.cmp(&other.currency));
    Ok(totals)
}
