//! Answers: problems (RFC 9457), documents with their version, previews.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use uuid::Uuid;

use crate::error::{Error, Kind};

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if self.kind.status() >= 500 {
            // Logged once, here at the edge, with the cause that is never sent.
            tracing::error!(code = %self.code, error = %self, "request failed");
            metrics::counter!("seatbook_failures_total", "code" => self.code.to_string())
                .increment(1);
        }
        let status =
            StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if matches!(self.kind, Kind::TooMany | Kind::Unavailable)
            || self.facts.contains_key("retry_after")
        {
            let seconds = self
                .facts
                .get("retry_after")
                .and_then(serde_json::Value::as_u64)
                .unwrap_or(1);
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if self.kind == Kind::Unauthenticated {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// The version of a row as its ETag.
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// The answer to a write: what was done, or what would be.
#[derive(Debug)]
pub struct Answer<T> {
    /// What the command answered.
    pub outcome: T,
    /// The journal entry; none for a preview.
    pub journal_id: Option<Uuid>,
    /// The answer had been given before.
    pub replayed: bool,
    /// What it queued, or would queue, for later.
    pub queued: Vec<String>,
}

impl<T> Answer<T> {
    /// What would be answered and queued; nothing was kept.
    pub fn preview(outcome: T, queued: Vec<String>) -> Self {
        Answer {
            outcome,
            journal_id: None,
            replayed: false,
            queued,
        }
    }

    /// Turns the outcome into what is shown.
    pub fn map<U>(self, show: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            outcome: show(self.outcome),
            journal_id: self.journal_id,
            replayed: self.replayed,
            queued: self.queued,
        }
    }
}

impl<T: Serialize> Answer<T> {
    /// 200 with the document.
    pub fn ok(self) -> Response {
        self.with(StatusCode::OK, None)
    }

    /// 201 with the document and where it is from now on; a preview is 200.
    pub fn created(self, location: &str) -> Response {
        self.with(StatusCode::CREATED, Some(location))
    }

    /// 202: a job was queued.
    pub fn accepted(self, location: &str) -> Response {
        self.with(StatusCode::ACCEPTED, Some(location))
    }

    fn with(self, status: StatusCode, location: Option<&str>) -> Response {
        let preview = self.journal_id.is_none();
        let status = if preview { StatusCode::OK } else { status };
        // Whoever has just changed a thing can change it again without asking for its version.
        let document = serde_json::to_value(&self.outcome).unwrap_or_default();
        let version = document.get("version").and_then(serde_json::Value::as_i64);
        let mut response = (status, Json(self.outcome)).into_response();
        let headers = response.headers_mut();
        let mut set = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        match self.journal_id {
            Some(id) => set("seatbook-journal-id", &id.to_string()),
            None => set("seatbook-preview", "true"),
        }
        if preview && !self.queued.is_empty() {
            set("seatbook-would-queue", &self.queued.join(", "));
        }
        if let (Some(version), false) = (version, preview) {
            set("etag", &format!("\"{version}\""));
        }
        if self.replayed {
            set("idempotency-replayed", "true");
        }
        if let (Some(location), false) = (location, preview) {
            set("location", location);
        }
        response
    }
}
