//! A workbook as a spreadsheet has it: read, edited, written again by other programs than Seatbook.

use std::{collections::BTreeMap, io::Cursor};

use calamine::{Data, Reader, Xlsx};
use rust_xlsxwriter::{Format, Workbook};

/// The first sheet of a workbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Sheet {
    pub headings: Vec<String>,
    pub rows: Vec<Vec<Data>>,
    /// What the sheet beside it says.
    pub about: String,
}

impl Sheet {
    pub fn read(bytes: &[u8]) -> Sheet {
        let mut book = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
        let names = book.sheet_names();
        assert_eq!(names, ["Customers", "About"]);
        let range = book.worksheet_range("Customers").expect("a sheet");
        let mut rows = range.rows().map(<[Data]>::to_vec);
        let headings = rows.next().expect("a heading");
        let about = book.worksheet_range("About").expect("a sheet");
        let lines: Vec<String> = about.rows().map(|row| row[0].to_string()).collect();
        Sheet {
            headings: headings.iter().map(ToString::to_string).collect(),
            rows: rows.collect(),
            about: lines.join("\n"),
        }
    }

    /// As another program writes it.
    pub fn write(&self) -> Vec<u8> {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet().set_name("Customers").expect("a name");
        for (column, heading) in (0u16..).zip(&self.headings) {
            sheet.write(0, column, heading).expect("a cell");
        }
        let day = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        for (row, cells) in (1u32..).zip(&self.rows) {
            for (column, cell) in (0u16..).zip(cells) {
                let written = match cell {
                    Data::Empty => continue,
                    Data::String(text) => sheet.write(row, column, text),
                    Data::Float(number) => sheet.write(row, column, *number),
                    Data::Int(number) => sheet.write(row, column, *number as f64),
                    Data::DateTime(at) => {
                        sheet.write_number_with_format(row, column, at.as_f64(), &day)
                    }
                    other => panic!("{other:?}"),
                };
                written.expect("a cell");
            }
        }
        let about = book.add_worksheet().set_name("About").expect("a name");
        for (row, line) in (0u32..).zip(self.about.lines()) {
            about.write(row, 0, line).expect("a cell");
        }
        book.save_to_buffer().expect("a workbook")
    }

    /// The column of a heading.
    pub fn column(&self, heading: &str) -> usize {
        let found = self.headings.iter().position(|it| it.starts_with(heading));
        found.unwrap_or_else(|| panic!("{heading} in {:?}", self.headings))
    }

    fn place(&self, name: &str) -> usize {
        let column = self.column("Name");
        let found = self.rows.iter().position(|row| row[column] == name);
        found.unwrap_or_else(|| panic!("{name} in {:?}", self.rows))
    }

    /// A cell of a customer.
    pub fn cell(&self, name: &str, heading: &str) -> &Data {
        &self.rows[self.place(name)][self.column(heading)]
    }

    /// Writes into a cell of a customer.
    pub fn set(&mut self, name: &str, heading: &str, value: Data) {
        let (row, column) = (self.place(name), self.column(heading));
        self.rows[row][column] = value;
    }

    /// Removes the row of a customer.
    pub fn remove(&mut self, name: &str) {
        let row = self.place(name);
        self.rows.remove(row);
    }

    /// Adds a row for a new customer.
    pub fn add(&mut self, cells: &[(&str, Data)]) {
        let mut row = vec![Data::Empty; self.headings.len()];
        for (heading, value) in cells {
            row[self.column(heading)] = value.clone();
        }
        self.rows.push(row);
    }

    /// What can be edited, by name.
    pub fn customers(&self) -> BTreeMap<String, [Data; 3]> {
        let columns = ["Units", "Reference", "Kind"].map(|heading| self.column(heading));
        let name = self.column("Name");
        let row = |row: &Vec<Data>| (row[name].to_string(), columns.map(|it| row[it].clone()));
        self.rows.iter().map(row).collect()
    }
}

/// A number as a cell has it.
pub fn number(number: i64) -> Data {
    Data::Float(number as f64)
}

/// Words as a cell has them.
pub fn text(words: &str) -> Data {
    Data::String(words.to_owned())
}
