//! Changes in the middle of a term: the money between what was paid for and what is wanted, by days.
//!
//! Owns: how much of a period is left on a day (`Share`), the difference of two prices for it, and the price of the
//! days by which a term is made longer (`stub`).
//! Does not own: which periods there are (`billing`), whether a change is allowed, invoices.
//! Keeps true: dates only, no zones; an amount is rounded once, half up, and carries all that is needed to compute it
//! again; what a change costs is what taking it back on the same day gives.

mod words;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    billing::{Proration, Slice, TooLarge, half_up, slices},
    money::Currency,
    term::{OutOfCalendar, Term, Validity},
};

/// So many days of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// Days that count.
    pub days: i64,
    /// Days of the whole period.
    pub of_days: i64,
}

impl Share {
    /// What is left of a term from a day on, that day included; nothing where the day lies outside.
    #[must_use]
    pub fn from(term: Term, day: Date) -> Option<Share> {
        let whole = Slice {
            full: term,
            billed: term,
        };
        Share::of(whole, day)
    }

    /// What is left from a day on of the part of a period that is paid for, as a share of the whole period.
    #[must_use]
    pub fn of(slice: Slice, day: Date) -> Option<Share> {
        let left = Term::new(day, slice.billed.end()).ok();
        let left = left.filter(|_| slice.billed.contains(day))?;
        Some(Share {
            days: left.days_inclusive(),
            of_days: slice.full.days_inclusive(),
        })
    }

    fn is_sound(self) -> bool {
        (1..=self.of_days).contains(&self.days)
    }
}

/// What a change costs for the rest of a period; below zero is what it gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Difference {
    /// Price of the whole period as it was.
    pub before_minor: i64,
    /// Price of the whole period as it will be.
    pub after_minor: i64,
    /// How much of the period is left.
    pub share: Share,
    /// The difference of both, by days.
    pub amount_minor: i64,
}

/// What changing from one price of a period to another costs for the days that are left of it.
pub fn difference(
    before_minor: i64,
    after_minor: i64,
    share: Share,
) -> Result<Difference, TooLarge> {
    if !share.is_sound() {
        return Err(TooLarge);
    }
    let whole = i128::from(after_minor) - i128::from(before_minor);
    let part = whole.checked_mul(i128::from(share.days)).ok_or(TooLarge)?;
    Ok(Difference {
        before_minor,
        after_minor,
        share,
        amount_minor: half_up(part, i128::from(share.of_days))?,
    })
}

impl Difference {
    /// How the amount came about: `(730.00 − 365.00) × 153 ÷ 365 = 153.00`.
    #[must_use]
    pub fn formula(&self, currency: Currency) -> String {
        words::difference(self, currency)
    }
}

/// The price of the days by which a term is longer: whole periods, and so many days of one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stub {
    /// Units.
    pub units: i64,
    /// Price of one unit for a whole period.
    pub unit_price_minor: i64,
    /// All days, the first and the last included.
    pub days: i64,
    /// Whole periods before the last one.
    pub whole: i64,
    /// How much of the last one; all of it where the days are so many whole periods.
    pub share: Share,
    /// The price, rounded once.
    pub amount_minor: i64,
}

/// Why days have no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StubError {
    /// The last day lies before the first.
    Backwards,
    /// A period beyond the calendar.
    OutOfCalendar,
    /// More than 64 bits of minor units hold.
    TooLarge,
}

/// What so many units cost from one day to another, both included, at a price for each period counted from the first.
pub fn stub(
    units: i64,
    unit_price_minor: i64,
    from: Date,
    to: Date,
    every: Validity,
) -> Result<Stub, StubError> {
    let term = Term::new(from, to).map_err(|_| StubError::Backwards)?;
    let periods = slices(every, from, term)?;
    let (last, before) = periods.split_last().ok_or(StubError::OutOfCalendar)?;
    let share = Share {
        days: last.billed.days_inclusive(),
        of_days: last.full.days_inclusive(),
    };
    let whole = i64::try_from(before.len()).map_err(|_| StubError::TooLarge)?;
    let price = i128::from(units) * i128::from(unit_price_minor);
    let counted = i128::from(whole) * i128::from(share.of_days) + i128::from(share.days);
    let part = price.checked_mul(counted).ok_or(StubError::TooLarge)?;
    Ok(Stub {
        units,
        unit_price_minor,
        days: term.days_inclusive(),
        whole,
        share,
        amount_minor: half_up(part, i128::from(share.of_days))?,
    })
}

