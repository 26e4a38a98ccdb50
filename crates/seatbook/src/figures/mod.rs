//! Figures: what organizations hold, added up, however much that is.
//!
//! Owns: the sums by product, week and month of end, and how they follow the book.
//! Does not own: a balance; every figure follows from pools, licenses and the journal, and can be made anew.
//! Keeps true: a figure is read in the same time whatever it was added up from; what is followed late says of when
//! it is; few pools are added up at once, and are exact. `verify` proves the sums.
//! Others may use: `queries`, `model`, `drawing`, `follower`.
//! Read first: `follower`, then docs/decisions/0023.

mod counting;
pub mod drawing;
pub mod follower;
pub mod model;
pub mod queries;
mod writes;
