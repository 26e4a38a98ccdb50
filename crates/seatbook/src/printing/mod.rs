//! Printing: invoices as PDF, set by children that may do nothing else, in the operator's brand.
//!
//! Owns: the children that set pages, how many there are and what becomes of them; the folder that a brand is read
//! from, and a sample to look at it.
//! Does not own: what a page looks like (the `documents` crate), what an invoice says (`invoices`), when one is
//! printed and where it is kept (`dispatch`).
//! Keeps true: no template is run in the server's own process; one that loops or eats memory costs its own invoice a
//! try; a brand that does not work is found when the server starts.
//! Read first: docs/decisions/0017.

mod brand;
mod press;
pub mod sample;
pub mod setter;

pub use brand::Folder;
pub use press::Press;
