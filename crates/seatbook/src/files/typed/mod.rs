//! Typed rows on their way out: dates are dates and amounts are numbers, in a file that grows on disk.

mod book;

use std::{
    fs::File,
    io::{Seek, Write},
};

use jiff::civil::{Date, DateTime};

use self::book::Book;
use super::{
    incoming::unwritable,
    table::Format,
    writer::{guard, sheet_name},
};
use crate::error::{Error, Result};

/// Rows below the heading of one sheet: what a spreadsheet can hold.
const ROWS: u32 = 1_048_575;

/// What the cells of a column hold: how they look, how wide they are, whether they are summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Letters, also where they are digits; what somebody types into the column stays text, too.
    Text,
    /// A whole number.
    Number,
    /// An amount of money.
    Money,
    /// A day.
    Date,
    /// A day and a time of day.
    Instant,
}

/// A column of a file.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading.
    pub title: String,
    /// What its cells hold.
    pub kind: ColumnKind,
    /// How many letters of it are seen.
    pub width: u16,
    /// Whether a workbook ends with its sum. Amounts of several currencies have none: that is for the caller to know.
    pub total: bool,
    /// Whether it is there and not shown.
    pub hidden: bool,
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing, which is not an empty text.
    Empty,
    /// Letters; never a formula.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An amount.
    Money {
        /// In the currency's smallest unit.
        minor: i64,
        /// Digits behind the point.
        digits: u8,
    },
    /// A day.
    Date(Date),
    /// An instant in the reader's zone: spreadsheets know no zones.
    Instant(DateTime),
}

/// A file of typed rows on its way out, XLSX or CSV, in constant memory: it grows in a temporary file.
pub struct Sheet {
    columns: Vec<Column>,
    sums: Vec<Sum>,
    out: Out,
}

enum Out {
    Csv(Box<csv::Writer<File>>),
    Book(Box<Book>),
}

impl Sheet {
    /// A file with its heading. A workbook's heading stays in sight and filters.
    pub fn new(format: Format, name: &str, columns: &[Column]) -> Result<Sheet> {
        let out = match format {
            Format::Csv => Out::Csv(Box::new(csv_file(columns)?)),
            Format::Xlsx => {
                let totals = columns.iter().any(|column| column.total);
                let most = ROWS - u32::from(totals);
                Out::Book(Box::new(Book::begin(sheet_name(name), columns, most)?))
            }
        };
        Ok(Sheet {
            columns: columns.to_vec(),
            sums: vec![Sum::default(); columns.len()],
            out,
        })
    }

    /// Words about the file, a line for each call: a sheet of their own in a workbook, left out of a CSV file.
    pub fn note(&mut self, words: &str) -> Result<()> {
        if let Out::Book(book) = &mut self.out {
            book.notes.push(words.to_owned());
        }
        Ok(())
    }

    /// Writes the next row; cells beyond the columns are left out.
    pub fn row(&mut self, cells: &[Cell]) -> Result<()> {
        for ((sum, column), cell) in self.sums.iter_mut().zip(&self.columns).zip(cells) {
            if column.total {
                sum.add(cell);
            }
        }
        match &mut self.out {
            Out::Csv(writer) => {
                let cells = cells.iter().take(self.columns.len()).map(plain);
                writer.write_record(cells).map_err(lost)
            }
            Out::Book(book) => book.row(&self.columns, cells),
        }
    }

    /// The file, to be read from its beginning. A workbook ends with its sums as numbers; no cell is a formula.
    pub fn finish(self) -> Result<File> {
        match self.out {
            Out::Csv(writer) => {
                let mut file = writer
                    .into_inner()
                    .map_err(|error| unwritable(error.into_error()))?;
                file.rewind().map_err(Error::internal)?;
                Ok(file)
            }
            Out::Book(book) => book.finish(&self.columns, &self.sums),
        }
    }
}

/// With a byte-order mark, by which spreadsheets know UTF-8.
fn csv_file(columns: &[Column]) -> Result<csv::Writer<File>> {
    let mut file = tempfile::tempfile().map_err(unwritable)?;
    file.write_all(b"\xEF\xBB\xBF").map_err(unwritable)?;
    let mut writer = csv::WriterBuilder::new()
        .flexible(true)
        .buffer_capacity(64 * 1024)
        .terminator(csv::Terminator::CRLF)
        .from_writer(file);
    let titles = columns.iter().map(|column| guard(&column.title));
    writer.write_record(titles).map_err(lost)?;
    Ok(writer)
}

/// A cell of a CSV file. Only text can be taken for a formula: a number below zero is one.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => guard(text),
        Cell::Number(number) => number.to_string(),
        Cell::Money { minor, digits } => decimal(*minor, *digits),
        Cell::Date(date) => date.to_string(),
        Cell::Instant(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

fn decimal(minor: i64, digits: u8) -> String {
    let (sign, whole) = (if minor < 0 { "-" } else { "" }, minor.unsigned_abs());
    let width = usize::from(digits) + 1;
    let figures = format!("{whole:0>width$}");
    let (whole, part) = figures.split_at(figures.len() - usize::from(digits));
    match part {
        "" => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part}"),
    }
}

