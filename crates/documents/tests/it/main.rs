//! The crate from outside: what is written is read back by other programs.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers may stop at the first thing that is not as they expect"
)]

mod pdf;
mod xml;
