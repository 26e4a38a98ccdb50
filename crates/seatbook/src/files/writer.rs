//! Files on their way out, row by row: CSV, or a workbook that takes no more memory with a million rows.

use rust_xlsxwriter::{Format as Look, FormatAlign, IgnoreError, Workbook};

use super::table::{Format, MAX_CELL_LETTERS};
use crate::error::{Error, Result};

/// A column of a workbook shows about so many letters.
const WIDTH_LETTERS: f64 = 20.0;

/// A file that is being written. Every cell is text: what looks like a number may be a code (an extension `0101`, a
/// number `+49…`), and nothing is a formula.
pub struct Writer(Kind);

enum Kind {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Workbook {
        book: Box<Workbook>,
        rows: u32,
        columns: u16,
    },
}

impl Writer {
    /// A CSV file with a byte-order mark, by which spreadsheets know UTF-8; every cell guarded.
    pub fn csv(separator: u8) -> Writer {
        let writer = csv::WriterBuilder::new()
            .delimiter(separator)
            .flexible(true)
            .terminator(csv::Terminator::CRLF)
            .from_writer(b"\xEF\xBB\xBF".to_vec());
        Writer(Kind::Csv(Box::new(writer)))
    }

    /// A workbook of one sheet whose first row stays in sight. What somebody types into a column stays text, too.
    pub fn workbook(sheet: &str, columns: usize) -> Result<Writer> {
        let mut book = Workbook::new();
        let columns = u16::try_from(columns).map_err(Error::internal)?;
        let page = book
            .add_worksheet_with_constant_memory()
            .map_err(Error::internal)?;
        page.set_name(sheet_name(sheet)).map_err(Error::internal)?;
        page.set_freeze_panes(1, 0).map_err(Error::internal)?;
        let text = Look::new().set_num_format("@");
        for column in 0..columns {
            page.set_column_width(column, WIDTH_LETTERS)
                .and_then(|page| page.set_column_format(column, &text))
                .map_err(Error::internal)?;
        }
        Ok(Writer(Kind::Workbook {
            book: Box::new(book),
            rows: 0,
            columns,
        }))
    }

    /// A file of this format; a CSV file with commas.
    pub fn new(format: Format, sheet: &str, columns: usize) -> Result<Writer> {
        match format {
            Format::Csv => Ok(Writer::csv(b',')),
            Format::Xlsx => Writer::workbook(sheet, columns),
        }
    }

    /// Writes the next row; the first is the heading.
    pub fn row(&mut self, cells: &[impl AsRef<str>]) -> Result<()> {
        match &mut self.0 {
            Kind::Csv(writer) => {
                let cells = cells.iter().map(|cell| guard(cell.as_ref()));
                writer.write_record(cells).map_err(Error::internal)
            }
            Kind::Workbook {
                book,
                rows,
                columns,
            } => {
                let page = book.worksheet_from_index(0).map_err(Error::internal)?;
                let look = match *rows {
                    0 => Look::new().set_bold().set_align(FormatAlign::Top),
                    _ => Look::new().set_num_format("@"),
                };
                for (column, cell) in (0u16..).zip(cells) {
                    // An empty string is no cell: a spreadsheet would count it as filled in.
                    if !cell.as_ref().is_empty() {
                        let text: String = cell.as_ref().chars().take(MAX_CELL_LETTERS).collect();
                        page.write_string_with_format(*rows, column, text, &look)
                            .map_err(Error::internal)?;
                    }
                    *columns = (*columns).max(column + 1);
                }
                *rows += 1;
                Ok(())
            }
        }
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>> {
        match self.0 {
            Kind::Csv(writer) => writer
                .into_inner()
                .map_err(|error| Error::internal(error.to_string())),
            Kind::Workbook {
                mut book,
                rows,
                columns,
            } => {
                let page = book.worksheet_from_index(0).map_err(Error::internal)?;
                // Else each code that is made of digits wears a green corner.
                page.ignore_error_range(
                    0,
                    0,
                    rows.saturating_sub(1),
                    columns.saturating_sub(1),
                    IgnoreError::NumberStoredAsText,
                )
                .map_err(Error::internal)?;
                book.save_to_buffer().map_err(Error::internal)
            }
        }
    }
}

/// A sheet's name has at most 31 letters and none of some signs.
pub(super) fn sheet_name(name: &str) -> String {
    let plain = name.chars().filter(|letter| !"[]:*?/\\'".contains(*letter));
    let name: String = plain.take(31).collect();
    match name.trim().is_empty() {
        true => "Rows".into(),
        false => name,
    }
}

/// What makes a spreadsheet think of a formula at the beginning of a cell; the wide forms too.
const DANGEROUS: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}',
];

/// The cell with an apostrophe before it, where a spreadsheet would compute it.
pub(super) fn guard(cell: &str) -> String {
    let mark = if is_dangerous(cell) { "'" } else { "" };
    format!("{mark}{cell}")
}

/// The cell without the apostrophe that a written CSV file has before it, and with everything else.
pub fn unguard(cell: &str) -> &str {
    cell.strip_prefix('\'')
        .filter(|rest| is_dangerous(rest))
        .unwrap_or(cell)
}

// Apostrophes before the sign count as well: else a cell that has one of its own would lose it.
fn is_dangerous(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(DANGEROUS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::parser::read_here, *};

    #[test]
    fn a_workbook_comes_back_as_it_was() {
        let mut writer = Writer::workbook("It's [mine]", 3).expect("it begins");
        let codes = ["0101", "+49 30 1234", "=1+1"];
        writer
            .row(&["Extension", "Number", "Note"])
            .expect("it is written");
        writer.row(&codes).expect("it is written");
        writer
            .row(&["", "6567891230", "Müller & <Söhne>\nBerlin"])
            .expect("it is written");
        let bytes = writer.finish().expect("it is finished");
        let table = read_here(&bytes).expect("it is read");
        assert_eq!(table.detected.format, Format::Xlsx);
        assert_eq!(table.detected.sheets, ["Its mine"]);
        assert_eq!(table.headings, ["Extension", "Number", "Note"]);
        let rows: Vec<_> = table.rows.map(|row| (row.number, row.cells)).collect();
        assert_eq!(rows[0], (2, codes.map(String::from).to_vec()));
        assert_eq!(rows[1].1, ["", "6567891230", "Müller & <Söhne>\nBerlin"]);
    }

    #[test]
    fn formulas_are_marked_and_nothing_else() {
        for cell in [
            "=1+1",
            "+49 30 1234",
            "-5",
            "@SUM(A1)",
            "\t=1",
            "＝1",
            "'=1",
        ] {
            assert_eq!(guard(cell), format!("'{cell}"));
        }
        for cell in ["Acme", "'s Hertogenbosch", "", "1-2", " =1"] {
            assert_eq!(guard(cell), cell);
        }
    }

    proptest! {
        #[test]
        fn a_guarded_cell_comes_back(cell in r"['=+@A-]{0,5}\PC{0,8}") {
            let guarded = guard(&cell);
            prop_assert_eq!(unguard(&guarded), cell.as_str());
        }
    }
}
