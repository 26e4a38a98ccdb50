//! Reading a workbook (Office Open XML, ECMA-376) cell by cell.
//!
//! What a cell says is what somebody sees who looks at its content: text stays text, a date is a date. Nothing here
//! allocates what a file claims to hold; what it does hold is limited by [`Sink`].

use std::io::{Cursor, Read, Write};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxFormulaMetadata};
use jiff::{ToSpan, civil::Date};
use zip::ZipArchive;

use super::{
    frames::{Sink, no_rows},
    recognised::{damaged, shortened},
    table::{Detected, Format, MAX_COLUMNS},
};
use crate::error::{Error, Result};

type Book<'a> = Xlsx<Cursor<&'a [u8]>>;

/// Cells with an error, and sheets, that are named one by one.
const NAMED: usize = 20;

/// Puts the rows of the first sheet that can be seen and has some into the sink.
pub fn read<W: Write>(bytes: &[u8], sink: &mut Sink<W>) -> Result<Detected> {
    check_declarations(bytes)?;
    let mut book: Book<'_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let seen = book.sheets_metadata().iter();
    let seen = seen.filter(|sheet| {
        sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet
    });
    let mut sheets: Vec<String> = seen.map(|sheet| sheet.name.clone()).collect();
    let mut has_heading = false;
    for place in 0..sheets.len() {
        read_sheet(&mut book, &sheets[place], sink)?;
        if sink.has_rows() {
            sheets[..=place].rotate_right(1);
            sheets.truncate(NAMED);
            let sheets = sheets.iter().map(|name| shortened(name)).collect();
            return Ok(Detected {
                format: Format::Xlsx,
                encoding: None,
                separator: None,
                sheets,
            });
        }
        has_heading |= sink.forget_heading();
    }
    Err(no_rows(has_heading))
}

/// Workbooks declare no entities (ECMA-376 part 2, section 8.1.4): who does so is up to something.
fn check_declarations(bytes: &[u8]) -> Result<()> {
    const LOOKED_AT_BYTES: u64 = 4096;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    for place in 0..archive.len() {
        let part = archive.by_index(place).map_err(damaged)?;
        if !part.name().is_ok_and(|name| name.ends_with(".xml")) {
            continue;
        }
        let mut head = Vec::new();
        part.take(LOOKED_AT_BYTES)
            .read_to_end(&mut head)
            .map_err(damaged)?;
        if head.windows(9).any(|word| word == b"<!DOCTYPE") {
            return Err(damaged("it declares entities, which no spreadsheet writes"));
        }
    }
    Ok(())
}

fn read_sheet<W: Write>(book: &mut Book<'_>, name: &str, sink: &mut Sink<W>) -> Result<()> {
    let is_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(name).map_err(damaged)?;
    let mut row = Row::default();
    let mut wrong = Vec::new();
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
        let (number, column) = cell.pos;
        if number != row.number {
            if number < row.number {
                return Err(damaged("its rows are not in their order"));
            }
            row.put_into(sink)?;
            row.number = number;
        }
        match text(cell.value, is_1904, cell.formula.as_ref()) {
            Ok(None) => {}
            Ok(Some(text)) => row.set(column, text)?,
            Err(what) => wrong.push((address(number, column), what)),
        }
        if wrong.len() == NAMED {
            break;
        }
    }
    row.put_into(sink)?;
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(wrong_cells(name, &wrong)),
    }
}

/// The row that is being gathered, counted from zero.
#[derive(Default)]
struct Row {
    number: u32,
    cells: Vec<String>,
}

impl Row {
    fn set(&mut self, column: u32, text: String) -> Result<()> {
        let place = usize::try_from(column).map_err(Error::internal)?;
        if place >= MAX_COLUMNS {
            let cell = address(self.number, column);
            let message = format!(
                "A file has at most {MAX_COLUMNS} columns; the cell {cell} is beyond them."
            );
            return Err(Error::invalid("file", "file.too_many_columns", message).with("cell", cell));
        }
        if self.cells.len() <= place {
            self.cells.resize(place + 1, String::new());
        }
        self.cells[place] = text;
        Ok(())
    }

    fn put_into<W: Write>(&mut self, sink: &mut Sink<W>) -> Result<()> {
        sink.row(i64::from(self.number) + 1, &self.cells)?;
        self.cells.clear();
        Ok(())
    }
}

