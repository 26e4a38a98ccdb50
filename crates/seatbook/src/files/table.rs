//! Reading a CSV file as people have it.

use crate::error::{Error, Kind, Result};

/// The largest file.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The largest record.
const MAX_RECORD_BYTES: usize = 64 * 1024;
/// Rows below the heading, at most.
const MAX_ROWS: usize = 200_000;
/// Columns, at most.
const MAX_COLUMNS: usize = 64;

/// How the letters of a file were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-8 behind a byte-order mark.
    Utf8Marked,
    /// UTF-16, little end first, behind a byte-order mark.
    Utf16Le,
    /// UTF-16, big end first, behind a byte-order mark.
    Utf16Be,
    /// Not UTF-8, so taken for Windows-1252.
    Windows1252,
}

impl Encoding {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Utf8Marked => "utf-8-bom",
            Encoding::Utf16Le => "utf-16le",
            Encoding::Utf16Be => "utf-16be",
            Encoding::Windows1252 => "windows-1252",
        }
    }
}

/// A file as a heading and rows.
#[derive(Clone, Debug)]
pub struct Table {
    /// How its letters were written.
    pub encoding: Encoding,
    /// What stands between two cells.
    pub separator: u8,
    /// The heading line.
    pub headings: Vec<String>,
    /// The rows below it.
    pub records: Vec<Record>,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the file; the heading is 1.
    pub number: i64,
    /// Its cells as they were written, as many as there are headings or more.
    pub cells: Vec<String>,
}

/// Reads a file, or says why it cannot be read.
pub fn read(bytes: &[u8]) -> Result<Table> {
    if bytes.len() > MAX_BYTES {
        return Err(Error::new(
            Kind::TooLarge,
            "file.too_large",
            "A file has at most 32 MiB.",
        ));
    }
    let (encoding, text) = decode(bytes)?;
    let (separator, text) = separator(&text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    let mut headings = None;
    for (place, record) in reader.records().enumerate() {
        let number = i64::try_from(place + 1).map_err(Error::internal)?;
        let record = record.map_err(|error| {
            Error::invalid("file", "file.malformed", format!("Row {number}: {error}."))
        })?;
        if record.as_slice().len() > MAX_RECORD_BYTES {
            let message =
                format!("Row {number} is larger than 64 KiB; is a quotation mark left open there?");
            return Err(
                Error::invalid("file", "file.record_too_large", message).with("row", number)
            );
        }
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        match headings {
            None => headings = Some(check_headings(cells)?),
            Some(_) if records.len() == MAX_ROWS => {
                let message = "A file has at most 200,000 rows; please split it.";
                return Err(Error::invalid("file", "file.too_many_rows", message));
            }
            Some(_) if cells.iter().all(|cell| rules::text::trim(cell).is_empty()) => {}
            Some(_) => records.push(Record { number, cells }),
        }
    }
    let headings = headings.ok_or_else(|| {
        Error::invalid(
            "file",
            "file.empty",
            "The file is empty: it needs a heading line and rows below it.",
        )
    })?;
    if records.is_empty() {
        let message = "There is a heading line and no row below it.";
        return Err(Error::invalid("file", "file.no_rows", message));
    }
    check_quotes(text, &records)?;
    Ok(Table {
        encoding,
        separator,
        headings,
        records,
    })
}

fn check_headings(cells: Vec<String>) -> Result<Vec<String>> {
    if cells.len() > MAX_COLUMNS {
        let message = format!(
            "A file has at most {MAX_COLUMNS} columns, this one has {}.",
            cells.len()
        );
        return Err(Error::invalid("file", "file.too_many_columns", message));
    }
    Ok(cells
        .iter()
        .map(|cell| rules::text::normalize_key(cell))
        .collect())
}

/// A quotation mark left open swallows all rows behind it into one cell.
fn check_quotes(text: &str, records: &[Record]) -> Result<()> {
    let odd = text.bytes().filter(|byte| *byte == b'"').count() % 2 == 1;
    match records.last() {
        Some(last) if odd && last.cells.iter().any(|cell| cell.contains('\n')) => {
            let message = format!("A quotation mark in row {} is never closed.", last.number);
            Err(Error::invalid("file", "file.open_quote", message).with("row", last.number))
        }
        _ => Ok(()),
    }
}

fn decode(bytes: &[u8]) -> Result<(Encoding, String)> {
    if bytes.starts_with(b"PK\x03\x04") {
        let message = "This is a workbook or a packed file. Save the sheet as CSV and send that.";
        return Err(Error::new(Kind::Unsupported, "file.not_csv", message));
    }
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
        let message = "This is no text. Save the sheet as CSV and send that.";
        return Err(Error::new(Kind::Unsupported, "file.not_csv", message));
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
    use super::*;

    fn cells(bytes: &[u8]) -> (Encoding, char, Vec<Vec<String>>) {
        let table = read(bytes).expect("the tests read good files");
        let mut all = vec![table.headings];
        all.extend(table.records.into_iter().map(|record| record.cells));
        (table.encoding, char::from(table.separator), all)
    }

    fn code(bytes: &[u8]) -> String {
        let error = read(bytes).expect_err("the file is bad");
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
        let table = read(b"a,b\n1,2\n , \n3,4\n").expect("it is good");
        let numbers: Vec<i64> = table.records.iter().map(|record| record.number).collect();
        assert_eq!(numbers, [2, 4]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(code(b""), "file.empty");
        assert_eq!(code(b"a,b\n"), "file.no_rows");
        assert_eq!(code(b"PK\x03\x04rest"), "file.not_csv");
        assert_eq!(code(b"a,b\n\0,2\n"), "file.not_csv");
        assert_eq!(code(b"\xFF\xFEa"), "file.encoding");
        assert_eq!(code(b"a,b\n\"1,2\n3,4\n"), "file.open_quote");
        assert_eq!(
            code(format!("a\n{}\n", "x".repeat(70_000)).as_bytes()),
            "file.record_too_large"
        );
        assert_eq!(
            code(format!("{}\n1\n", "a,".repeat(70)).as_bytes()),
            "file.too_many_columns"
        );
        assert_eq!(
            code("a\nx\n".repeat(100_001).as_bytes()),
            "file.too_many_rows"
        );
    }
}
