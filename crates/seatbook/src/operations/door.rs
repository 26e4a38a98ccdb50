//! The door: connections taken, held to their time, and let go in order.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::{ConnectInfo, Request},
    http::{HeaderValue, header},
    response::Response,
    serve::Listener,
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};
use tower::{Service, ServiceExt};

use super::{
    requests::overloaded,
    seats::{Seats, Work},
    socket::Socket,
};
use crate::{app::App, config::Bounds};

/// The most that a connection holds of what was sent and not yet read, a head with all its lines included.
const HELD_BYTES: usize = 64 * 1024;
/// How long requests that were begun may take after the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(25);
/// How long it may take to say that there is no room.
const REFUSAL_TIME: Duration = Duration::from_secs(1);
/// Open files that are no connections: the book, its readers, children and files on their way.
#[cfg(unix)]
const OTHER_FILES: u64 = 512;

/// Serves until `stop` ends, then finishes what was begun. `false` where that took too long and was cut off.
pub async fn serve<S>(
    mut listener: TcpListener,
    rooms: S,
    app: &App,
    stop: impl Future<Output = ()>,
) -> bool
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let open = GracefulShutdown::new();
    let bounds = within_open_files(app.settings.bounds);
    let seats = Seats::new(bounds.connections);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(bounds.idle)
        .max_buf_size(HELD_BYTES);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            // Axum's own way of taking them waits and tries again where there are too many open files.
            taken = Listener::accept(&mut listener) => taken,
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let Some(sitting) = seats.take() else {
            tokio::spawn(turn_away(stream));
            continue;
        };
        let socket = TokioIo::new(Socket::new(stream, sitting.seat.clone(), bounds));
        let (seat, rooms) = (sitting.seat.clone(), rooms.clone());
        let condition = app.condition.clone();
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            let (work, answer) = (seat.work(), rooms.clone().oneshot(request));
            let condition = condition.clone();
            async move {
                let mut answer = answer.await?;
                if condition.is_stopping() {
                    // Whoever keeps this connection takes the next one elsewhere, before it is closed under them.
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(header::CONNECTION, close);
                }
                Ok::<_, Infallible>(answer.map(|body| Held { body, _work: work }))
            }
        });
        let connection = open.watch(http.serve_connection(socket, answer));
        tokio::spawn(async move {
            // How a connection ended is its client's affair.
            tokio::select! {
                _ = connection => {}
                () = sitting.seat.wanted() => {}
            }
            drop(sitting);
        });
    }
    drop(listener);
    tracing::info!("no more connections are taken");
    tokio::time::timeout(DRAIN_TIME, open.shutdown())
        .await
        .is_ok()
}

/// Says that there is no room. Whoever does not listen is not waited for.
async fn turn_away(mut stream: TcpStream) {
    let body = overloaded().problem().to_string();
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\
         Content-Length: {length}\r\nRetry-After: 1\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n{body}"
    );
    let told = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    };
    drop(tokio::time::timeout(REFUSAL_TIME, told).await);
}

/// The bounds as this system can keep them: a connection is an open file, and where those run out, the book cannot be
/// opened either.
#[cfg(unix)]
fn within_open_files(bounds: Bounds) -> Bounds {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = u64::try_from(bounds.connections).unwrap_or(u64::MAX) + OTHER_FILES;
    let granted = limit.maximum.map_or(wanted, |most| most.min(wanted));
    if limit.current.is_some_and(|now| now < granted) {
        let raised = Rlimit {
            current: Some(granted),
            maximum: limit.maximum,
        };
        if let Err(error) = setrlimit(Resource::Nofile, raised) {
            tracing::warn!(%error, "the number of open files could not be raised");
        }
    }
    let Some(files) = getrlimit(Resource::Nofile).current else {
        return bounds;
    };
    let rest = files.saturating_sub(OTHER_FILES).max(files / 2);
    Bounds {
        connections: bounds
            .connections
            .min(usize::try_from(rest).unwrap_or(usize::MAX)),
        ..bounds
    }
}

/// The bounds as they are.
#[cfg(not(unix))]
fn within_open_files(bounds: Bounds) -> Bounds {
    bounds
}

/// An answer's body, during which its connection is at work.
struct Held {
    body: Body,
    _work: Work,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
