//! Sheets: what the rows of a file mean.
//!
//! Owns: the kinds of files that can be brought in, their fields, from rows to things (products, SKUs,
//! organizations, licenses, shares, extensions), what is odd about them, and how they compare with the book.
//! Does not own: uploading, staging and applying (`imports`), workbooks that come back (`differences`), the rules of
//! each noun (its own room).
//! Keeps true: each thing is said once, whatever many rows say it; nothing is mended in silence; comparing writes nothing.
//! Others may use: [`ImportKind`] and the words around it.

mod catalog;
mod extensions;
mod kinds;
mod licenses;
mod organizations;
mod shares;

use crate::rows::cells;
pub use crate::rows::cells::{Mapping, Oddity, Outcome, Remark, Staged, forgiving};
pub use kinds::{Asker, Field, ImportKind, Judged, Sheet, Unit, What};
