//! The bounded line in front of a writer: three lanes, first come first served within each.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{Error, Result, work::Queued};

pub(crate) type Item = Box<dyn Queued>;

/// Served by a thread ([`Queue::wait`]) or by a task ([`Queue::wait_async`]), never by both.
pub(crate) struct Queue {
    lanes: Mutex<Lanes>,
    thread: Condvar,
    task: Notify,
    limit: usize,
}

#[derive(Default)]
struct Lanes {
    waiting: [VecDeque<Item>; 3],
    closed: bool,
}

impl Lanes {
    fn is_empty(&self) -> bool {
        self.waiting.iter().all(VecDeque::is_empty)
    }
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        Queue {
            lanes: Mutex::default(),
            thread: Condvar::new(),
            task: Notify::new(),
            limit,
        }
    }

    /// Nothing inside the lock can panic half way, so a poisoned lock is as good as a clean one.
    fn lock(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn push(&self, item: Item) -> Result<()> {
        let mut lanes = self.lock();
        if lanes.closed {
            return Err(Error::Unavailable("the server is stopping".into()));
        }
        let lane = &mut lanes.waiting[item.place().lane as usize];
        if lane.len() >= self.limit {
            return Err(Error::Overloaded);
        }
        lane.push_back(item);
        drop(lanes);
        self.thread.notify_one();
        self.task.notify_one();
        Ok(())
    }

    /// How many wait in each lane.
    pub(crate) fn waiting(&self) -> [usize; 3] {
        self.lock().waiting.each_ref().map(VecDeque::len)
    }

    /// The next item that may join a batch: a preview never does.
    pub(crate) fn next_for_batch(&self) -> Option<Item> {
        let mut lanes = self.lock();
        let [interactive, bulk, _] = &mut lanes.waiting;
        interactive.pop_front().or_else(|| bulk.pop_front())
    }

    /// The next item of any lane, interactive first.
    pub(crate) fn next(&self) -> Option<Item> {
        self.lock().waiting.iter_mut().find_map(VecDeque::pop_front)
    }

    /// Blocks until something waits. `false` when the queue is closed and empty.
    pub(crate) fn wait(&self) -> bool {
        let mut lanes = self.lock();
        while lanes.is_empty() {
            if lanes.closed {
                return false;
            }
            lanes = self
                .thread
                .wait(lanes)
                .unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Waits until something waits. `false` when the queue is closed and empty.
    pub(crate) async fn wait_async(&self) -> bool {
        loop {
            {
                let lanes = self.lock();
                if !lanes.is_empty() {
                    return true;
                }
                if lanes.closed {
                    return false;
                }
            }
            self.task.notified().await;
        }
    }

    /// Takes no more; what waits is still served.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.thread.notify_all();
        self.task.notify_one();
    }
}
