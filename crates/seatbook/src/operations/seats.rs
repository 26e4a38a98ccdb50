//! Connections: how many there may be, and which has to go where there is no room for another.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

/// What stands for the time since which a connection waits, where it does not.
const AT_WORK: u64 = u64::MAX;

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
    requests: AtomicU64,
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
    /// away: idle connections and heads that do not end cost whoever opens them nothing, and would keep others out.
    /// Nothing where all are at work.
    pub fn take(self: &Arc<Seats>) -> Option<Sitting> {
        let mut taken = self.taken();
        if taken.seats.len() >= self.most {
            let longest = taken.seats.values().min_by_key(|seat| seat.waits_since());
            let longest = longest.filter(|seat| seat.waits_since() != AT_WORK)?;
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
            requests: AtomicU64::default(),
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
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.waits_since.store(AT_WORK, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    /// Whether a request is being answered.
    pub fn is_at_work(&self) -> bool {
        self.waits_since() == AT_WORK
    }

    /// How many requests there were.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Ends when somebody else needs the seat.
    pub async fn wanted(&self) {
        self.wanted.notified().await;
    }

    fn waits_since(&self) -> u64 {
        self.waits_since.load(Ordering::Relaxed)
    }

    fn wait(&self) {
        let since = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(AT_WORK - 1);
        self.waits_since.store(since, Ordering::Relaxed);
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
}
