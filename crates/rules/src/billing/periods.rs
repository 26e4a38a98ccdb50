//! Billing periods: which days one amount stands for, counted from an anchor day.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::term::{OutOfCalendar, Term, Validity};

/// How often something is billed, where people choose among the usual three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Each month.
    Month,
    /// Each three months.
    Quarter,
    /// Each year.
    Year,
}

impl Every {
    /// All of them.
    pub const ALL: [Every; 3] = [Every::Month, Every::Quarter, Every::Year];

    /// The same as a duration.
    #[must_use]
    pub fn validity(self) -> Validity {
        let text = match self {
            Every::Month => "P1M",
            Every::Quarter => "P3M",
            Every::Year => "P1Y",
        };
        text.parse().expect("these three are well-formed durations")
    }
}

/// The part of a period that is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The whole period, whose price is known.
    pub full: Term,
    /// The days of it that are billed.
    pub billed: Term,
}

impl Slice {
    /// Whether every day of the period is billed.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.full == self.billed
    }
}

/// The period that a date falls in, and its place in the row; `None` before the anchor.
pub fn containing(
    every: Validity,
    anchor: Date,
    date: Date,
) -> Result<Option<(u32, Term)>, OutOfCalendar> {
    if date < anchor {
        return Ok(None);
    }
    // A period has a day at least, so the date lies in one of the first `days + 1`.
    let days = date.duration_since(anchor).as_hours() / 24;
    let (mut low, mut high) = (0, u32::try_from(days).map_err(|_| OutOfCalendar)?);
    while low < high {
        let middle = high - (high - low) / 2;
        // A boundary beyond the calendar is later than any date.
        match every.boundary(anchor, middle) {
            Ok(boundary) if boundary <= date => low = middle,
            _ => high = middle - 1,
        }
    }
    Ok(Some((low, every.period(anchor, low)?)))
}

/// The parts of periods that make up a term, in order: they tile it without gap or overlap.
///
/// A term that begins before the anchor is refused as out of the calendar: nothing was agreed for those days.
pub fn slices(every: Validity, anchor: Date, term: Term) -> Result<Vec<Slice>, OutOfCalendar> {
    let (mut n, mut full) = containing(every, anchor, term.start())?.ok_or(OutOfCalendar)?;
    let mut slices = vec![];
    loop {
        let (start, end) = (full.start().max(term.start()), full.end().min(term.end()));
        let billed = Term::new(start, end).map_err(|_| OutOfCalendar)?;
        slices.push(Slice { full, billed });
        if full.end() >= term.end() {
            return Ok(slices);
        }
        n += 1;
        full = every.period(anchor, n)?;
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

    /// Every day a billing could be anchored at, leap days and ends of months among them.
    fn anchors() -> impl Iterator<Item = Date> {
        date(2024, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() < 2027)
            .chain([date(2028, 1, 31), date(2028, 2, 29), date(2031, 12, 31)])
    }

    #[test]
    fn the_anchor_day_is_kept() {
        let monthly = slices(
            Every::Month.validity(),
            date(2028, 1, 31),
            term(date(2028, 1, 31), date(2028, 4, 29)),
        );
        let starts: Vec<Date> = monthly.iter().flatten().map(|it| it.full.start()).collect();
        assert_eq!(
            starts,
            [date(2028, 1, 31), date(2028, 2, 29), date(2028, 3, 31)]
        );
        assert!(monthly.iter().flatten().all(|slice| slice.is_whole()));

        let yearly = containing(Every::Year.validity(), date(2024, 2, 29), date(2025, 2, 28));
        assert_eq!(
            yearly,
            Ok(Some((1, term(date(2025, 2, 28), date(2026, 2, 27)))))
        );
        let before = containing(Every::Year.validity(), date(2024, 2, 29), date(2024, 2, 28));
        assert_eq!(before, Ok(None));
    }

    #[test]
    fn periods_tile_from_2024_to_2032_without_gap_or_overlap() {
        for every in Every::ALL {
            for anchor in anchors() {
                let whole = term(anchor, date(2032, 12, 31));
                let slices = slices(every.validity(), anchor, whole).expect("within the calendar");
                let mut expected = anchor;
                for slice in &slices {
                    assert_eq!(slice.billed.start(), expected, "{every:?} from {anchor}");
                    assert!(slice.full.contains(slice.billed.end()));
                    expected = slice.billed.end().tomorrow().expect("within the calendar");
                }
                assert_eq!(expected, date(2033, 1, 1), "{every:?} from {anchor}");
                let days: i64 = slices
                    .iter()
                    .map(|slice| slice.billed.days_inclusive())
                    .sum();
                assert_eq!(days, whole.days_inclusive());
            }
        }
    }

    #[test]
    fn a_cut_term_is_billed_by_its_days() {
        let monthly = Every::Month.validity();
        let cut = slices(
            monthly,
            date(2026, 1, 15),
            term(date(2026, 2, 1), date(2026, 3, 20)),
        );
        let cut = cut.expect("within the calendar");
        let days: Vec<(i64, i64)> = cut
            .iter()
            .map(|it| (it.billed.days_inclusive(), it.full.days_inclusive()))
            .collect();
        assert_eq!(days, [(14, 31), (28, 28), (6, 31)]);
        let early = slices(
            monthly,
            date(2026, 1, 15),
            term(date(2026, 1, 1), date(2026, 3, 20)),
        );
        assert_eq!(early, Err(OutOfCalendar));
        let late = containing("P100Y".parse().expect("well-formed"), Date::MAX, Date::MAX);
        assert_eq!(late, Err(OutOfCalendar));
    }

    proptest! {
        #[test]
        fn a_date_lies_in_the_period_that_contains_it(
            (months, days) in (0u16..40, 1u16..60), from in 0i32..3_000, after in 0i32..20_000,
        ) {
            let every = match months {
                0 => format!("P{days}D"),
                _ => format!("P{months}M{days}D"),
            };
            let every: Validity = every.parse().expect("well-formed");
            let anchor = date(2024, 1, 1) + from.days();
            let day = anchor + after.days();
            let found = containing(every, anchor, day).expect("within the calendar");
            let (n, period) = found.expect("not before the anchor");
            prop_assert!(period.contains(day));
            prop_assert_eq!(every.period(anchor, n), Ok(period));
        }
    }
}
