//! Memory: callers remembered for a moment, so that a busy token or session does not ask at each request.
//!
//! Owns: what is remembered, and which changes void it. Does not own: recognising anybody (`access`).
//! Keeps true: a right that is taken away is gone at the next request, on every server of the book.
//!
//! Rights act at the next request all the same. The store notices every statement that changes what recognition
//! reads (`WATCH` in `access`): what was remembered before is void here before that change is answered, and other servers on the
//! same book have forgotten it by then, because the answer waits for as long as anybody remembers.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Instant,
};

use store::{Db, Timestamp};

/// So many callers at most: a flood of tokens must not fill the memory of the machine.
const CALLERS: usize = 10_000;

/// Whether it was a token, and the digest of the secret that was sent.
type Key = (bool, [u8; 32]);

/// The callers seen a moment ago.
pub struct Memory<K> {
    db: Db,
    callers: RwLock<HashMap<Key, Remembered<K>>>,
}

struct Remembered<K> {
    known: Arc<K>,
    moment: Moment,
    good_until: Timestamp,
}

/// A moment before the database was asked.
#[derive(Clone, Copy)]
pub struct Moment {
    turn: u64,
    at: Instant,
}

impl<K> Memory<K> {
    /// Nobody yet.
    pub fn new(db: Db) -> Self {
        Memory {
            db,
            callers: RwLock::default(),
        }
    }

    /// Now, to be given to [`Memory::keep`] with what is read after it.
    pub fn moment(&self) -> Moment {
        Moment {
            turn: self.db.turn(),
            at: Instant::now(),
        }
    }

    /// Who it is, if nothing that decides it can have changed.
    pub fn find(&self, key: &Key, now: Timestamp) -> Option<Arc<K>> {
        let callers = self.callers.read().unwrap_or_else(PoisonError::into_inner);
        let found = callers.get(key)?;
        let good = self.is_good(&found.moment) && now < found.good_until;
        good.then(|| Arc::clone(&found.known))
    }

    /// Remembers who was found, until an instant at the latest.
    pub fn keep(&self, key: Key, moment: Moment, (known, good_until): (K, Timestamp)) -> Arc<K> {
        let known = Arc::new(known);
        let remembered = Remembered {
            known: Arc::clone(&known),
            moment,
            good_until,
        };
        let mut callers = self.callers.write().unwrap_or_else(PoisonError::into_inner);
        if callers.len() >= CALLERS {
            callers.retain(|_, caller| self.is_good(&caller.moment));
        }
        if callers.len() < CALLERS {
            callers.insert(key, remembered);
        }
        known
    }

    fn is_good(&self, moment: &Moment) -> bool {
        moment.turn == self.db.turn() && moment.at.elapsed() < self.db.remembered_for()
    }
}
