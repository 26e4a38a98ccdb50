//! A workbook that is written once from its first row to its last, and needs no memory for what it has.

use std::{
    fs::File,
    io::{BufWriter, Seek, Write},
};

use jiff::civil::Date;
use rust_xlsxwriter::{Format as Look, FormatBorder, IgnoreError, Workbook, Worksheet, XlsxError};

use super::{super::incoming::unwritable, Cell, Column, ColumnKind, Sum, plain};
use crate::error::{Error, Result};

/// The longest text of a cell, in the UTF-16 units that a spreadsheet counts.
const MAX_UNITS: usize = 32_767;
/// Columns of amounts show so many digits, unless a cell has others.
const DIGITS: u8 = 2;

/// A workbook; its sheet takes no more memory with a million rows, and goes on in another when it is full.
pub(super) struct Book {
    workbook: Workbook,
    name: String,
    page: usize,
    /// The next row of the sheet; the heading is 0.
    row: u32,
    most: u32,
    pub(super) notes: Vec<String>,
}

/// Of the time that a workbook takes, half goes into making it small. At the usual level 6 it takes twice as long as at this
/// one and is a tenth smaller (`rust_xlsxwriter::performance`).
const COMPRESSION: u8 = 2;

impl Book {
    pub(super) fn begin(name: String, columns: &[Column], most: u32) -> Result<Book> {
        let mut workbook = Workbook::new();
        workbook.set_zip_compression_level(COMPRESSION);
        let mut book = Book {
            workbook,
            name,
            page: 0,
            row: 1,
            most,
            notes: Vec::new(),
        };
        book.open(columns)?;
        Ok(book)
    }

    /// Begins a sheet. A column has its look as a whole, so that a cell need not look it up.
    fn open(&mut self, columns: &[Column]) -> Result<()> {
        let name = match self.page {
            0 => self.name.clone(),
            page => {
                let stem: String = self.name.chars().take(25).collect();
                format!("{stem} ({})", page + 1)
            }
        };
        let page = self
            .workbook
            .add_worksheet_with_constant_memory()
            .map_err(lost)?;
        page.set_name(name).map_err(lost)?;
        page.set_freeze_panes(1, 0).map_err(lost)?;
        let heading = Look::new().set_bold().set_border_bottom(FormatBorder::Thin);
        for (place, column) in (0u16..).zip(columns) {
            page.set_column_width(place, f64::from(column.width))
                .and_then(|page| page.set_column_format(place, &look(column.kind, DIGITS)))
                .and_then(|page| page.write_string_with_format(0, place, &column.title, &heading))
                .map_err(lost)?;
            if column.hidden {
                page.set_column_hidden(place).map_err(lost)?;
            }
        }
        self.row = 1;
        Ok(())
    }

    fn page(&mut self) -> Result<&mut Worksheet> {
        self.workbook.worksheet_from_index(self.page).map_err(lost)
    }

    pub(super) fn row(&mut self, columns: &[Column], cells: &[Cell]) -> Result<()> {
        if self.row > self.most {
            self.close(columns)?;
            self.page += 1;
            self.open(columns)?;
        }
        let row = self.row;
        let page = self.page()?;
        for ((place, column), cell) in (0u16..).zip(columns).zip(cells) {
            let fits = |kind, digits| {
                kind == column.kind && (kind != ColumnKind::Money || digits == DIGITS)
            };
            let written = match value(cell) {
                Value::Nothing => continue,
                Value::Text(text) if fits(ColumnKind::Text, 0) => {
                    page.write_string(row, place, text)
                }
                // In a column that is not text, somebody who edits the cell would make a formula of it.
                Value::Text(text) => {
                    page.write_string_with_format(row, place, text, &look(ColumnKind::Text, 0))
                }
                Value::Number(number, kind, digits) if fits(kind, digits) => {
                    page.write_number(row, place, number)
                }
                Value::Number(number, kind, digits) => {
                    page.write_number_with_format(row, place, number, &look(kind, digits))
                }
            };
            written.map_err(lost)?;
        }
        self.row += 1;
        Ok(())
    }

    /// Ends a sheet: what filters, and that codes made of digits wear no green corner.
    fn close(&mut self, columns: &[Column]) -> Result<()> {
        let columns = u16::try_from(columns.len()).map_err(Error::internal)?;
        let (row, last) = (self.row - 1, columns.saturating_sub(1));
        let page = self.page()?;
        page.autofilter(0, 0, row, last)
            .and_then(|page| {
                page.ignore_error_range(0, 0, row, last, IgnoreError::NumberStoredAsText)
            })
            .map_err(lost)?;
        Ok(())
    }

