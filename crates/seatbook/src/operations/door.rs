//! The door: connections taken, held to their time, and let go in order.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
    serve::Listener,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};

/// How long a connection may be idle, and the head of a request may take: there is one clock for both. Proxies keep
/// connections for up to a minute, and one that is gone when they come back is a failed request to somebody.
const HEAD_TIME: Duration = Duration::from_secs(75);
/// The most that a connection holds of what was sent and not yet read, a head with all its lines included.
const HELD_BYTES: usize = 64 * 1024;
/// How long requests that were begun may take after the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(25);

/// Serves until `stop` ends, then finishes what was begun. `false` where that took too long and was cut off.
pub async fn serve<S>(mut listener: TcpListener, rooms: S, stop: impl Future<Output = ()>) -> bool
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HELD_BYTES);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            // Axum's own way of taking them waits and tries again where there are too many open files.
            taken = Listener::accept(&mut listener) => taken,
            () = &mut stop => break,
        };
        let _ = stream.set_nodelay(true);
        let rooms = rooms.clone();
        let answer = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            rooms.clone().oneshot(request)
        });
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), answer));
        // How a connection ended is its client's affair.
        tokio::spawn(async move { drop(connection.await) });
    }
    drop(listener);
    tracing::info!("no more connections are taken");
    tokio::time::timeout(DRAIN_TIME, open.shutdown())
        .await
        .is_ok()
}
