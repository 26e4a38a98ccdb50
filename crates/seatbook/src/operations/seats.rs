//! Connections: how many there may be, and which has to go where there is no room for another.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::Notify;

/// What stands for the time since which a connection waits, where it does not.
const AT_WORK: u64 = u64::MAX;
/// How long nothing of an answer may be taken before its seat can be given away: an answer to somebody who is only slow
/// waits again and again, for a moment each time.
const UNREAD: Duration = Duration::from_secs(5);

/// All connections that are open.
pub struct Seats {
    most: usize,
    begun: Instant,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    last: u64,
    seats: HashMap<u64, Arc<Seat>>,
}

/// What one connection is about.
pub struct Seat {
    number: u64,
    begun: Instant,
    /// Since when it waits for a request, in microseconds, or that it does not.
    waits_since: AtomicU64,
    /// From when on it can be given away because its answer is not read, or that it is.
    unread_from: AtomicU64,
    wanted: Notify,
}

/// A seat as long as its connection is open.
pub struct Sitting {
    seats: Arc<Seats>,
    pub seat: Arc<Seat>,
}

/// A request that is being answered.
pub struct Work(Arc<Seat>);

impl Seats {
    pub fn new(most: usize) -> Arc<Seats> {
        Arc::new(Seats {
            most,
            begun: Instant::now(),
            taken: Mutex::default(),
        })
    }

    /// A seat for a new connection. Where all are taken, whoever has asked for nothing for the longest time gives theirs
    /// away, or does not read the answer: idle connections, heads that do not end and answers that nobody takes cost
    /// whoever opens them nothing, and would keep others out. Nothing where all are at work.
    pub fn take(self: &Arc<Seats>) -> Option<Sitting> {
        let mut taken = self.taken();
        if taken.seats.len() >= self.most {
            let longest = taken.seats.values().min_by_key(|seat| seat.free_from());
            let longest = longest.filter(|seat| seat.free_from() <= seat.now())?;
            let number = longest.number;
            if let Some(seat) = taken.seats.remove(&number) {
                seat.wanted.notify_one();
            }
        }
        taken.last += 1;
        let seat = Arc::new(Seat {
            number: taken.last,
            begun: self.begun,
            waits_since: AtomicU64::default(),
            unread_from: AtomicU64::new(AT_WORK),
            wanted: Notify::new(),
        });
        seat.wait();
        taken.seats.insert(seat.number, Arc::clone(&seat));
        Some(Sitting {
            seats: Arc::clone(self),
            seat,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Says that a request is being answered, until what is returned is gone.
    pub fn work(self: &Arc<Seat>) -> Work {
        self.waits_since.store(AT_WORK, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    /// Since when it waits for a request; nothing while one is being answered.
    pub fn waits_since(&self) -> Option<u64> {
        let since = self.waits_since.load(Ordering::Relaxed);
        (since != AT_WORK).then_some(since)
    }

    /// Says that nothing of its answer is taken.
    pub fn unread(&self) {
        let patience = u64::try_from(UNREAD.as_micros()).unwrap_or(AT_WORK);
        let from = self.now().saturating_add(patience);
        self.unread_from.store(from, Ordering::Relaxed);
    }

    /// Says that its answer is taken again.
    pub fn read_again(&self) {
        self.unread_from.store(AT_WORK, Ordering::Relaxed);
    }

    /// Ends when somebody else needs the seat.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// From when on it can be given away.
    fn free_from(&self) -> u64 {
        let waits = self.waits_since.load(Ordering::Relaxed);
        waits.min(self.unread_from.load(Ordering::Relaxed))
    }

    fn wait(&self) {
        self.waits_since.store(self.now(), Ordering::Relaxed);
    }

    /// Microseconds since there are seats.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(AT_WORK - 1)
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.wait();
    }
}

impl Drop for Sitting {
    fn drop(&mut self) {
        self.seats.taken().seats.remove(&self.seat.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_waits_longest_gives_way_and_nobody_at_work_does() {
        let seats = Seats::new(2);
        let (one, two) = (seats.take().expect("room"), seats.take().expect("room"));
        let work = one.seat.work();
        let three = seats.take().expect("the second waits");
        assert!(!seats.taken().seats.contains_key(&two.seat.number));
        let other = three.seat.work();
        assert!(seats.take().is_none());
        drop((work, other, one));
        assert!(seats.take().is_some());
        drop(two);
        assert_eq!(seats.taken().seats.len(), 1);
    }

    #[test]
    fn whoever_does_not_read_gives_way_after_a_while() {
        let seats = Seats::new(1);
        let one = seats.take().expect("room");
        let _work = one.seat.work();
        one.seat.unread();
        assert!(seats.take().is_none(), "it may only be slow");
        one.seat.unread_from.store(0, Ordering::Relaxed);
        one.seat.read_again();
        assert!(seats.take().is_none(), "it reads");
        one.seat.unread_from.store(0, Ordering::Relaxed);
        assert!(seats.take().is_some());
    }
}
