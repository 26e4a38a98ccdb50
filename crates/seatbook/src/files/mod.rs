//! Files of rows: reading what spreadsheets write, and writing what spreadsheets may open.
//!
//! Owns: encodings, separators, limits of size, and the mark that keeps a cell from being a formula.
//! Does not own: what a column means (`imports`).
//! Keeps true: a cell that is written and read again is the same; no written cell is a formula; nothing
//! is guessed in silence.
//! Others may use: everything here.

mod cells;
mod table;

pub use cells::{guard, unguard, write_csv};
pub use table::{Encoding, MAX_BYTES, Record, Table, read};
