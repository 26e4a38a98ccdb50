//! Bodies on their way in: how slow they may be, and how many slow ones there may be at once.
//!
//! A place among the requests is worth something to whoever wants to keep others out, and a body that never ends costs
//! them nothing. So a body that did not come with its head needs a place among the slow ones as well, and has to keep
//! to a rate. Addresses are not counted: behind a proxy everybody has the same one. Who was recognised has places of
//! their own, which nobody can fill who was not.

use std::{
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
};
use hyper::body::{Frame, SizeHint};

use crate::config::Bounds;

/// What is known of a body that is not all there yet.
#[derive(Clone, Default)]
pub struct Arrival(Arc<Progress>);

#[derive(Default)]
struct Progress {
    /// When somebody asked for it first: until then it is not its sender who makes it wait.
    asked: OnceLock<Instant>,
    bytes: AtomicU64,
    /// Whether somebody waits for its next piece now.
    awaited: AtomicBool,
}

impl Arrival {
    /// Has a request's body tell how it comes; nothing where there is none.
    pub fn of(request: Request) -> (Request, Option<Arrival>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let arrival = Arrival::default();
        let told = arrival.clone();
        let request = request.map(|body| {
            Body::new(Told {
                body,
                arrival: told,
            })
        });
        (request, Some(arrival))
    }

    /// Whether the request waits for its sender.
    pub fn is_awaited(&self) -> bool {
        self.0.awaited.load(Ordering::Relaxed)
    }

    /// Whether it came more slowly than it has to.
    pub fn is_too_slow(&self, bounds: &Bounds) -> bool {
        let taken = self.0.asked.get().map(Instant::elapsed);
        let late = taken.and_then(|taken| taken.checked_sub(bounds.grace));
        late.is_some_and(|late| {
            let due = late.as_secs_f64() * bounds.bytes_per_second as f64;
            (self.0.bytes.load(Ordering::Relaxed) as f64) < due
        })
    }
}

/// A body that tells how it comes.
struct Told {
    body: Body,
    arrival: Arrival,
}

impl HttpBody for Told {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.arrival.0.asked.get_or_init(Instant::now);
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        let progress = &self.arrival.0;
        progress
            .awaited
            .store(polled.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let count = u64::try_from(data.len()).unwrap_or(u64::MAX);
            progress.bytes.fetch_add(count, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.arrival.0.awaited.store(false, Ordering::Relaxed);
    }
}
