//! A day of the calendar, and the instant of it that is looked at.

use jiff::{SignedDuration, ToSpan, civil, tz::TimeZone};
use store::Timestamp;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    journal,
};

/// Years ahead that can be looked at: beyond that, what is scheduled says nothing.
const YEARS_AHEAD: i32 = 10;

/// Where a day lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Before today: told by the journal.
    Past,
    /// Today, now.
    Now,
    /// After today: today, and what is scheduled.
    Ahead,
}

/// A day in a zone. What is told of it is how things stand when it is over; of today, how they stand now.
#[derive(Clone, Debug)]
pub struct Day {
    /// The day.
    pub date: civil::Date,
    /// The last instant of it that counts, at which states are told.
    pub at: Timestamp,
    /// Where it lies.
    pub lies: Where,
}

impl Day {
    /// Reads a day such as `2026-03-31`, as seen from now in a zone.
    pub fn read(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Day> {
        let date: civil::Date = text.trim().parse().map_err(|_| {
            let message = "This is no day; write it as 2026-03-31.";
            Error::invalid("date", "date.malformed", message)
        })?;
        Day::of(date, now, zone)
    }

    /// A day as seen from now in a zone.
    pub fn of(date: civil::Date, now: Timestamp, zone: &TimeZone) -> Result<Day> {
        let today = now.get().to_zoned(zone.clone()).date();
        let last = today.saturating_add(YEARS_AHEAD.years());
        if date > last {
            let message = "A day to come can be looked at up to ten years ahead.";
            return Err(Error::invalid("date", "out_of_calendar", message));
        }
        let over = rules::term::exclusive_end_instant(date, zone).map_err(|_| {
            let message = "This day lies beyond the calendar.";
            Error::invalid("date", "out_of_calendar", message)
        })?;
        let lies = match date {
            _ if date < today => Where::Past,
            _ if date > today => Where::Ahead,
            _ => Where::Now,
        };
        let at = match lies {
            Where::Now => now,
            _ => Timestamp::new(
                over.saturating_sub(SignedDuration::from_micros(1))
                    .unwrap_or(over),
            ),
        };
        Ok(Day { date, at, lies })
    }

    /// The smallest id of what was recorded after this day.
    pub fn bound(&self) -> Uuid {
        journal::first_id(Timestamp::from_micros(self.at.as_micros() + 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Result<Day> {
        let now = "2026-11-23T10:00:00Z".parse().expect("an instant");
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        Day::read(text, Timestamp::new(now), &zone)
    }

    #[test]
    fn a_day_is_told_as_it_ends() {
        let past = day("2026-03-31").expect("a day");
        assert_eq!(past.lies, Where::Past);
        assert_eq!(past.at.get().to_string(), "2026-03-31T21:59:59.999999Z");
        let today = day("2026-11-23").expect("a day");
        assert_eq!(
            (today.lies, today.at.get().to_string()),
            (Where::Now, "2026-11-23T10:00:00Z".into())
        );
        assert_eq!(day("2026-11-24").expect("a day").lies, Where::Ahead);
    }

    #[test]
    fn what_is_no_day_is_said() {
        for (text, code) in [
            ("31.3.2026", "date.malformed"),
            ("", "date.malformed"),
            ("2036-11-24", "out_of_calendar"),
            ("9999-12-31", "out_of_calendar"),
        ] {
            let error = day(text).expect_err("it is refused");
            assert_eq!(error.fields[0].code, code, "{text}");
        }
        assert!(day("2036-11-23").is_ok());
    }

    #[test]
    fn ids_of_the_day_lie_below_its_bound() {
        let past = day("2026-03-31").expect("a day");
        let id = |instant: &str| {
            let at: jiff::Timestamp = instant.parse().expect("an instant");
            let millis = u64::try_from(at.as_millisecond()).expect("after 1970");
            uuid::Builder::from_unix_timestamp_millis(millis, &[255; 10]).into_uuid()
        };
        assert!(id("2026-03-31T21:59:59.999Z") < past.bound());
        assert!(id("2026-03-31T22:00:00Z") >= past.bound());
    }
}
