//! Validity: how long a SKU runs, and the periods that follow from an anchor day.
//!
//! Owns: reading and writing durations, boundaries and periods.
//! Does not own: zones and instants.
//! Keeps true: what is read is written back unchanged; every boundary is counted from the anchor,
//! never from the boundary before it, so periods tile without gap or overlap.

use std::{fmt, str::FromStr};

use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

use super::{OutOfCalendar, Term};

/// The longest validity in months; the same hundred years are [`MAX_DAYS`].
const MAX_MONTHS: u32 = 1_200;

/// The longest validity in days, leap days included.
const MAX_DAYS: u32 = 36_525;

/// How long a SKU is valid: an ISO 8601 duration of whole days up to a hundred years, kept as it
/// was written (`P12M` and `P1Y` are equally long and not equal).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Validity {
    years: u16,
    months: u16,
    weeks: u16,
    days: u16,
}

/// Why a text is no validity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidityError {
    /// Not of the form `P1Y6M10D` or `P2W`.
    Malformed,
    /// A part of it is zero.
    Zero,
    /// Longer than a hundred years.
    TooLong,
}

impl Validity {
    /// The n-th boundary counted from an anchor; the 0th is the anchor itself.
    ///
    /// A day that a month does not have becomes its last day, for that boundary only: from 31
    /// January monthly come 28 or 29 February, then 31 March.
    pub fn boundary(self, anchor: Date, n: u32) -> Result<Date, OutOfCalendar> {
        let times = |count: u16| i64::from(n) * i64::from(count);
        Span::new()
            .try_years(times(self.years))
            .and_then(|span| span.try_months(times(self.months)))
            .and_then(|span| span.try_weeks(times(self.weeks)))
            .and_then(|span| span.try_days(times(self.days)))
            .and_then(|span| anchor.checked_add(span))
            .map_err(|_| OutOfCalendar)
    }

    /// The n-th period counted from an anchor; the 0th starts at the anchor.
    pub fn period(self, anchor: Date, n: u32) -> Result<Term, OutOfCalendar> {
        let start = self.boundary(anchor, n)?;
        let next = self.boundary(anchor, n.checked_add(1).ok_or(OutOfCalendar)?)?;
        let end = next.yesterday().map_err(|_| OutOfCalendar)?;
        Ok(Term { start, end })
    }

    /// The inclusive end of a term: the day before the next boundary.
    ///
    /// From 2026-01-01, `P1Y` ends on 2026-12-31. From 2026-01-31, `P1M` ends on 2026-02-27: the
    /// next period begins on 28 February.
    pub fn end_from(self, start: Date) -> Result<Date, OutOfCalendar> {
        self.period(start, 0).map(Term::end)
    }

    /// What an amount for one validity comes to for a month, rounded half up: a twelfth of a year's. A month of days
    /// is a twelve-hundredth of a hundred years.
    #[must_use]
    pub fn per_month(self, amount_minor: i64) -> Option<i64> {
        let months = 12 * i128::from(self.years) + i128::from(self.months);
        let days = 7 * i128::from(self.weeks) + i128::from(self.days);
        let (month, day) = (i128::from(MAX_DAYS), i128::from(MAX_MONTHS));
        let length = months * month + days * day;
        let doubled = 2 * i128::from(amount_minor) * month;
        i64::try_from((doubled + length).div_euclid(2 * length)).ok()
    }

    /// The validity in English: `1 year 6 months`.
    #[must_use]
    pub fn in_words(self) -> String {
        let parts = self.parts().map(|(count, _, unit)| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {unit}{plural}")
        });
        parts.collect::<Vec<_>>().join(" ")
    }

    fn parts(self) -> impl Iterator<Item = (u16, char, &'static str)> {
        [
            (self.years, 'Y', "year"),
            (self.months, 'M', "month"),
            (self.weeks, 'W', "week"),
            (self.days, 'D', "day"),
        ]
        .into_iter()
        .filter(|(count, ..)| *count > 0)
    }

    // A month counts as a twelve-hundredth of a hundred years, so months and days share one bound.
    fn is_too_long(self) -> bool {
        let months = 12 * u32::from(self.years) + u32::from(self.months);
        let days = 7 * u32::from(self.weeks) + u32::from(self.days);
        let bound = u64::from(MAX_MONTHS) * u64::from(MAX_DAYS);
        u64::from(months) * u64::from(MAX_DAYS) + u64::from(days) * u64::from(MAX_MONTHS) > bound
    }
}

