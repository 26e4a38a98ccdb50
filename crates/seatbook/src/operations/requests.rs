//! What holds for every request: its number, its line in the log, its place among the figures, how many there may be at
//! once and how long each may take.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{sync::Semaphore, time::timeout};
use tracing::Instrument;
use uuid::Uuid;

use super::{arrivals::Arrival, is_for_machines};
use crate::{
    api::{REQUEST_ID, request_id},
    config::Bounds,
    console::frame::Visitor,
    error::{Error, Kind},
    gate::Caller,
};

/// How long an answer may take to begin.
const SECONDS: u64 = 30;
/// The same where a file is sent: as long as a slow line takes for the largest one.
const UPLOAD_SECONDS: u64 = 300;

/// What is told as the status where the client went away before its answer.
const GONE: u16 = 499;

/// How many requests there may be at once, and how many of them may wait for their bodies.
pub struct Places {
    bounds: Bounds,
    all: Semaphore,
    /// For slow bodies: of those who were not recognised, and of those who were.
    slow: [Semaphore; 2],
}

impl Places {
    /// None of them taken.
    pub fn new(bounds: Bounds) -> Arc<Places> {
        Arc::new(Places {
            all: Semaphore::new(bounds.requests),
            slow: [(); 2].map(|()| Semaphore::new(bounds.slow_bodies)),
            bounds,
        })
    }

    /// Ends where a body comes too slowly, or is one too many that does not come at once.
    async fn hurry(&self, arrival: &Arrival, notes: &Notes) -> Error {
        let mut looks = tokio::time::interval(self.bounds.prompt);
        looks.tick().await;
        let mut place = None;
        loop {
            looks.tick().await;
            if !arrival.is_awaited() {
                place = None;
                continue;
            }
            if arrival.is_too_slow(&self.bounds) {
                return Error::new(
                    Kind::Slow,
                    "body.too_slow",
                    "The body came more slowly than it may; please send it again.",
                );
            }
            if place.is_none() {
                let noted = notes.0.get();
                let known = noted.is_some_and(|noted| noted.actor_id.is_some());
                let Ok(taken) = self.slow[usize::from(known)].try_acquire() else {
                    return overloaded();
                };
                place = Some(taken);
            }
        }
    }
}

/// There is no place.
pub(super) fn overloaded() -> Error {
    let message = "There is more to do than can be done; please try again.";
    Error::new(Kind::Unavailable, "overloaded", message)
}

/// What is known of a request once it was recognised and found its handler.
#[derive(Clone, Default)]
struct Notes(Arc<OnceLock<Noted>>);

struct Noted {
    route: Option<MatchedPath>,
    actor_id: Option<Uuid>,
    token_id: Option<Uuid>,
    organization_id: Option<Uuid>,
}

/// Stands around everything else.
pub async fn observe(
    State(places): State<Arc<Places>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let (notes, method) = (Notes::default(), request.method().clone());
    if is_for_machines(&request) {
        let mut response = next.run(request).await;
        response.headers_mut().insert(REQUEST_ID, id);
        return response;
    }
    request.extensions_mut().insert(notes.clone());
    let span = tracing::error_span!("request", request_id = text(&id));
    let mut telling = Telling {
        method,
        notes: notes.clone(),
        places: Arc::clone(&places),
        id: id.clone(),
        begun,
        status: GONE,
    };
    let answered = bounded(request, next, (&places, &notes));
    let mut response = answered.instrument(span).await;
    telling.status = response.status().as_u16();
    drop(telling);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// What is told of a request whatever becomes of it: a client that goes away takes the answer's future along.
struct Telling {
    method: Method,
    notes: Notes,
    places: Arc<Places>,
    id: HeaderValue,
    begun: Instant,
    status: u16,
}

impl Drop for Telling {
    fn drop(&mut self) {
        let what = (&self.method, self.status);
        tell(what, self.notes.0.get(), &self.id, self.begun.elapsed());
        let Places { all, bounds, .. } = &*self.places;
        let open = bounds.requests.saturating_sub(all.available_permits());
        metrics::gauge!("seatbook_requests_open").set(open as f64);
    }
}

/// Stands inside, where the route and the caller are known.
pub async fn note(request: Request, next: Next) -> Response {
    let extensions = request.extensions();
    if let Some(notes) = extensions.get::<Notes>() {
        let caller = extensions.get::<Caller>();
        let visitor = extensions.get::<Visitor>();
        let _ = notes.0.set(Noted {
            route: extensions.get::<MatchedPath>().cloned(),
            actor_id: caller.map(|caller| caller.actor_id),
            token_id: caller.and_then(|caller| caller.token_id),
            organization_id: visitor.map(|visitor| visitor.organization_id),
        });
    }
    next.run(request).await
}

async fn bounded(request: Request, next: Next, (places, notes): (&Places, &Notes)) -> Response {
    let Ok(_place) = places.all.try_acquire() else {
        return overloaded().into_response();
    };
    let seconds = match carries_file(&request) {
        true => UPLOAD_SECONDS,
        false => SECONDS,
    };
    let (request, arrival) = Arrival::of(request);
    let answering = timeout(Duration::from_secs(seconds), next.run(request));
    let answered = match &arrival {
        None => answering.await,
        Some(arrival) => tokio::select! {
            answered = answering => answered,
            error = places.hurry(arrival, notes) => {
                let mut response = error.into_response();
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
                return response;
            }
        },
    };
    answered.unwrap_or_else(|_| {
        let message = "This took too long; please try again.";
        Error::new(Kind::Unavailable, "timeout", message).into_response()
    })
}

fn carries_file(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"))
}

/// One line, and the figures. The path is told by its route: what stands in it is somebody's.
fn tell((method, status): (&Method, u16), noted: Option<&Noted>, id: &HeaderValue, took: Duration) {
    let route = noted.and_then(|noted| noted.route.as_ref());
    let route = route.map_or("unmatched", MatchedPath::as_str);
    let method = word(method);
    let text_of = |id: Option<Uuid>| id.map(|id| id.to_string());
    let actor_id = text_of(noted.and_then(|noted| noted.actor_id));
    let token_id = text_of(noted.and_then(|noted| noted.token_id));
    let organization_id = text_of(noted.and_then(|noted| noted.organization_id));
    tracing::info!(
        target: "seatbook::requests",
        request_id = text(id),
        method,
        route,
        status,
        duration_ms = (took.as_secs_f64() * 1_000_000.0).round() / 1_000.0,
        actor_id,
        token_id,
        organization_id,
        "answered"
    );
    let route = route.to_owned();
    let class = match status / 100 {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "1xx",
    };
    metrics::histogram!("seatbook_request_seconds", "route" => route.clone()).record(took);
    metrics::counter!("seatbook_requests_total", "method" => method, "route" => route, "status" => class)
        .increment(1);
}

/// Anybody may make up a method.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

fn text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}
