//! Formulas as people read them: figures of the currency in groups of three, and only the steps that were taken.

use super::{Difference, Share, Stub};
use crate::money::{Currency, Money};

pub(super) fn difference(it: &Difference, currency: Currency) -> String {
    let figure = |minor| figure(minor, currency);
    let (before, after) = (figure(it.before_minor), figure(it.after_minor));
    let amount = figure(it.amount_minor);
    match it.share {
        Share { days, of_days } if days == of_days => format!("{after} − {before} = {amount}"),
        Share { days, of_days } => format!("({after} − {before}) × {days} ÷ {of_days} = {amount}"),
    }
}

pub(super) fn stub(it: &Stub, currency: Currency) -> String {
    let Share { days, of_days } = it.share;
    let periods = match (it.whole, days == of_days) {
        (0, true) => String::new(),
        (0, false) => format!(" × {days} ÷ {of_days}"),
        (whole, true) => format!(" × {}", whole + 1),
        (whole, false) => format!(" × ({whole} + {days} ÷ {of_days})"),
    };
    let price = figure(it.unit_price_minor, currency);
    let amount = figure(it.amount_minor, currency);
    let sign = if it.units < 0 { "−" } else { "" };
    let units = it.units.unsigned_abs();
    format!("{sign}{units} × {price}{periods} = {amount}")
}

/// `−1,234.50`, with the sign that formulas have.
fn figure(minor: i64, currency: Currency) -> String {
    let plain = Money::new(minor, currency).decimal();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", plain.as_str()),
    };
    let (whole, decimals) = match digits.split_once('.') {
        Some((whole, decimals)) => (whole, format!(".{decimals}")),
        None => (digits, String::new()),
    };
    let mut grouped = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + &decimals
}
