//! The verbs of crossgrades.

mod carried;
mod crossgrade;
pub mod money;
pub mod settle;
mod undo;

pub use crossgrade::Crossgrade;
pub use undo::{TakeBack, sees_prices};
