//! The verbs of amendments.

mod change;
mod convert;

pub use change::{ChangePlanSubscription, check_changeable};
pub use convert::ConvertTrial;
