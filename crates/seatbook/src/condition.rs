//! Condition: what requests, timers and readiness have to know of this process.
//!
//! Owns: whether it was told to stop, and whether its clock can be trusted.
//! Does not own: looking at database and disk, and telling anybody (`operations`).
//! Keeps true: a clock that jumped is not trusted until it is back, or the server is started anew.
//! Others may use: [`Condition`].

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use store::Timestamp;

/// Seconds that the clock may go back between two looks: more than what setting it right takes away.
pub const BACKWARD_SECONDS: i64 = 60;
/// Seconds that it may go ahead of the time that has passed.
pub const FORWARD_SECONDS: i64 = 24 * 3600;

/// How this process is. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Condition(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stopping: AtomicBool,
    clock: Mutex<Known>,
}

/// What is known of the time.
#[derive(Debug, Default)]
struct Known {
    seen: Option<Seen>,
    book: Option<Timestamp>,
}

/// The clock as it was last trusted, and the machine's steady one at that moment.
#[derive(Clone, Copy, Debug)]
struct Seen {
    wall: Timestamp,
    steady: Instant,
}

/// By how many seconds the clock is not where it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jump {
    /// So many behind where it was.
    Backward(i64),
    /// So many behind the last entry of the journal, which another server may have written by a wrong clock of its own.
    Behind(i64),
    /// So many ahead.
    Forward(i64),
}

impl Condition {
    /// Says that the server was told to stop.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    /// Whether it was.
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// Looks at the clock: whether it has gone on as time has passed since it was last trusted.
    pub fn jump(&self, now: Timestamp) -> Option<Jump> {
        let mut known = self.known();
        let seen = known.seen;
        let jump = seen.and_then(|seen| seen.jump(now, seen.steady.elapsed().as_secs()));
        if jump.is_some() {
            return jump;
        }
        let behind = known
            .book
            .map_or(0, |book| book.as_micros() - now.as_micros())
            / 1_000_000;
        if behind > BACKWARD_SECONDS {
            return Some(Jump::Behind(behind));
        }
        known.seen = Some(Seen {
            wall: now,
            steady: Instant::now(),
        });
        None
    }

    /// Says how late it was when the newest entry was made: a clock that is behind is wrong from the beginning.
    pub fn was_at(&self, newest: Timestamp) {
        self.known().book = Some(newest);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    fn jump(&self, now: Timestamp, passed_seconds: u64) -> Option<Jump> {
        let passed = i64::try_from(passed_seconds).unwrap_or(i64::MAX);
        let off = now.as_micros() - self.wall.plus_seconds(passed).as_micros();
        match off / 1_000_000 {
            off if off < -BACKWARD_SECONDS => Some(Jump::Backward(-off)),
            off if off > FORWARD_SECONDS => Some(Jump::Forward(off)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_780_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_clock_that_jumps_is_not_trusted_until_it_is_back() {
        let condition = Condition::default();
        assert_eq!(condition.jump(at(NOON)), None);
        for fine in [NOON - 60, NOON + 3_000, NOON + 86_400] {
            assert_eq!(condition.jump(at(fine)), None, "{fine}");
            assert_eq!(condition.jump(at(NOON.max(fine))), None);
        }
        let last = NOON + 86_400;
        assert_eq!(condition.jump(at(last - 61)), Some(Jump::Backward(61)));
        assert_eq!(condition.jump(at(last - 61)), Some(Jump::Backward(61)));
        assert_eq!(
            condition.jump(at(last + 86_401)),
            Some(Jump::Forward(86_401))
        );
        assert_eq!(condition.jump(at(0)), Some(Jump::Backward(last)));
        assert_eq!(condition.jump(at(last)), None);
    }

    #[test]
    fn the_book_knows_how_late_it_was() {
        let condition = Condition::default();
        condition.was_at(at(NOON + 60));
        assert_eq!(condition.jump(at(NOON)), None);
        condition.was_at(at(NOON + 3_600));
        assert_eq!(condition.jump(at(NOON)), Some(Jump::Behind(3_600)));
        assert_eq!(condition.jump(at(NOON + 3_590)), None);
    }

    #[test]
    fn a_wrong_entry_of_another_server_is_forgotten() {
        let condition = Condition::default();
        assert_eq!(condition.jump(at(NOON)), None);
        condition.was_at(at(NOON + 600));
        assert_eq!(condition.jump(at(NOON)), Some(Jump::Behind(600)));
        condition.was_at(at(NOON));
        assert_eq!(condition.jump(at(NOON)), None);
    }

    #[test]
    fn time_that_passed_is_no_jump() {
        let seen = Seen {
            wall: at(NOON),
            steady: Instant::now(),
        };
        assert_eq!(seen.jump(at(NOON + 200_000), 200_000), None);
        assert_eq!(seen.jump(at(NOON), 100), Some(Jump::Backward(100)));
    }
}
