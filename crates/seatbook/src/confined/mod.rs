//! Confined: work on what others wrote, in a process of its own that can break nothing.
//!
//! Owns: starting this program once more under another name, the limits that such a child sets itself, and the frames in
//! which it is spoken to and answers.
//! Does not own: what is done there (`files` reads lists, `printing` sets pages).
//! Keeps true: a child knows no book, no key and no address; it has its limits before it looks at the first byte; it
//! ends with whoever started it.
//! Read first: docs/decisions/0011 and 0017.

pub mod frames;
mod limits;
mod program;

pub use limits::Limits;
pub use program::{Program, limit_met};
