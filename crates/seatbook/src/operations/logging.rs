//! Log lines: one event is one line, whatever somebody wrote into it.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Log lines go to standard error: readable, or JSON for machines.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_env("SEATBOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Lines);
    match json {
        true => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .init(),
        false => lines.init(),
    }
}

/// Makes writers that are given one event each.
struct Lines;

/// Where one event is written.
struct Line;

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line
    }
}

impl Write for Line {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = one_line(text.strip_suffix('\n').unwrap_or(&text));
        let mut out = io::stderr().lock();
        out.write_all(format!("{line}\n").as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// The text without anything that ends a line, moves a cursor or colours what follows.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        // As JSON spells it, so that a line of JSON stays one.
        match letter {
            '\n' | '\r' | '\t' => line.extend(letter.escape_default()),
            _ if letter.is_control() => line.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => line.push(letter),
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_writes_a_line_of_their_own() {
        assert_eq!(one_line("as it was"), "as it was");
        assert_eq!(
            one_line("a\n{\"level\":\"ERROR\"}\r\u{1b}[31m\u{85}"),
            "a\\n{\"level\":\"ERROR\"}\\r\\u001b[31m\\u0085"
        );
    }
}
