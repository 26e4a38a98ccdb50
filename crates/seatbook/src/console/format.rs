//! Numbers and dates as people write them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rules::money::Money;

/// A date with what it means today: "31 Dec 2026", "in 40 days".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// The date, or an en dash where there is none.
    pub date: String,
    /// How far away it is; empty where there is no date.
    pub relative: String,
    /// `bad` when past, `warn` when near, else `mute`.
    pub tone: &'static str,
}

/// A whole number, or any reference to one: templates hand over both.
pub trait Amount {
    /// The number itself.
    fn amount(&self) -> i64;
}

impl Amount for i64 {
    fn amount(&self) -> i64 {
        *self
    }
}

impl<T: Amount + ?Sized> Amount for &T {
    fn amount(&self) -> i64 {
        (*self).amount()
    }
}

/// The moment a page is looked at, in the reader's zone.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Now.
    pub now: store::Timestamp,
    /// The day it is there.
    pub today: Date,
    /// Where.
    pub zone: TimeZone,
}

impl Moment {
    /// The moment `now` in a zone; UTC where the zone is unknown to this machine.
    pub fn new(now: store::Timestamp, zone: &str) -> Self {
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        let today = now.get().to_zoned(zone.clone()).date();
        Moment { now, today, zone }
    }
}

/// 12400 → "12,400".
pub fn number(value: impl Amount) -> String {
    let value = value.amount();
    let digits = value.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if value < 0 {
        text.push('−');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 3 → "+3", -3 → "−3", 0 → "0".
pub fn signed(value: impl Amount) -> String {
    let value = value.amount();
    if value > 0 {
        format!("+{}", number(value))
    } else {
        number(value)
    }
}

/// A number with the right form of its noun: "1 license", "2 licenses".
pub fn count(value: impl Amount, one: &str, many: &str) -> String {
    let value = value.amount();
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// "31 Dec 2026".
pub fn date(day: Date) -> String {
    day.strftime("%-d %b %Y").to_string()
}

/// "in 40 days", "tomorrow", "today", "yesterday", "52 days ago"; months and years beyond 90 days.
pub fn relative(day: Date, today: Date) -> String {
    let days = i64::from(today.until(day).map_or(0, |span| span.get_days()));
    let amount = match days.abs() {
        ..=90 => count(days.abs(), "day", "days"),
        91..=730 => count(days.abs() / 30, "month", "months"),
        _ => count(days.abs() / 365, "year", "years"),
    };
    match days {
        0 => "today".into(),
        1 => "tomorrow".into(),
        -1 => "yesterday".into(),
        2.. => format!("in {amount}"),
        _ => format!("{amount} ago"),
    }
}

/// The last day of something, read today; `notice_days` is when it starts to matter.
pub fn due(day: Option<Date>, today: Date, notice_days: i32) -> Due {
    let Some(day) = day else {
        return Due {
            date: "–".into(),
            relative: String::new(),
            tone: "mute",
        };
    };
    let days = today.until(day).map_or(0, |span| span.get_days());
    let tone = match days {
        ..0 => "bad",
        left if left <= notice_days => "warn",
        _ => "mute",
    };
    Due {
        date: date(day),
        relative: relative(day, today),
        tone,
    }
}

/// "1,234.50 EUR", from whole minor units of an ISO 4217 currency.
pub fn money(minor: i64, currency: &str) -> String {
    let Ok(known) = currency.parse() else {
        return format!("{minor} {currency}");
    };
    let text = Money::new(minor, known).decimal();
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("−", digits),
        None => ("", whole),
    };
    let grouped = digits
        .parse::<i64>()
        .map_or_else(|_| digits.to_owned(), number);
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{decimals} {currency}")
}

/// "31 Dec 2026, 14:03" in the reader's zone.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone())
        .strftime("%-d %b %Y, %H:%M")
        .to_string()
}

/// "just now", "3 minutes ago", "2 hours ago", "5 days ago"; the date beyond 30 days.
pub fn ago(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    match seconds {
        ..=44 => "just now".into(),
        45..=3_569 => format!("{} ago", count((seconds + 30) / 60, "minute", "minutes")),
        3_570..=86_399 => format!("{} ago", count((seconds + 30) / 3_600, "hour", "hours")),
        86_400..=2_591_999 => format!("{} ago", count(seconds / 86_400, "day", "days")),
        _ => date(at.to_zoned(TimeZone::UTC).date()),
    }
}

/// The end of an id, which tells it from its neighbours: those made together begin alike.
pub fn tail(id: &str) -> String {
    let skipped = id.chars().count().saturating_sub(8);
    let end: String = id.chars().skip(skipped).collect();
    format!("…{end}")
}

/// Up to two letters that stand for a name.
pub fn initials(name: &str) -> String {
    name.split_whitespace()
        .filter_map(|word| word.chars().next())
        .filter(|letter| letter.is_alphanumeric())
        .take(2)
        .flat_map(char::to_uppercase)
        .collect()
}

/// One of the eight avatar colours (`h0` … `h7`), always the same for a name.
pub fn hue(name: &str) -> u32 {
    name.bytes().fold(7u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(byte))
    }) % 8
}

#[cfg(test)]
mod tests {
    use jiff::civil::date as day;

    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(12_400), "12,400");
        assert_eq!(number(-1_000_000), "−1,000,000");
        assert_eq!(number(i64::MIN), "−9,223,372,036,854,775,808");
        assert_eq!(signed(3), "+3");
    }

    #[test]
    fn money_has_the_decimals_of_its_currency() {
        for (minor, currency, text) in [
            (123_450, "EUR", "1,234.50 EUR"),
            (-5, "EUR", "−0.05 EUR"),
            (-123_400, "EUR", "−1,234.00 EUR"),
            (1_234, "JPY", "1,234 JPY"),
            (1, "???", "1 ???"),
        ] {
            assert_eq!(money(minor, currency), text);
        }
    }

    #[test]
    fn dates_are_near_or_far() {
        let today = day(2026, 11, 21);
        assert_eq!(date(day(2026, 12, 31)), "31 Dec 2026");
        assert_eq!(relative(day(2026, 12, 31), today), "in 40 days");
        assert_eq!(relative(day(2026, 11, 20), today), "yesterday");
        assert_eq!(relative(day(2026, 9, 30), today), "52 days ago");
        assert_eq!(relative(day(2027, 11, 21), today), "in 12 months");
        assert_eq!(due(Some(day(2026, 12, 4)), today, 30).tone, "warn");
        assert_eq!(due(None, today, 30).date, "–");
    }

    #[test]
    fn names_are_shortened() {
        assert_eq!(initials("Grünwald & Söhne"), "GS");
        assert_eq!(initials("  "), "");
        assert!(hue("Aurora Hospitals") < 8);
    }
}
