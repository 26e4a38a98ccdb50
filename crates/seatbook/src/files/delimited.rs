//! Reading a CSV file as people have it.

use std::io::Write;

use super::{
    frames::Sink,
    recognised::unsupported,
    table::{Detected, Encoding, Format},
};
use crate::error::{Error, Result};

/// Puts the records of a file into the sink.
pub fn read<W: Write>(bytes: &[u8], sink: &mut Sink<W>) -> Result<Detected> {
    let (encoding, text) = decode(bytes)?;
    let (separator, text) = separator(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let (mut number, mut last_goes_over_lines) = (0, false);
    for record in reader.records() {
        number += 1;
        let record = record.map_err(|error| {
            Error::invalid("file", "file.malformed", format!("Row {number}: {error}."))
        })?;
        let cells: Vec<&str> = record.iter().collect();
        sink.row(number, &cells)?;
        last_goes_over_lines = cells.iter().any(|cell| cell.contains('\n'));
    }
    if last_goes_over_lines {
        check_quotes(text, number)?;
    }
    Ok(Detected {
        format: Format::Csv,
        encoding: Some(encoding),
        separator: Some(char::from(separator)),
        sheets: vec![],
    })
}

/// A quotation mark left open swallows all rows behind it into one cell.
fn check_quotes(text: &str, last: i64) -> Result<()> {
    let marks = text.bytes().filter(|byte| *byte == b'"').count();
    if marks.is_multiple_of(2) {
        return Ok(());
    }
    let message = format!("A quotation mark in row {last} is never closed.");
    Err(Error::invalid("file", "file.open_quote", message).with("row", last))
}

fn decode(bytes: &[u8]) -> Result<(Encoding, String)> {
    let (encoding, text) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (
            Encoding::Utf8Marked,
            std::str::from_utf8(rest).ok().map(str::to_owned),
        ),
        [0xFF, 0xFE, rest @ ..] => (Encoding::Utf16Le, utf16(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => (Encoding::Utf16Be, utf16(rest, u16::from_be_bytes)),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => (Encoding::Utf8, Some(text.to_owned())),
            Err(_) => (
                Encoding::Windows1252,
                Some(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
            ),
        },
    };
    let text = text.ok_or_else(|| {
        let message = format!(
            "The file's mark says {}, and its letters are not.",
            encoding.as_str()
        );
        Error::invalid("file", "file.encoding", message)
    })?;
    if text.contains('\0') {
        return Err(unsupported("no text"));
    }
    Ok((encoding, text))
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let units = bytes
        .chunks(2)
        .map(|pair| <[u8; 2]>::try_from(pair).ok().map(unit));
    String::from_utf16(&units.collect::<Option<Vec<u16>>>()?).ok()
}

/// The letter of a byte, by the table of the Encoding Standard (WHATWG).
fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// What stands between cells: said by Excel's first line `sep=;`, or what parts the heading line most often.
fn separator(text: &str) -> (u8, &str) {
    if let Some(rest) = text.strip_prefix("sep=")
        && let Some((mark, rest)) = rest.split_once('\n')
        && let [said] = mark.trim_end_matches('\r').as_bytes()
    {
        return (*said, rest);
    }
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if quoted => {}
            _ => counts
                .iter_mut()
                .filter(|(mark, _)| *mark == byte)
                .for_each(|(_, count)| *count += 1),
        }
    }
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    (most.map_or(b',', |(mark, _)| *mark), text)
}

#[cfg(test)]
mod tests {
    use super::{super::parser::read_here, *};

    fn cells(bytes: &[u8]) -> (Encoding, char, Vec<Vec<String>>) {
        let table = read_here(bytes).expect("the tests read good files");
        let mut all = vec![table.headings];
        all.extend(table.rows.map(|record| record.cells));
        let found = (table.detected.encoding, table.detected.separator);
        (
            found.0.expect("letters"),
            found.1.expect("a separator"),
            all,
        )
    }

    fn code(bytes: &[u8]) -> String {
        let error = read_here(bytes).expect_err("the file is bad");
        error
            .fields
            .first()
            .map_or(error.code, |field| field.code.clone())
            .into_owned()
    }

    #[test]
    fn files_are_read_as_programs_write_them() {
        let rows = |one: &str, two: &str| {
            vec![
                vec!["a".into(), "b".into()],
                vec![one.to_owned(), two.to_owned()],
            ]
        };
        assert_eq!(cells(b"a,b\n1,2\n"), (Encoding::Utf8, ',', rows("1", "2")));
        assert_eq!(
            cells(b"\xEF\xBB\xBFa;b\r\n1,5;2\r\n"),
            (Encoding::Utf8Marked, ';', rows("1,5", "2"))
        );
        assert_eq!(
            cells(b"a\tb\n\"x\ty\"\t2"),
            (Encoding::Utf8, '\t', rows("x\ty", "2"))
        );
        assert_eq!(
            cells(b"a;b\nM\xFCller;\x80 5\n"),
            (Encoding::Windows1252, ';', rows("Müller", "€ 5"))
        );
        assert_eq!(
            cells(b"sep=|\r\na|b\r\n1|2\r\n"),
            (Encoding::Utf8, '|', rows("1", "2"))
        );
        let wide: Vec<u8> = "a,b\nü,2\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(
            cells(&[&[0xFF, 0xFE], wide.as_slice()].concat()),
            (Encoding::Utf16Le, ',', rows("ü", "2"))
        );
        let wide: Vec<u8> = "a,b\nü,2\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(
            cells(&[&[0xFE, 0xFF], wide.as_slice()].concat()),
            (Encoding::Utf16Be, ',', rows("ü", "2"))
        );
    }

    #[test]
    fn empty_rows_are_left_out_and_numbers_are_kept() {
        let table = read_here(b"a,b\n1,2\n , \n3,4\n").expect("it is good");
        let numbers: Vec<i64> = table.rows.map(|record| record.number).collect();
        assert_eq!(numbers, [2, 4]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(code(b""), "file.empty");
        assert_eq!(code(b"a,b\n"), "file.no_rows");
        assert_eq!(code(b"PK\x03\x04rest"), "file.malformed");
        assert_eq!(code(b"a,b\n\0,2\n"), "file.unsupported");
        assert_eq!(code(b"\xFF\xFEa"), "file.encoding");
        assert_eq!(code(b"a,b\n\"1,2\n3,4\n"), "file.open_quote");
        assert_eq!(
            code(format!("a\n{}\n", "x".repeat(70_000)).as_bytes()),
            "file.record_too_large"
        );
        assert_eq!(
            code(format!("{}\n1\n", "a,".repeat(270)).as_bytes()),
            "file.too_many_columns"
        );
        assert_eq!(
            code("a\nx\n".repeat(100_001).as_bytes()),
            "file.too_many_rows"
        );
    }
}
