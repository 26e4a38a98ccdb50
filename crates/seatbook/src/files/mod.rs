//! Files of rows: reading what spreadsheets write, and writing what spreadsheets may open.
//!
//! Owns: which format a file is (CSV, XLSX), its encodings and limits, what a child does to read it, text and typed
//! cells on their way out, and the mark that keeps a CSV cell from being a formula. Does not own: the child itself
//! (`confined`), what a column means (`sheets`).
//! Keeps true: a cell that is written and read again is the same; no written cell is a formula; nothing is guessed in
//! silence; no byte of a foreign file is read in the server's own process, and no file makes it large.
//! Read first: docs/decisions/0011. Others may use: everything here.

mod delimited;
mod frames;
mod incoming;
pub mod parser;
mod reader;
mod recognised;
mod spreadsheet;
mod table;
mod typed;
mod writer;

pub use frames::Rows;
pub use incoming::Incoming;
pub use reader::Reader;
pub use table::{Detected, Encoding, Format, MAX_BYTES, Record, Table};
pub use typed::{Cell, Column, ColumnKind, Sheet};
pub use writer::{Writer, unguard};
