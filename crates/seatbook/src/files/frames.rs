//! Rows on their way from the process that reads a file: written, limited and counted there, taken here.
//!
//! The frames of a good file are its heading, its rows and what was found out about it; those of a bad one end with
//! the reason. Rows stay as they came until somebody takes them: an empty cell is one byte, and would be 24 as a
//! `String`.

use std::io::Write;

use super::table::{
    Detected, MAX_BYTES, MAX_CELL_LETTERS, MAX_CELLS, MAX_COLUMNS, MAX_RECORD_BYTES, MAX_ROWS,
    Record,
};
use crate::{
    confined::frames::write,
    error::{Error, Kind, Result},
};

/// The content of this frame is a row: its number, then its cells.
pub(super) const ROW: u8 = 0;
/// The content of this frame is what was found out about the file, which was read to its end.
pub(super) const DONE: u8 = 1;
/// The content of this frame is why the file cannot be used.
pub(super) const REFUSED: u8 = 2;
/// The largest content of a frame: a row with a length for each of its cells.
pub(super) const MAX_FRAME_BYTES: usize = MAX_RECORD_BYTES + 4 * MAX_COLUMNS + 16;

/// Where a format puts the rows it finds. It holds them to the limits, whatever the format.
pub(super) struct Sink<W> {
    out: W,
    /// The heading waits for the first row below it: a sheet that has none may not be the one that is meant.
    heading: Option<Vec<u8>>,
    was_empty: bool,
    rows: usize,
    cells: usize,
    bytes: usize,
}

impl<W: Write> Sink<W> {
    pub fn new(out: W) -> Self {
        Sink {
            out,
            heading: None,
            was_empty: true,
            rows: 0,
            cells: 0,
            bytes: 0,
        }
    }

    /// Takes the next row; the first that is not empty is the heading.
    pub fn row(&mut self, number: i64, cells: &[impl AsRef<str>]) -> Result<()> {
        let blank = |cell: &&_| rules::text::trim(AsRef::<str>::as_ref(*cell)).is_empty();
        if cells.iter().all(|cell| blank(&cell)) {
            return Ok(());
        }
        let trailing = cells
            .iter()
            .rev()
            .take_while(|cell| cell.as_ref().is_empty());
        let cells = &cells[..cells.len() - trailing.count()];
        check_row(number, cells)?;
        self.cells += cells.len();
        let content = packed(number, cells);
        self.bytes += content.len();
        if self.cells > MAX_CELLS || self.bytes > MAX_BYTES {
            let message =
                "The file holds more than 32 MiB of text or 4,000,000 cells; please split it.";
            return Err(Error::new(Kind::TooLarge, "file.too_large", message));
        }
        if self.was_empty {
            self.was_empty = false;
            self.heading = Some(content);
            return Ok(());
        }
        if let Some(heading) = self.heading.take() {
            write(&mut self.out, ROW, &heading)?;
        }
        self.rows += 1;
        if self.rows > MAX_ROWS {
            let message = "A file has at most 200,000 rows; please split it.";
            return Err(Error::invalid("file", "file.too_many_rows", message));
        }
        write(&mut self.out, ROW, &content)
    }

    /// Whether there is a row below the heading.
    pub fn has_rows(&self) -> bool {
        self.rows > 0
    }

    /// Forgets a sheet that has no row below its heading; whether it had anything at all.
    pub fn forget_heading(&mut self) -> bool {
        self.was_empty = true;
        self.heading.take().is_some()
    }

    /// Says that the file was read to its end.
    pub fn end(mut self, detected: &Detected) -> Result<()> {
        if !self.has_rows() {
            return Err(no_rows(self.heading.is_some()));
        }
        write(&mut self.out, DONE, &serde_json::to_vec(detected)?)
    }
}

/// Nothing to read: nothing at all, or nothing below a heading.
pub(super) fn no_rows(has_heading: bool) -> Error {
    if has_heading {
        let message = "There is a heading line and no row below it.";
        return Error::invalid("file", "file.no_rows", message);
    }
    let message = "The file is empty: it needs a heading line and rows below it.";
    Error::invalid("file", "file.empty", message)
}

fn check_row(number: i64, cells: &[impl AsRef<str>]) -> Result<()> {
    if cells.len() > MAX_COLUMNS {
        let message = format!(
            "A file has at most {MAX_COLUMNS} columns; row {number} has {}.",
            cells.len()
        );
        return Err(Error::invalid("file", "file.too_many_columns", message).with("row", number));
    }
    if cells.iter().map(|cell| cell.as_ref().len()).sum::<usize>() > MAX_RECORD_BYTES {
        let message =
            format!("Row {number} is larger than 64 KiB; is a quotation mark left open there?");
        return Err(Error::invalid("file", "file.record_too_large", message).with("row", number));
    }
    let large = |cell: &str| cell.chars().count() > MAX_CELL_LETTERS;
    if cells.iter().any(|cell| large(cell.as_ref())) {
        let message = format!("Row {number} has a cell of more than 32,767 letters.");
        return Err(Error::invalid("file", "file.cell_too_large", message).with("row", number));
    }
    Ok(())
}