impl Stub {
    /// What so many units cost for the part of one period that is billed.
    pub fn of(slice: Slice, units: i64, unit_price_minor: i64) -> Result<Stub, TooLarge> {
        let proration = Proration::of(slice, units, unit_price_minor);
        let Proration { days, of_days, .. } = proration;
        Ok(Stub {
            units,
            unit_price_minor,
            days,
            whole: 0,
            share: Share { days, of_days },
            amount_minor: proration.amount()?,
        })
    }

    /// How the amount came about: `25 × 120.00 × 297 ÷ 365 = 2,441.10`.
    #[must_use]
    pub fn formula(&self, currency: Currency) -> String {
        words::stub(self, currency)
    }
}

impl From<OutOfCalendar> for StubError {
    fn from(_: OutOfCalendar) -> Self {
        StubError::OutOfCalendar
    }
}

impl From<TooLarge> for StubError {
    fn from(_: TooLarge) -> Self {
        StubError::TooLarge
    }
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::prelude::*;

    use super::*;

    fn term(start: Date, end: Date) -> Term {
        Term::new(start, end).expect("the tests' terms are in order")
    }

    fn every(text: &str) -> Validity {
        text.parse().expect("the tests use well-formed validities")
    }

    fn euro() -> Currency {
        "EUR".parse().expect("a currency")
    }

    #[test]
    fn the_day_of_the_change_counts_as_new() {
        let year = term(date(2020, 11, 16), date(2021, 11, 15));
        let share = |day| Share::from(year, day).map(|share| (share.days, share.of_days));
        assert_eq!(share(date(2021, 6, 16)), Some((153, 365)));
        assert_eq!(share(date(2020, 11, 16)), Some((365, 365)));
        assert_eq!(share(date(2021, 11, 15)), Some((1, 365)));
        assert_eq!(share(date(2020, 11, 15)), None);
        assert_eq!(share(date(2021, 11, 16)), None);
        let leap = term(date(2027, 3, 1), date(2028, 2, 29));
        let last = Share::from(leap, date(2028, 2, 28));
        assert_eq!(
            last.map(|share| (share.days, share.of_days)),
            Some((2, 366))
        );
    }

    #[test]
    fn a_period_that_is_cut_short_leaves_a_share_of_the_whole() {
        let slice = Slice {
            full: term(date(2026, 3, 10), date(2027, 3, 9)),
            billed: term(date(2026, 3, 10), date(2026, 12, 31)),
        };
        let share = Share::of(slice, date(2026, 12, 1)).map(|share| (share.days, share.of_days));
        assert_eq!(share, Some((31, 365)));
        assert_eq!(Share::of(slice, date(2027, 1, 1)), None);
    }

    #[test]
    fn changes_are_prorated_by_days() {
        let year = term(date(2020, 11, 16), date(2021, 11, 15));
        let share = Share::from(year, date(2021, 6, 16)).expect("within the term");
        for (before, after, amount, formula) in [
            (
                36_500,
                73_000,
                15_300,
                "(730.00 − 365.00) × 153 ÷ 365 = 153.00",
            ),
            (
                37_000,
                74_000,
                15_510,
                "(740.00 − 370.00) × 153 ÷ 365 = 155.10",
            ),
            (
                74_000,
                37_000,
                -15_510,
                "(370.00 − 740.00) × 153 ÷ 365 = −155.10",
            ),
            (
                1_000_000,
                1_000_000,
                0,
                "(10,000.00 − 10,000.00) × 153 ÷ 365 = 0.00",
            ),
        ] {
            let found = difference(before, after, share).expect("small enough");
            assert_eq!(found.amount_minor, amount, "{formula}");
            assert_eq!(found.formula(euro()), formula);
        }
        let whole = Share {
            days: 365,
            of_days: 365,
        };
        let found = difference(0, 1_200, whole).expect("small enough");
        assert_eq!(found.formula(euro()), "12.00 − 0.00 = 12.00");
        for (days, of_days) in [(0, 30), (31, 30), (1, 0)] {
            assert_eq!(difference(1, 2, Share { days, of_days }), Err(TooLarge));
        }
        assert_eq!(difference(i64::MIN, i64::MAX, whole), Err(TooLarge));
    }

    #[test]
    fn a_stub_counts_its_year_from_its_first_day() {
        let (from, to) = (date(2026, 3, 10), date(2026, 12, 31));
        let found = stub(25, 12_000, from, to, every("P1Y")).expect("within the calendar");
        assert_eq!((found.share.days, found.share.of_days), (297, 365));
        assert_eq!(
            (found.days, found.whole, found.amount_minor),
            (297, 0, 244_110)
        );
        assert_eq!(found.formula(euro()), "25 × 120.00 × 297 ÷ 365 = 2,441.10");
    }

