//! What time it is, asked in one place; and looking again and again.

use std::{
    fmt::Display,
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

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

/// Periods waited for after a failure.
const PATIENCE: u32 = 8;

/// Looks for work until the task is dropped: again at once while there was some, after a period where there was none,
/// and after eight where it failed, which is logged as `trouble`.
pub async fn keep_looking<F, E>(period: Duration, trouble: &str, mut look: impl FnMut() -> F)
where
    F: Future<Output = Result<bool, E>>,
    E: Display,
{
    let mut ticks = tokio::time::interval(period);
    loop {
        match look().await {
            Ok(true) => continue,
            Ok(false) => ticks.reset(),
            Err(error) => {
                tracing::warn!(%error, "{trouble}; trying again");
                ticks.reset_after(period * PATIENCE);
            }
        }
        ticks.tick().await;
    }
}