impl FromStr for Validity {
    type Err = ValidityError;

    fn from_str(text: &str) -> Result<Self, ValidityError> {
        let mut rest = text.strip_prefix('P').ok_or(ValidityError::Malformed)?;
        let validity = Self {
            years: take(&mut rest, 'Y')?,
            months: take(&mut rest, 'M')?,
            weeks: take(&mut rest, 'W')?,
            days: take(&mut rest, 'D')?,
        };
        let parts = validity.parts().count();
        // ISO 8601-1 lets weeks stand only alone.
        if !rest.is_empty() || parts == 0 || (validity.weeks > 0 && parts > 1) {
            Err(ValidityError::Malformed)
        } else if validity.is_too_long() {
            Err(ValidityError::TooLong)
        } else {
            Ok(validity)
        }
    }
}

/// Takes the count before a unit off the front; 0 where the unit is not written.
fn take(rest: &mut &str, unit: char) -> Result<u16, ValidityError> {
    let Some((digits, tail)) = rest.split_once(unit) else {
        return Ok(0);
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ValidityError::Malformed);
    }
    *rest = tail;
    match digits.parse() {
        Ok(0) => Err(ValidityError::Zero),
        Ok(count) => Ok(count),
        Err(_) => Err(ValidityError::TooLong),
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        self.parts()
            .try_for_each(|(count, unit, _)| write!(f, "{count}{unit}"))
    }
}

impl TryFrom<String> for Validity {
    type Error = ValidityError;

    fn try_from(text: String) -> Result<Self, ValidityError> {
        text.parse()
    }
}

impl From<Validity> for String {
    fn from(validity: Validity) -> Self {
        validity.to_string()
    }
}

impl fmt::Display for ValidityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "no ISO 8601 duration of years, months and days, or of weeks",
            Self::Zero => "a zero in a validity",
            Self::TooLong => "a validity of more than 100 years",
        })
    }
}

