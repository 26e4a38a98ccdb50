//! A connection's bytes, held to their time: heads that were begun end, and answers are read.

use std::{
    io::{self, ErrorKind, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

use super::seats::Seat;
use crate::config::Bounds;

/// The bytes of one connection.
pub struct Socket {
    stream: TcpStream,
    seat: Arc<Seat>,
    bounds: Bounds,
    /// Since when its seat had waited when the head was begun of which there is some.
    head: Option<u64>,
    reading: Option<Pin<Box<Sleep>>>,
    writing: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    pub fn new(stream: TcpStream, seat: Arc<Seat>, bounds: Bounds) -> Socket {
        Socket {
            stream,
            seat,
            bounds,
            head: None,
            reading: None,
            writing: None,
        }
    }

    /// Whether there is some of a head and not all of it. A whole one is a request, after which the seat waits anew.
    fn is_in_a_head(&self) -> bool {
        self.head.is_some() && self.head == self.seat.waits_since()
    }

    /// Something was written, or could not be.
    fn written<T>(
        &mut self,
        done: Poll<io::Result<T>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if done.is_ready() {
            if self.writing.take().is_some() {
                self.seat.read_again();
            }
            return done;
        }
        let (seat, time) = (&self.seat, self.bounds.unread);
        let writing = self.writing.get_or_insert_with(|| {
            seat.unread();
            timer(time)
        });
        ended(writing, cx)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            if buffer.filled().len() > before {
                self.head = self.seat.waits_since();
            }
            return read;
        }
        if !self.is_in_a_head() {
            self.reading = None;
            return Poll::Pending;
        }
        let time = self.bounds.head;
        ended(self.reading.get_or_insert_with(|| timer(time)), cx)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(done, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(done, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a time limit: what it waits for is the other side's bytes, which may never come"
)]
fn timer(time: Duration) -> Pin<Box<Sleep>> {
    Box::pin(tokio::time::sleep(time))
}

/// An error where the time is over.
fn ended<T>(timer: &mut Pin<Box<Sleep>>, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
    match timer.as_mut().poll(cx) {
        Poll::Ready(()) => Poll::Ready(Err(ErrorKind::TimedOut.into())),
        Poll::Pending => Poll::Pending,
    }
}