fn packed(number: i64, cells: &[impl AsRef<str>]) -> Vec<u8> {
    let mut content = Vec::new();
    put(&mut content, u64::try_from(number).unwrap_or_default());
    for cell in cells.iter().map(AsRef::as_ref) {
        put(&mut content, cell.len() as u64);
        content.extend_from_slice(cell.as_bytes());
    }
    content
}

/// Seven bits a byte, the low ones first; the eighth says that more follow (LEB128).
fn put(content: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        content.push(value as u8 | 0x80);
        value >>= 7;
    }
    content.push(value as u8);
}

fn get(content: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = content.split_first()?;
        *content = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn unpacked(mut content: &[u8]) -> Option<Record> {
    let number = i64::try_from(get(&mut content)?).ok()?;
    let mut cells = Vec::new();
    while !content.is_empty() {
        let length = usize::try_from(get(&mut content)?).ok()?;
        let (cell, rest) = content.split_at_checked(length)?;
        cells.push(std::str::from_utf8(cell).ok()?.to_owned());
        content = rest;
    }
    Some(Record { number, cells })
}

/// The rows of a file, one after the other, taken as they are wanted.
#[derive(Default)]
pub struct Rows {
    frames: Vec<u8>,
    at: usize,
    left: usize,
    width: usize,
}

impl Rows {
    /// Keeps the content of a row's frame.
    pub(super) fn keep(&mut self, content: &[u8]) -> Result<()> {
        if self.left > MAX_ROWS || self.frames.len() > 2 * MAX_BYTES {
            return Err(Error::internal("the parser wrote more rows than it may"));
        }
        let length = u32::try_from(content.len()).map_err(Error::internal)?;
        self.frames.extend_from_slice(&length.to_le_bytes());
        self.frames.extend_from_slice(content);
        self.left += 1;
        Ok(())
    }

    /// Takes the heading off, after which rows have as many cells as it has.
    pub(super) fn take_headings(&mut self) -> Result<Vec<String>> {
        let heading = self.next();
        let heading = heading.ok_or_else(|| Error::internal("the parser wrote no heading"))?;
        let headings = heading.cells.iter();
        let headings: Vec<String> = headings
            .map(|cell| rules::text::normalize_key(cell))
            .collect();
        self.width = headings.len();
        Ok(headings)
    }

    /// One column of the rows that are left, with their numbers; none of them is taken.
    pub fn column(&self, place: usize) -> impl Iterator<Item = (i64, String)> {
        let mut at = self.at;
        std::iter::from_fn(move || {
            let (mut record, next) = self.record(at)?;
            at = next;
            let cell = record.cells.get_mut(place).map(std::mem::take);
            Some((record.number, cell.unwrap_or_default()))
        })
    }

    /// The row that begins there, and where the next one does. Frames were written by this very program, so one that
    /// cannot be read is none.
    fn record(&self, at: usize) -> Option<(Record, usize)> {
        let (length, rest) = self.frames.get(at..)?.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let mut record = unpacked(rest.get(..length)?)?;
        let width = self.width.max(record.cells.len());
        record.cells.resize(width, String::new());
        Some((record, at + 4 + length))
    }
}

impl Iterator for Rows {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let (record, next) = self.record(self.at)?;
        self.at = next;
        self.left -= 1;
        Some(record)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Rows {}

// What is in the rows may be personal, and is no matter of a log line.
impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({} left)", self.left)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_packed_row_comes_back(number in 0i64..2_000_000, cells in prop::collection::vec(r"\PC{0,200}", 0..20)) {
            let record = unpacked(&packed(number, &cells));
            prop_assert_eq!(record, Some(Record { number, cells }));
        }

        #[test]
        fn nothing_read_from_noise_is_a_panic(noise in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpacked(&noise);
        }
    }

    #[test]
    fn rows_are_as_wide_as_the_heading() {
        let mut rows = Rows::default();
        for (number, cells) in [(1, &["a", "b"][..]), (2, &["1"]), (4, &["1", "", "3"])] {
            rows.keep(&packed(number, cells)).expect("it is kept");
        }
        assert_eq!(rows.take_headings().expect("it is there"), ["a", "b"]);
        assert_eq!(rows.len(), 2);
        let second: Vec<_> = rows.column(1).collect();
        assert_eq!(second, [(2, String::new()), (4, String::new())]);
        let cells: Vec<_> = rows.map(|row| (row.number, row.cells.join("|"))).collect();
        assert_eq!(cells, [(2, "1|".to_owned()), (4, "1||3".to_owned())]);
    }
}