impl std::error::Error for ValidityError {}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};
    use proptest::prelude::*;
    use serde::de::{IntoDeserializer, value::Error as WireError};

    use super::*;

    fn validity(text: &str) -> Validity {
        text.parse().expect("the tests use well-formed validities")
    }

    fn days_2024_to_2032() -> impl Iterator<Item = Date> {
        date(2024, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() <= 2032)
    }

    #[test]
    fn validities_read_and_write_as_iso_and_words() {
        for (text, words) in [
            ("P1Y", "1 year"),
            ("P12M", "12 months"),
            ("P2W", "2 weeks"),
            ("P30D", "30 days"),
            ("P1Y6M", "1 year 6 months"),
            ("P2Y1M1D", "2 years 1 month 1 day"),
            ("P100Y", "100 years"),
            ("P1200M", "1200 months"),
            ("P36525D", "36525 days"),
        ] {
            assert_eq!(validity(text).to_string(), text);
            assert_eq!(validity(text).in_words(), words);
            let wire = Validity::deserialize(text.into_deserializer());
            assert_eq!(wire, Ok::<_, WireError>(validity(text)));
        }
    }

    #[test]
    fn other_durations_are_refused() {
        use ValidityError::{Malformed, TooLong, Zero};
        for text in [
            "", "P", "1Y", "p1y", "PT1H", "P1YT1H", "PT1M", "-P1Y", "P-1Y", "P+1Y", "P1",
        ] {
            assert_eq!(text.parse::<Validity>(), Err(Malformed), "{text:?}");
        }
        for text in ["P1M1Y", "P1Y1Y", "P1.5Y", "P1Y2W", "PY", " P1Y", "P1Y "] {
            assert_eq!(text.parse::<Validity>(), Err(Malformed), "{text:?}");
        }
        for text in ["P0D", "P0Y", "P1Y0M"] {
            assert_eq!(text.parse::<Validity>(), Err(Zero), "{text:?}");
        }
        for text in ["P101Y", "P100Y1D", "P1201M", "P36526D", "P5218W", "P99999Y"] {
            assert_eq!(text.parse::<Validity>(), Err(TooLong), "{text:?}");
        }
    }

    #[test]
    fn ends_are_the_day_before_the_next_boundary() {
        for (start, text, end) in [
            (date(2026, 1, 1), "P1Y", date(2026, 12, 31)),
            (date(2026, 1, 31), "P1M", date(2026, 2, 27)),
            (date(2028, 1, 31), "P1M", date(2028, 2, 28)),
            (date(2024, 2, 29), "P1Y", date(2025, 2, 27)),
            (date(2026, 3, 1), "P30D", date(2026, 3, 30)),
            (date(2026, 3, 1), "P2W", date(2026, 3, 14)),
            (date(2026, 1, 1), "P1D", date(2026, 1, 1)),
            (date(2026, 7, 1), "P1Y6M", date(2027, 12, 31)),
        ] {
            assert_eq!(validity(text).end_from(start), Ok(end), "{start} + {text}");
        }
        assert_eq!(validity("P1Y").end_from(Date::MAX), Err(OutOfCalendar));
        assert_eq!(
            validity("P100Y").boundary(date(2026, 1, 1), u32::MAX),
            Err(OutOfCalendar)
        );
    }

    #[test]
    fn the_anchor_day_comes_back() {
        let monthly = |n| validity("P1M").boundary(date(2027, 12, 31), n);
        let expected = [
            date(2027, 12, 31),
            date(2028, 1, 31),
            date(2028, 2, 29),
            date(2028, 3, 31),
        ];
        assert_eq!([0, 1, 2, 3].map(monthly), expected.map(Ok));
        let yearly = |n| validity("P1Y").boundary(date(2024, 2, 29), n);
        assert_eq!(
            [1, 4].map(yearly),
            [Ok(date(2025, 2, 28)), Ok(date(2028, 2, 29))]
        );
    }

    #[test]
    fn periods_tile_from_every_anchor() {
        for (text, count) in [("P1M", 13), ("P3M", 5), ("P1Y", 5)] {
            let every = validity(text);
            for anchor in days_2024_to_2032() {
                let mut expected = anchor;
                for n in 0..count {
                    let period = every
                        .period(anchor, n)
                        .expect("far from the calendar's end");
                    assert_eq!(period.start(), expected, "{text} period {n} from {anchor}");
                    assert!(period.end() >= period.start());
                    let last_of_month = period.start().days_in_month();
                    assert_eq!(period.start().day(), anchor.day().min(last_of_month));
                    expected = period
                        .end()
                        .tomorrow()
                        .expect("far from the calendar's end");
                }
            }
        }
    }

    #[test]
    fn a_month_is_a_twelfth_of_a_year() {
        for (text, amount, month) in [
            ("P1Y", 12_000, 1_000),
            ("P1Y", 100, 8),
            ("P1Y", 6, 1),
            ("P1M", 999, 999),
            ("P2Y", 24, 1),
            ("P30D", 3_000, 3_044),
            ("P1Y", i64::MAX, 768_614_336_404_564_651),
        ] {
            assert_eq!(validity(text).per_month(amount), Some(month), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_is_the_inverse_of_writing(text in r"P([0-9]{1,3}[YMWD]){1,4}|\PC{0,8}") {
            if let Ok(validity) = text.parse::<Validity>() {
                prop_assert_eq!(validity.to_string().parse(), Ok(validity));
            }
        }

        #[test]
        fn mixed_validities_tile(
            (years, months, days) in (1u16..4, 1u16..30, 1u16..60),
            from in 0i32..3_000,
            n in 0u32..40,
        ) {
            let mixed = validity(&format!("P{years}Y{months}M{days}D"));
            let anchor = date(2024, 1, 1) + from.days();
            let period = mixed.period(anchor, n).expect("far from the calendar's end");
            let next = mixed.period(anchor, n + 1).expect("far from the calendar's end");
            prop_assert_eq!(period.end().tomorrow().ok(), Some(next.start()));
            prop_assert!(period.days_inclusive() >= 1);
        }
    }
}
