//! A file as a heading and rows, and what was found out about it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::frames::Rows;
use crate::error::Result;

/// The largest file; also the most text that a packed one may hold.
pub const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The largest row.
pub(super) const MAX_RECORD_BYTES: usize = 64 * 1024;
/// The largest cell, in letters: what a spreadsheet can hold in one.
pub(super) const MAX_CELL_LETTERS: usize = 32_767;
/// Rows below the heading, at most.
pub(super) const MAX_ROWS: usize = 200_000;
/// Columns, at most.
pub(super) const MAX_COLUMNS: usize = 256;
/// Cells, at most, not counting empty ones at the end of a row: a row of 20 in the longest file.
pub(super) const MAX_CELLS: usize = 4_000_000;

/// What a file is, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileFormat)]
pub enum Format {
    /// Text with something between its cells.
    Csv,
    /// A workbook (Office Open XML), with macros or without.
    Xlsx,
}

impl Format {
    /// What is stored, and the ending of a file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }

    /// The format a word names.
    pub fn parse(word: &str) -> Option<Format> {
        [Format::Csv, Format::Xlsx]
            .into_iter()
            .find(|format| format.as_str() == word)
    }

    /// Its type on the wire.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }
}

/// How the letters of a CSV file were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = FileEncoding)]
pub enum Encoding {
    /// UTF-8.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 behind a byte-order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8Marked,
    /// UTF-16, little end first, behind a byte-order mark.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big end first, behind a byte-order mark.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Not UTF-8, so taken for Windows-1252.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    const ALL: [Encoding; 5] = [
        Encoding::Utf8,
        Encoding::Utf8Marked,
        Encoding::Utf16Le,
        Encoding::Utf16Be,
        Encoding::Windows1252,
    ];

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

    /// The encoding a word names.
    pub fn parse(word: &str) -> Option<Encoding> {
        Self::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// What was found out about a file to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detected {
    /// What it is.
    pub format: Format,
    /// How the letters of a CSV file were written.
    pub encoding: Option<Encoding>,
    /// What stands between two cells of a CSV file.
    pub separator: Option<char>,
    /// The sheets of a workbook that can be seen; the first is the one that was read.
    pub sheets: Vec<String>,
}

/// A file as a heading and rows.
#[derive(Debug)]
pub struct Table {
    /// What was found out about it.
    pub detected: Detected,
    /// The heading line.
    pub headings: Vec<String>,
    /// The rows below it, one by one.
    pub rows: Rows,
}

impl Table {
    /// The first row is the heading of the others.
    pub(super) fn of(detected: Detected, mut rows: Rows) -> Result<Table> {
        let headings = rows.take_headings()?;
        Ok(Table {
            detected,
            headings,
            rows,
        })
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its place in the file, as a spreadsheet shows it; the heading is mostly 1.
    pub number: i64,
    /// Its cells as they were written, as many as there are headings or more.
    pub cells: Vec<String>,
}
