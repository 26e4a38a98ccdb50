//! Proration: the amount for a part of a period, by days, and the facts that explain it.

use serde::{Deserialize, Serialize};

use super::{Slice, TooLarge, half_up};

/// By which rule an amount came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The whole period: quantity times unit price.
    Whole,
    /// A part of it: that times days of days, rounded half up.
    Days,
}

impl Rule {
    /// What is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Rule::Whole => "whole",
            Rule::Days => "days",
        }
    }

    /// The rule a stored word stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Rule> {
        [Rule::Whole, Rule::Days]
            .into_iter()
            .find(|rule| rule.as_str() == word)
    }
}

/// The facts of one amount: all that is needed to compute it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proration {
    /// Units.
    pub quantity: i64,
    /// Price of one unit for the whole period.
    pub unit_price_minor: i64,
    /// Days that are billed.
    pub days: i64,
    /// Days of the whole period.
    pub of_days: i64,
}

impl Proration {
    /// The facts for so many units of a slice.
    #[must_use]
    pub fn of(slice: Slice, quantity: i64, unit_price_minor: i64) -> Self {
        Proration {
            quantity,
            unit_price_minor,
            days: slice.billed.days_inclusive(),
            of_days: slice.full.days_inclusive(),
        }
    }

    /// The rule that applies.
    #[must_use]
    pub const fn rule(self) -> Rule {
        if self.days == self.of_days {
            Rule::Whole
        } else {
            Rule::Days
        }
    }

    /// The amount in minor units. It is rounded once, at the end. Days are 1 to those of the period.
    pub fn amount(self) -> Result<i64, TooLarge> {
        if !(1..=self.of_days).contains(&self.days) {
            return Err(TooLarge);
        }
        // Three 64-bit numbers may exceed 128 bits.
        let whole = i128::from(self.quantity) * i128::from(self.unit_price_minor);
        let part = whole.checked_mul(i128::from(self.days)).ok_or(TooLarge)?;
        half_up(part, i128::from(self.of_days))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn amount(
        quantity: i64,
        unit_price_minor: i64,
        days: i64,
        of_days: i64,
    ) -> Result<i64, TooLarge> {
        Proration {
            quantity,
            unit_price_minor,
            days,
            of_days,
        }
        .amount()
    }

    #[test]
    fn amounts_are_rounded_once_and_half_up() {
        for (quantity, price, days, of_days, expected) in [
            (10, 1_999, 365, 365, 19_990),
            (1, 1_000, 1, 3, 333),
            (2, 1_000, 1, 3, 667),
            (1, 5, 1, 2, 3),
            (1, -5, 1, 2, -3),
            (0, 1_000, 5, 30, 0),
            (999_999, 1_000_000_000, 365, 366, 997_266_762_295_082),
        ] {
            assert_eq!(amount(quantity, price, days, of_days), Ok(expected));
        }
        for (days, of_days) in [(0, 30), (31, 30), (-1, 30), (1, 0), (1, -1)] {
            assert_eq!(amount(1, 1, days, of_days), Err(TooLarge));
        }
        assert_eq!(
            amount(i64::MAX, i64::MAX, i64::MAX, i64::MAX),
            Err(TooLarge)
        );
        assert_eq!(amount(i64::MAX, 2, 1, 1), Err(TooLarge));
    }

    #[test]
    fn the_rule_says_whether_days_were_counted() {
        let part = Proration {
            quantity: 1,
            unit_price_minor: 1,
            days: 3,
            of_days: 30,
        };
        assert_eq!(part.rule(), Rule::Days);
        assert_eq!(Proration { days: 30, ..part }.rule(), Rule::Whole);
        for rule in [Rule::Whole, Rule::Days] {
            assert_eq!(Rule::parse(rule.as_str()), Some(rule));
        }
    }

    proptest! {
        #[test]
        fn two_parts_of_a_period_differ_from_the_whole_by_a_rounding_at_most(
            quantity in 0i64..1_000_000, price in -1_000_000_000i64..1_000_000_000,
            of_days in 2i64..36_525, cut in 1i64..36_525,
        ) {
            let cut = 1 + (cut - 1) % (of_days - 1);
            let whole = amount(quantity, price, of_days, of_days).expect("small enough");
            let first = amount(quantity, price, cut, of_days).expect("small enough");
            let second = amount(quantity, price, of_days - cut, of_days).expect("small enough");
            prop_assert!((first + second - whole).abs() <= 1);
            prop_assert!(first.abs() <= whole.abs());
            let credit = amount(quantity, -price, cut, of_days);
            prop_assert_eq!(credit, Ok(-first), "what is taken back is what was charged");
        }
    }
}
