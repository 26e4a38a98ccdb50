//! Reductions: the part of a form that says who loses a unit, where there are to be fewer than are in use.
//!
//! Owns: the choice of a rule or by hand, the list of who gives way, and what says that it was seen.
//! Does not own: who gives way by which rule (`rules::reduction`), planning and doing it (`subscriptions`).
//! Keeps true: whoever loses a unit is named before, to those who may see people.
//! Others may use: everything here. The fields of one pool are named by its id: `rule.<pool>`, `seen.<pool>`,
//! `chosen.<pool>` and `listed.<pool>`.

mod choosing;
mod pages;

pub use choosing::{Cut, LISTED, choice, field, person};
pub use pages::Losing;
