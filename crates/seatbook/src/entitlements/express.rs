//! The short way of the check, past the layers that all other requests go through.
//!
//! Products ask at each start of a program, so this one question is asked more often than all others together. Where
//! the caller is remembered, everything is named by its id and the answer is yes, nothing of what the layers do would
//! change it. Whatever is not as simple takes the usual way, from its beginning: nothing is refused here.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, HttpBody},
    extract::Request,
    http::{HeaderName, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use tower::{Service, ServiceExt};
use uuid::Uuid;

use super::{api, check::Bound, queries, recall::Recall};
use crate::{
    access::Doorkeeper,
    api::{REQUEST_ID, request_id},
    app::App,
};

/// Where the check is.
const PATH: &str = "/api/v1/entitlements/check";
/// Whoever waits longer for the database waits on the usual way, where the limits of all requests hold.
const PATIENCE: Duration = Duration::from_secs(2);

/// Answers the usual check itself, and hands everything else on.
pub struct Express<S>(Arc<Ways<S>>);

struct Ways<S> {
    app: App,
    keeper: Doorkeeper,
    headers: Vec<(HeaderName, HeaderValue)>,
    recall: Recall,
    answered: metrics::Counter,
    usual: S,
}

impl<S> Express<S> {
    /// In front of `usual`. The headers are those that it gives to every answer.
    pub fn new(
        (app, keeper): (App, Doorkeeper),
        headers: Vec<(HeaderName, HeaderValue)>,
        usual: S,
    ) -> Self {
        Express(Arc::new(Ways {
            app,
            keeper,
            headers,
            recall: Recall::default(),
            answered: metrics::counter!("seatbook_checks_total"),
            usual,
        }))
    }
}

impl<S> Clone for Express<S> {
    fn clone(&self) -> Self {
        Express(Arc::clone(&self.0))
    }
}

impl<S> Service<Request> for Express<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Some(ids) = self.0.question(&request) else {
            return Box::pin(self.0.usual.clone().oneshot(request));
        };
        let (ways, id) = (Arc::clone(&self.0), request_id(request.headers()));
        Box::pin(async move {
            match ways.answer(ids, id).await {
                Some(response) => Ok(response),
                None => ways.usual.clone().oneshot(request).await,
            }
        })
    }
}

impl<S> Ways<S> {
    /// The ids of the usual question, by somebody remembered who may ask it.
    fn question(&self, request: &Request) -> Option<[Uuid; 3]> {
        if request.uri().path() != PATH || *request.method() != Method::GET {
            return None;
        }
        if !request.body().is_end_stream() {
            return None;
        }
        let named = names(request.uri().query()?)?;
        self.keeper.remembered(request.headers(), |caller| {
            queries::ids(&caller.scope, named)
        })?
    }

    /// The units that answer, from memory where the book is as it was.
    async fn bound(&self, ids: [Uuid; 3]) -> Option<Arc<[Bound]>> {
        let Some(commits) = self.app.gate.db().commits() else {
            return Some(api::bound(&self.app, ids).await.ok()?.into());
        };
        if let Some(found) = self.recall.find(&ids, commits) {
            return Some(found);
        }
        let found: Arc<[Bound]> = api::bound(&self.app, ids).await.ok()?.into();
        self.recall.keep(ids, commits, Arc::clone(&found));
        Some(found)
    }

    async fn answer(&self, ids: [Uuid; 3], request_id: HeaderValue) -> Option<Response> {
        let asked = tokio::time::timeout(PATIENCE, self.bound(ids));
        let answer = api::yes(&asked.await.ok()??, self.app.gate.now())?;
        let text = serde_json::to_vec(&answer).ok()?;
        api::remember(&self.app, std::slice::from_ref(&answer));
        let mut response = Body::from(text).into_response();
        let headers = response.headers_mut();
        headers.reserve(self.headers.len() + 3);
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        // Too short to be worth packing; the usual way would.
        let packing = HeaderValue::from_static("accept-encoding");
        headers.insert(header::VARY, packing);
        headers.insert(REQUEST_ID, request_id);
        self.answered.increment(1);
        Some(response)
    }
}

/// What the three parameters name, where there are these three and no others.
fn names(query: &str) -> Option<[&str; 3]> {
    let mut named = [None; 3];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=')?;
        let place = ["organization", "holder", "product"]
            .iter()
            .position(|it| *it == name)?;
        if named[place].replace(value).is_some() {
            return None;
        }
    }
    Some([named[0]?, named[1]?, named[2]?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_question_is_short() {
        assert_eq!(
            names("holder=h&organization=o&product=p"),
            Some(["o", "h", "p"])
        );
        for other in [
            "",
            "organization=o&holder=h",
            "organization=o&holder=h&product=p&product=q",
            "organization=o&holder=h&product=p&units=1",
            "organization=o&holder&product=p",
        ] {
            assert_eq!(names(other), None, "{other}");
        }
    }
}