/// A column's sum, as long as there is one: numbers, or amounts of one precision.
#[derive(Clone, Copy, Default)]
struct Sum {
    of: i128,
    digits: Option<u8>,
    mixed: bool,
}

impl Sum {
    fn add(&mut self, cell: &Cell) {
        let (value, digits) = match cell {
            Cell::Number(number) => (*number, 0),
            Cell::Money { minor, digits } => (*minor, *digits),
            _ => return,
        };
        self.mixed |= self.digits.is_some_and(|known| known != digits);
        (self.of, self.digits) = (self.of + i128::from(value), Some(digits));
    }

    fn number(&self) -> Option<(f64, u8)> {
        let digits = self.digits.filter(|_| !self.mixed).unwrap_or_default();
        (!self.mixed).then(|| (self.of as f64 / 10f64.powi(i32::from(digits)), digits))
    }
}

/// A disk that is full is told as such.
fn lost(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => unwritable(error),
        other => Error::internal(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{super::parser::read_here, *};

    fn column(title: &str, kind: ColumnKind, total: bool) -> Column {
        Column {
            title: title.into(),
            kind,
            width: 12,
            total,
            hidden: false,
        }
    }

    fn columns() -> [Column; 5] {
        [
            column("Number", ColumnKind::Text, false),
            column("Units", ColumnKind::Number, true),
            column("Price", ColumnKind::Money, true),
            column("Start", ColumnKind::Date, false),
            column("Changed", ColumnKind::Instant, false),
        ]
    }

    fn cells(number: &str, units: i64) -> [Cell; 5] {
        let day = Date::constant(2026, 1, 31);
        [
            Cell::Text(number.into()),
            Cell::Number(units),
            Cell::Money {
                minor: -1_250,
                digits: 2,
            },
            Cell::Date(day),
            Cell::Instant(day.at(12, 30, 0, 0)),
        ]
    }

    fn bytes(sheet: Sheet) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut file = sheet.finish().expect("it is finished");
        file.read_to_end(&mut bytes).expect("it is read");
        bytes
    }

    fn written(format: Format, numbers: &[&str]) -> Vec<u8> {
        let mut sheet = Sheet::new(format, "Licenses", &columns()).expect("it begins");
        sheet.note("As of today.").expect("it is kept");
        for number in numbers {
            sheet.row(&cells(number, 10)).expect("it is written");
        }
        bytes(sheet)
    }

    #[test]
    fn a_workbook_comes_back_typed_with_its_sums() {
        let file = written(Format::Xlsx, &["+49 30 1234", "=1+1", "0101"]);
        let table = read_here(&file).expect("it is read");
        assert_eq!(table.detected.sheets, ["Licenses", "About"]);
        assert_eq!(
            table.headings,
            ["Number", "Units", "Price", "Start", "Changed"]
        );
        let rows: Vec<_> = table.rows.map(|row| row.cells).collect();
        for (row, number) in rows.iter().zip(["+49 30 1234", "=1+1", "0101"]) {
            assert_eq!(
                row[..],
                [number, "10", "-12.5", "2026-01-31", "2026-01-31T12:30:00"]
            );
        }
        assert_eq!(rows[3][..], ["Total", "30", "-37.5"]);
    }

    #[test]
    fn a_csv_file_guards_text_and_nothing_else() {
        let file = String::from_utf8(written(Format::Csv, &["=1+1"])).expect("it is text");
        let rest = file
            .strip_prefix('\u{FEFF}')
            .expect("it begins with its mark");
        let lines: Vec<&str> = rest.lines().collect();
        assert_eq!(
            lines,
            [
                "Number,Units,Price,Start,Changed",
                "'=1+1,10,-12.50,2026-01-31,2026-01-31 12:30:00"
            ]
        );
    }

    #[test]
    fn a_full_sheet_goes_on_in_another() {
        let columns = columns();
        let mut sheet = Sheet {
            sums: vec![Sum::default(); columns.len()],
            out: Out::Book(Box::new(
                Book::begin("Licenses".into(), &columns, 2).expect("it begins"),
            )),
            columns: columns.to_vec(),
        };
        for number in ["a", "b", "c"] {
            sheet.row(&cells(number, 1)).expect("it is written");
        }
        let table = read_here(&bytes(sheet)).expect("it is read");
        assert_eq!(table.detected.sheets, ["Licenses", "Licenses (2)"]);
        assert_eq!(table.rows.count(), 2);
    }

    #[test]
    fn amounts_have_the_digits_of_their_currency() {
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(-123_456, 3), "-123.456");
        assert_eq!(decimal(700, 0), "700");
        let mut sum = Sum::default();
        for digits in [2, 0] {
            sum.add(&Cell::Money { minor: 100, digits });
        }
        assert!(sum.number().is_none(), "two currencies have no sum");
    }

    #[test]
    fn what_a_cell_cannot_hold_is_cut() {
        let mut sheet = Sheet::new(Format::Xlsx, "Long", &columns()).expect("it begins");
        sheet
            .row(&cells(&"😀".repeat(20_000), 1))
            .expect("it is written");
        let table = read_here(&bytes(sheet)).expect("it is read");
        let row = table.rows.into_iter().next().expect("a row");
        assert_eq!(row.cells[0].chars().count(), 16_383);
    }
}
