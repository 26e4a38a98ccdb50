//! Rows: the language in which files are understood, whatever is in them.
//!
//! Owns: fields and mappings, cells as people write them, remarks about rows, what became of each; for whom that is
//! judged.
//! Does not own: what the rows of a kind mean (`sheets`), how a file is read (`files`).
//! Keeps true: nothing is mended in silence; a remark names its row and column.
//! Others may use: everything here.

pub mod asker;
pub mod cells;
pub mod sheet;
