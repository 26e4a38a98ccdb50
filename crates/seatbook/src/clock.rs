//! What time it is, asked in one place.

use std::sync::atomic::{AtomicI64, Ordering};

use store::Timestamp;

/// Tells the time. Business code never asks the machine: it is told through its transaction.
pub trait Clock: Send + Sync + 'static {
    /// The instant it is now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place the ban points to"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::new(jiff::Timestamp::now())
    }
}

/// A clock that stands still until it is moved: tests, and `serve --demo` while it fills the past.
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// Stands at this instant.
    pub fn at(now: Timestamp) -> Self {
        FixedClock(AtomicI64::new(now.as_micros()))
    }

    /// Moves to this instant.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_micros(), Ordering::SeqCst);
    }

    /// Moves forward by whole seconds.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}
