//! Figures as rows.

use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// What units cost is added up to this much of a license, in minor units: a price that somebody mistyped counts nothing,
/// and no sum grows out of bounds.
pub(super) const MOST_WORTH: i64 = 10_000_000_000_000;

/// What an organization holds of one product, in licenses that are active.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductFigures {
    /// The product.
    pub product_id: Uuid,
    /// Its name.
    pub product_name: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// Active licenses of it, as far as the organization holds units of them.
    pub licenses: i64,
    /// Units committed: all that it holds.
    pub quantity: i64,
    /// Units passed on to child organizations.
    pub allocated: i64,
    /// Units bound to its own holders.
    pub assigned: i64,
    /// Units neither passed on nor bound.
    pub free: i64,
}

/// What ends in one month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MonthEnding {
    /// The month: `2026-11`.
    pub month: String,
    /// Active licenses that end in it.
    pub licenses: i64,
    /// Units of them that the organization holds.
    pub quantity: i64,
    /// What these units cost at the prices of its own licenses, by currency; only with `prices.read`.
    pub values: Vec<Amount>,
}

/// Money in one currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amount {
    /// In minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// One week of what an organization held, as it was at the end of the week, or now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// Units committed.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound.
    pub assigned: i64,
}

/// A state of one product that holds from a week on: product, Monday, committed, passed on, bound.
pub(super) type Since = (Uuid, Date, i64, i64, i64);

/// The Monday of a day's week.
pub fn monday(day: Date) -> Date {
    let back = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(back.days()).unwrap_or(day)
}

/// Every week from the first in which there was anything, no earlier than `first`, to `last`: a state holds until the
/// next one. `states` are in the order of their weeks.
pub(super) fn weeks(states: &[Since], (first, last): (Date, Date)) -> Vec<Week> {
    let mut held: BTreeMap<Uuid, (i64, i64, i64)> = BTreeMap::new();
    let (mut weeks, mut next) = (Vec::new(), states.iter().peekable());
    let mut week = first;
    while week <= last {
        while let Some(since) = next.next_if(|since| since.1 <= week) {
            held.insert(since.0, (since.2, since.3, since.4));
        }
        if !held.is_empty() {
            let sum = |of: fn(&(i64, i64, i64)) -> i64| held.values().map(of).sum();
            weeks.push(Week {
                monday: week,
                quantity: sum(|it| it.0),
                allocated: sum(|it| it.1),
                assigned: sum(|it| it.2),
            });
        }
        match week.checked_add(7.days()) {
            Ok(following) => week = following,
            Err(_) => break,
        }
    }
    weeks
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_week_begins_on_monday() {
        assert_eq!(monday(date(2026, 6, 1)), date(2026, 6, 1));
        assert_eq!(monday(date(2026, 6, 7)), date(2026, 6, 1));
        assert_eq!(monday(date(2026, 1, 1)), date(2025, 12, 29));
    }

    #[test]
    fn a_state_holds_until_the_next_one() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let states = [
            (one, date(2026, 5, 4), 10, 0, 1),
            (other, date(2026, 5, 18), 5, 5, 0),
            (one, date(2026, 5, 25), 0, 0, 0),
        ];
        let told = weeks(&states, (date(2026, 4, 27), date(2026, 6, 1)));
        let told: Vec<_> = told
            .iter()
            .map(|it| (it.monday.day(), it.quantity, it.allocated + it.assigned))
            .collect();
        assert_eq!(
            told,
            [(4, 10, 1), (11, 10, 1), (18, 15, 6), (25, 5, 5), (1, 5, 5)]
        );
    }
}