    pub(super) fn finish(mut self, columns: &[Column], sums: &[Sum]) -> Result<File> {
        self.close(columns)?;
        if columns.iter().any(|column| column.total) {
            self.total(columns, sums)?;
        }
        if !self.notes.is_empty() {
            let page = self.workbook.add_worksheet();
            page.set_name("About")
                .and_then(|page| page.set_column_width(0, 100))
                .map_err(lost)?;
            for (row, words) in (0u32..).zip(&self.notes) {
                page.write_string(row, 0, words).map_err(lost)?;
            }
        }
        let mut file = tempfile::tempfile().map_err(unwritable)?;
        let mut out = BufWriter::with_capacity(64 * 1024, &mut file);
        self.workbook.save_to_writer(&mut out).map_err(lost)?;
        out.flush().map_err(unwritable)?;
        drop(out);
        file.rewind().map_err(Error::internal)?;
        Ok(file)
    }

    /// Sums of the whole file below its last row, outside of what filters.
    fn total(&mut self, columns: &[Column], sums: &[Sum]) -> Result<()> {
        let row = self.row;
        let page = self.page()?;
        let bold = |look: Look| look.set_bold().set_border_top(FormatBorder::Thin);
        for ((place, column), sum) in (0u16..).zip(columns).zip(sums) {
            let written = match sum.number().filter(|_| column.total) {
                Some((sum, digits)) => {
                    let look = bold(look(column.kind, digits));
                    page.write_number_with_format(row, place, sum, &look)
                }
                None if place == 0 => {
                    let look = bold(look(ColumnKind::Text, 0));
                    page.write_string_with_format(row, place, "Total", &look)
                }
                None => continue,
            };
            written.map_err(lost)?;
        }
        Ok(())
    }
}

enum Value {
    Nothing,
    Text(String),
    Number(f64, ColumnKind, u8),
}

fn value(cell: &Cell) -> Value {
    let day = |date: Date| f64::from((date - Date::constant(1899, 12, 30)).get_days());
    // Before March 1900 a spreadsheet counts a day that never was.
    let counted = |date: Date| date >= Date::constant(1900, 3, 1);
    match cell {
        Cell::Empty => Value::Nothing,
        Cell::Text(text) if text.is_empty() => Value::Nothing,
        Cell::Text(text) => Value::Text(cut(text)),
        Cell::Number(number) => Value::Number(*number as f64, ColumnKind::Number, 0),
        Cell::Money { minor, digits } => {
            let amount = *minor as f64 / 10f64.powi(i32::from(*digits));
            Value::Number(amount, ColumnKind::Money, *digits)
        }
        Cell::Date(date) if counted(*date) => Value::Number(day(*date), ColumnKind::Date, 0),
        Cell::Instant(at) if counted(at.date()) => {
            let time = at.time();
            let minutes = i32::from(time.hour()) * 60 + i32::from(time.minute());
            let seconds = f64::from(minutes * 60 + i32::from(time.second()));
            Value::Number(day(at.date()) + seconds / 86_400.0, ColumnKind::Instant, 0)
        }
        Cell::Date(_) | Cell::Instant(_) => Value::Text(plain(cell)),
    }
}

fn look(kind: ColumnKind, digits: u8) -> Look {
    match kind {
        ColumnKind::Text => Look::new().set_num_format("@"),
        ColumnKind::Number => Look::new().set_num_format("#,##0"),
        ColumnKind::Money if digits == 0 => Look::new().set_num_format("#,##0"),
        ColumnKind::Money => {
            Look::new().set_num_format(format!("#,##0.{}", "0".repeat(digits.into())))
        }
        ColumnKind::Date => Look::new().set_num_format("yyyy-mm-dd"),
        ColumnKind::Instant => Look::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
    }
}

pub(super) fn cut(text: &str) -> String {
    if text.len() <= MAX_UNITS {
        return text.to_owned();
    }
    let mut units = 0;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= MAX_UNITS
    };
    text.chars().take_while(fits).collect()
}

fn lost(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) | XlsxError::TempFileError(_, error) => unwritable(error),
        other => Error::internal(other),
    }
}