    #[test]
    fn a_stub_of_whole_periods_is_not_prorated() {
        let (from, to) = (date(2027, 3, 1), date(2028, 2, 29));
        let leap = stub(2, 12_000, from, to, every("P1Y")).expect("within the calendar");
        assert_eq!((leap.share.days, leap.share.of_days), (366, 366));
        assert_eq!(leap.formula(euro()), "2 × 120.00 = 240.00");
        let to = date(2028, 8, 31);
        let longer = stub(2, 12_000, from, to, every("P1Y")).expect("within the calendar");
        let part = (longer.whole, longer.share.days, longer.share.of_days);
        assert_eq!(part, (1, 184, 365));
        assert_eq!(
            longer.formula(euro()),
            "2 × 120.00 × (1 + 184 ÷ 365) = 360.99"
        );
        let months = stub(1, 1_000, date(2027, 1, 31), date(2027, 3, 30), every("P1M"));
        let months = months.expect("within the calendar");
        assert_eq!((months.whole, months.amount_minor), (1, 2_000));
        assert_eq!(months.formula(euro()), "1 × 10.00 × 2 = 20.00");
        let yen = "JPY".parse().expect("a currency");
        assert_eq!(months.formula(yen), "1 × 1,000 × 2 = 2,000");
    }

    #[test]
    fn a_part_of_a_period_is_priced_as_it_is_billed() {
        let full = term(date(2027, 2, 28), date(2027, 3, 30));
        let whole = Stub::of(Slice { full, billed: full }, 3, 1_000).expect("small enough");
        assert_eq!(whole.formula(euro()), "3 × 10.00 = 30.00");
        let billed = term(date(2027, 2, 28), date(2027, 3, 10));
        let part = Stub::of(Slice { full, billed }, 3, 1_000).expect("small enough");
        assert_eq!(part.formula(euro()), "3 × 10.00 × 11 ÷ 31 = 10.65");
        let back = Stub::of(Slice { full, billed }, -3, 1_000).expect("small enough");
        assert_eq!(back.formula(euro()), "−3 × 10.00 × 11 ÷ 31 = −10.65");
    }

    #[test]
    fn what_cannot_be_computed_is_said() {
        let (from, to) = (date(2026, 3, 10), date(2026, 3, 9));
        assert_eq!(
            stub(1, 1, from, to, every("P1Y")),
            Err(StubError::Backwards)
        );
        let late = stub(1, 1, date(9990, 1, 1), Date::MAX, every("P100Y"));
        assert_eq!(late, Err(StubError::OutOfCalendar));
        let large = stub(i64::MAX, i64::MAX, to, from, every("P1Y"));
        assert_eq!(large, Err(StubError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_a_change_costs_is_what_taking_it_back_gives(
            before in 0i64..1_000_000_000, after in 0i64..1_000_000_000,
            of_days in 1i64..36_525, day in 0i64..36_525,
        ) {
            let share = Share { days: 1 + day % of_days, of_days };
            let there = difference(before, after, share).expect("small enough");
            let back = difference(after, before, share).expect("small enough");
            prop_assert_eq!(there.amount_minor, -back.amount_minor);
            prop_assert!(there.amount_minor.abs() <= (after - before).abs());
        }

        #[test]
        fn two_shares_of_a_term_make_the_whole(from in 0i32..3_000, length in 1i32..800, at in 0i32..800) {
            let start = date(2024, 1, 1) + from.days();
            let whole = term(start, start + (length - 1).days());
            let day = start + (at % length).days();
            let left = Share::from(whole, day).expect("within the term");
            prop_assert_eq!(left.of_days, i64::from(length));
            prop_assert_eq!(left.days + i64::from(at % length), i64::from(length));
        }

        #[test]
        fn a_longer_stub_costs_no_less(
            from in 0i32..3_000, days in 1i32..2_000, units in 1i64..10_000, price in 0i64..1_000_000,
            months in 1u8..25,
        ) {
            let first = date(2024, 1, 1) + from.days();
            let last = first + (days - 1).days();
            let every = every(&format!("P{months}M"));
            let one = stub(units, price, first, last, every).expect("small enough");
            let more = stub(units, price, first, last + 1.day(), every).expect("small enough");
            prop_assert_eq!(one.days, i64::from(days));
            prop_assert!(one.amount_minor <= more.amount_minor);
            prop_assert!((1..=one.share.of_days).contains(&one.share.days));
        }
    }
}
