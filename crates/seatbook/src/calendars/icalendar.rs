//! Calendars as text (RFC 5545). Written here, as the libraries for it bring a second calendar arithmetic with them, and
//! days with a few words are all there is to write.

use store::{Date, Timestamp};

/// The longest line in octets, without its end (RFC 5545, section 3.1).
const LONGEST: usize = 75;

/// Something that takes a whole day.
#[derive(Clone, Debug)]
pub struct Event {
    /// The same for good, also when the day moves.
    pub uid: String,
    /// When it was last revised.
    pub stamp: Timestamp,
    /// Counts its revisions.
    pub sequence: i64,
    /// Which day.
    pub day: Date,
    /// In a few words.
    pub summary: String,
    /// In more.
    pub description: String,
    /// Where more is to be seen.
    pub url: String,
}

/// A calendar of a name with these events.
pub fn calendar(name: &str, events: &[Event]) -> String {
    let mut text = String::new();
    let mut put = |line: &str| fold(&mut text, line);
    put("BEGIN:VCALENDAR");
    put("VERSION:2.0");
    put("PRODID:-//Seatbook//Licenses//EN");
    put("CALSCALE:GREGORIAN");
    // What programs read as the name: the property of RFC 7986, and the one from before it.
    for property in ["NAME", "X-WR-CALNAME"] {
        put(&format!(
            "{property}:{}",
            escaped(&format!("Licenses of {name}"))
        ));
    }
    put("REFRESH-INTERVAL;VALUE=DURATION:PT6H");
    if events.is_empty() {
        // A calendar has one component at least (section 3.6); this one shows nothing.
        for line in NOTHING {
            put(line);
        }
    }
    for event in events {
        put("BEGIN:VEVENT");
        put(&format!("UID:{}", event.uid));
        let stamp = event.stamp.get().strftime("%Y%m%dT%H%M%SZ");
        put(&format!("DTSTAMP:{stamp}"));
        put(&format!("SEQUENCE:{}", event.sequence));
        // Without DTEND it takes that one day (section 3.6.1).
        put(&format!(
            "DTSTART;VALUE=DATE:{}",
            event.day.0.strftime("%Y%m%d")
        ));
        put(&format!("SUMMARY:{}", escaped(&event.summary)));
        put(&format!("DESCRIPTION:{}", escaped(&event.description)));
        put(&format!("URL:{}", event.url));
        put("TRANSP:TRANSPARENT");
        put("END:VEVENT");
    }
    put("END:VCALENDAR");
    text
}

const NOTHING: [&str; 8] = [
    "BEGIN:VTIMEZONE",
    "TZID:UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "END:STANDARD",
    "END:VTIMEZONE",
];

/// Text as a value (section 3.3.11); no other sign of control is allowed in it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped += "\\n",
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Adds a line, broken into pieces where it is too long, and never inside of a letter.
fn fold(text: &mut String, line: &str) {
    let mut room = LONGEST;
    for c in line.chars() {
        if c.len_utf8() > room {
            text.push_str("\r\n ");
            room = LONGEST - 1;
        }
        text.push(c);
        room -= c.len_utf8();
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(summary: &str) -> Event {
        Event {
            uid: "0197-end@seatbook".into(),
            stamp: Timestamp::from_micros(1_780_315_200_000_000),
            sequence: 2,
            day: Date(jiff::civil::date(2026, 6, 30)),
            summary: summary.into(),
            description: "Phone System, 12 users\nAurora".into(),
            url: "https://licenses.example.com/licenses/0197".into(),
        }
    }

    #[test]
    fn an_event_is_a_day() {
        let text = calendar("Grün; & Söhne", &[event("Ward, laptops of A\\B ends")]);
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "NAME:Licenses of Grün\\; & Söhne",
            "UID:0197-end@seatbook",
            "DTSTAMP:20260601T120000Z",
            "SEQUENCE:2",
            "DTSTART;VALUE=DATE:20260630",
            "SUMMARY:Ward\\, laptops of A\\\\B ends",
            "DESCRIPTION:Phone System\\, 12 users\\nAurora",
            "END:VCALENDAR",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
        }
        assert!(calendar("x", &[]).contains("BEGIN:VTIMEZONE\r\n"));
    }

    proptest! {
        /// Whatever a name holds, lines are short and end as they must, and unfolding gives back what was said.
        #[test]
        fn lines_are_folded_and_read_back(summary in "\\PC{0,200}|[a-zäß😀,;\\\\\n\r\t]{0,120}") {
            let text = calendar("x", &[event(&summary)]);
            prop_assert!(text.ends_with("\r\n"));
            for line in text.trim_end_matches("\r\n").split("\r\n") {
                prop_assert!(line.len() <= LONGEST, "{line}");
                prop_assert!(!line.contains(['\r', '\n']), "{line:?}");
            }
            let unfolded = text.replace("\r\n ", "");
            let whole = format!("\r\nSUMMARY:{}\r\n", escaped(&summary));
            prop_assert!(unfolded.contains(&whole));
        }
    }
}