/// What a cell says; nothing where it is empty; what is wrong with it where it says nothing usable.
fn text(
    value: DataRef<'_>,
    is_1904: bool,
    formula: Option<&XlsxFormulaMetadata>,
) -> std::result::Result<Option<String>, String> {
    let text = match value {
        DataRef::Empty if formula.is_some() => return Err("a formula without a result".into()),
        DataRef::Empty => return Ok(None),
        DataRef::Error(error) => return Err(error.to_string()),
        DataRef::String(text) => text,
        DataRef::SharedString(text) => text.to_owned(),
        DataRef::Bool(is) => is.to_string(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) if number.is_finite() => number_text(number),
        DataRef::Float(_) => return Err("no number".into()),
        DataRef::DateTime(at) if at.is_duration() => duration_text(at.as_f64()),
        DataRef::DateTime(at) => {
            instant_text(at.as_f64(), is_1904).unwrap_or_else(|| number_text(at.as_f64()))
        }
        DataRef::DateTimeIso(text) => text.strip_suffix("T00:00:00").unwrap_or(&text).to_owned(),
        DataRef::DurationIso(text) => text,
    };
    Ok(Some(text))
}

/// The shortest digits that are this number and no other, without a point where it is whole, never with an exponent.
fn number_text(number: f64) -> String {
    // Zero has two signs.
    (number + 0.0).to_string()
}

/// A serial number of days as a day, a time, or both (ECMA-376 part 1, section 18.17.4.1).
fn instant_text(serial: f64, is_1904: bool) -> Option<String> {
    const DAY_SECONDS: f64 = 86_400.0;
    if !(0.0..2_958_466.0).contains(&serial) {
        return None;
    }
    // A fraction of a day is rarely the very second that was typed.
    let seconds = (serial * DAY_SECONDS).round() as i64;
    let (days, seconds) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let time = jiff::civil::Time::midnight()
        .checked_add(seconds.seconds())
        .ok()?;
    if serial < 1.0 && !is_1904 {
        return Some(time.to_string());
    }
    // The older system counts a 29 February 1900, which never was, as day 60.
    let epoch = match (is_1904, days) {
        (true, _) => Date::constant(1904, 1, 1),
        (false, ..60) => Date::constant(1899, 12, 31),
        (false, _) => Date::constant(1899, 12, 30),
    };
    let day = epoch.checked_add(days.days()).ok()?;
    Some(match seconds {
        0 => day.to_string(),
        _ => day.to_datetime(time).to_string(),
    })
}

/// Hours beyond a day, as `[h]:mm:ss` shows them.
fn duration_text(days: f64) -> String {
    let seconds = (days.abs() * 86_400.0).round() as i64;
    let sign = if days < 0.0 { "-" } else { "" };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{sign}{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

/// The name of a cell, from its place counted from zero: row 6, column 1 is `B7`.
fn address(row: u32, column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    let letters: String = letters.iter().rev().collect();
    format!("{letters}{}", u64::from(row) + 1)
}

fn wrong_cells(sheet: &str, wrong: &[(String, String)]) -> Error {
    let sheet = shortened(sheet);
    let named = wrong.iter().map(|(cell, what)| format!("{cell} ({what})"));
    let message = format!(
        "Cells of the sheet “{sheet}” have no usable value: {}. Correct them and send the file again.",
        named.collect::<Vec<_>>().join(", ")
    );
    let cells: Vec<String> = wrong.iter().map(|(cell, _)| cell.clone()).collect();
    Error::invalid("file", "file.cell_error", message).with("cells", cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are() {
        assert_eq!(number_text(6_567_891_230.0), "6567891230");
        assert_eq!(number_text(0.1), "0.1");
        assert_eq!(number_text(-0.0), "0");
        assert_eq!(number_text(1e21), "1000000000000000000000");
    }

    #[test]
    fn both_systems_of_days_are_known() {
        let text = |serial, is_1904| instant_text(serial, is_1904).expect("a day");
        assert_eq!(text(46_053.0, false), "2026-01-31");
        assert_eq!(text(44_591.0, true), "2026-01-31");
        assert_eq!(text(46_053.520_833_333_3, false), "2026-01-31T12:30:00");
        assert_eq!(text(1.0, false), "1900-01-01");
        assert_eq!(text(61.0, false), "1900-03-01");
        assert_eq!(text(0.75, false), "18:00:00");
        assert_eq!(text(0.0, true), "1904-01-01");
        assert_eq!(instant_text(-1.0, false), None);
        assert_eq!(duration_text(1.5), "36:00:00");
    }

    #[test]
    fn cells_have_names() {
        assert_eq!(address(6, 1), "B7");
        assert_eq!(
            (address(0, 25), address(0, 26)),
            ("Z1".into(), "AA1".into())
        );
        assert_eq!(address(1_048_575, 16_383), "XFD1048576");
    }
}
