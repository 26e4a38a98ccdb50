//! Terms: the calendar of a license.
//!
//! Owns: terms between civil dates, and the instants at which a date begins and ends in a zone; how
//! long a SKU runs is in `validity`.
//! Does not own: which zone a license keeps, what happens at an end (`lifecycle`), or money.
//! Keeps true: an end is an inclusive date and an exclusive instant; days tile in every zone.

mod validity;

use std::fmt;

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
pub use validity::{Validity, ValidityError};

/// A date beyond the calendar, which ends with the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfCalendar;

/// The end of a term lies before its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndBeforeStart;

/// Civil dates from the first to the last, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    start: Date,
    end: Date,
}

impl Term {
    /// A term between two inclusive dates.
    pub fn new(start: Date, end: Date) -> Result<Self, EndBeforeStart> {
        if end < start {
            Err(EndBeforeStart)
        } else {
            Ok(Self { start, end })
        }
    }

    /// The first day.
    #[must_use]
    pub const fn start(self) -> Date {
        self.start
    }

    /// The last day, inclusive.
    #[must_use]
    pub const fn end(self) -> Date {
        self.end
    }

    /// Days from the first to the last, both counted; at least 1.
    #[must_use]
    pub fn days_inclusive(self) -> i64 {
        self.end.duration_since(self.start).as_hours() / 24 + 1
    }

    /// Whether a date lies within the term.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        (self.start..=self.end).contains(&date)
    }
}

/// The instant at which a civil date begins in a zone.
///
/// Where clocks jump over midnight the day begins after the jump; where midnight comes twice it
/// begins with the first. A date that a zone skipped entirely begins and ends in the same instant.
pub fn first_instant(date: Date, zone: &TimeZone) -> Result<Timestamp, OutOfCalendar> {
    let midnight = date.at(0, 0, 0, 0);
    zone.to_ambiguous_timestamp(midnight)
        .compatible()
        .map_err(|_| OutOfCalendar)
}

/// The instant at which an inclusive end date is over in a zone: the first of the next day.
pub fn exclusive_end_instant(end: Date, zone: &TimeZone) -> Result<Timestamp, OutOfCalendar> {
    first_instant(end.tomorrow().map_err(|_| OutOfCalendar)?, zone)
}

/// The instant at which so many days of grace after an inclusive end date are over in a zone.
pub fn grace_until(
    end: Date,
    grace_days: u16,
    zone: &TimeZone,
) -> Result<Timestamp, OutOfCalendar> {
    let days = Span::new().days(grace_days);
    let last = end.checked_add(days).map_err(|_| OutOfCalendar)?;
    exclusive_end_instant(last, zone)
}

impl fmt::Display for OutOfCalendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a date beyond the calendar")
    }
}

impl fmt::Display for EndBeforeStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an end before its start")
    }
}

impl std::error::Error for OutOfCalendar {}

impl std::error::Error for EndBeforeStart {}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    /// Rules as POSIX writes them, so that the tests need no zone files.
    fn zones() -> Vec<(&'static str, TimeZone)> {
        [
            ("UTC", "UTC0"),
            ("Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"),
            ("New York", "EST5EDT,M3.2.0,M11.1.0"),
            ("Kolkata", "IST-5:30"),
            ("Kiritimati", "<+14>-14"),
            (
                "Lord Howe: half an hour",
                "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
            ),
            (
                "Havana: from midnight, and midnight twice",
                "CST5CDT,M3.2.0/0,M11.1.0/1",
            ),
            (
                "Santiago: midnight is skipped",
                "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
            ),
        ]
        .map(|(name, rule)| (name, TimeZone::posix(rule).expect("a well-formed rule")))
        .into()
    }

    fn days_2024_to_2032() -> impl Iterator<Item = Date> {
        date(2024, 1, 1)
            .series(1.day())
            .take_while(|day| day.year() <= 2032)
    }

    #[test]
    fn days_tile_in_every_zone() {
        for (name, zone) in zones() {
            for day in days_2024_to_2032() {
                let first = first_instant(day, &zone).expect("far from the calendar's end");
                let end = exclusive_end_instant(day, &zone).expect("far from the calendar's end");
                let minutes = end.duration_since(first).as_mins();
                assert!(
                    (23 * 60..=25 * 60).contains(&minutes),
                    "{day} in {name}: {minutes} minutes"
                );
                assert_eq!(zone.to_datetime(first).date(), day, "{name}");
                assert!(
                    zone.to_datetime(first - 1.nanosecond()).date() < day,
                    "{day} in {name}"
                );
            }
        }
    }

    #[test]
    fn a_day_begins_after_a_jump_and_with_the_first_of_two_midnights() {
        let [.., (_, havana), (_, santiago)] = &zones()[..] else {
            unreachable!("the list ends with them");
        };
        let utc = |text: &str| Ok(text.parse::<Timestamp>().expect("a well-formed instant"));
        let spring = first_instant(date(2026, 9, 6), santiago);
        assert_eq!(spring, utc("2026-09-06T04:00:00Z"));
        let autumn = first_instant(date(2026, 11, 1), havana);
        assert_eq!(autumn, utc("2026-11-01T04:00:00Z"));
    }

    #[test]
    fn terms_count_both_ends() {
        let year = Term::new(date(2028, 1, 1), date(2028, 12, 31)).expect("in order");
        assert_eq!(year.days_inclusive(), 366);
        assert!(year.contains(date(2028, 12, 31)) && !year.contains(date(2029, 1, 1)));
        let day = Term::new(date(2026, 5, 5), date(2026, 5, 5)).expect("in order");
        assert_eq!(day.days_inclusive(), 1);
        assert_eq!(
            Term::new(date(2026, 5, 5), date(2026, 5, 4)),
            Err(EndBeforeStart)
        );
    }

    #[test]
    fn grace_is_counted_in_days_of_the_zone() {
        let (_, berlin) = zones().swap_remove(1);
        let end = date(2026, 3, 28);
        assert_eq!(
            grace_until(end, 0, &berlin),
            exclusive_end_instant(end, &berlin)
        );
        assert_eq!(
            grace_until(end, 7, &berlin),
            first_instant(date(2026, 4, 5), &berlin)
        );
        assert_eq!(grace_until(Date::MAX, 1, &berlin), Err(OutOfCalendar));
    }
}
