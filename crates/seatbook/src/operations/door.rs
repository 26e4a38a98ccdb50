//! The door: connections taken, held to their time, and let go in order.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt};

/// How long the head of a request may take; so long, too, a connection may be idle.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// How long requests that were begun may take after the server was told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(25);
/// What is waited for after a connection could not be taken: there are too many open files.
const PAUSE: Duration = Duration::from_millis(250);

/// Serves until `stop` ends, then finishes what was begun. `false` where that took too long and was cut off.
pub async fn serve<S>(listener: TcpListener, rooms: S, stop: impl Future<Output = ()>) -> bool
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let open = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME);
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                Err(error) => {
                    pause(&error).await;
                    continue;
                }
            },
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

/// A client that went away before it was taken is no trouble; anything else will not be over at once.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing says when a file may be opened again"
)]
async fn pause(error: &std::io::Error) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if [ConnectionAborted, ConnectionRefused, ConnectionReset].contains(&error.kind()) {
        return;
    }
    tracing::error!(%error, "a connection could not be taken");
    tokio::time::sleep(PAUSE).await;
}
