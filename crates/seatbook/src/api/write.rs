//! A write as it arrives: body, key, preview, expected version.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use serde::de::DeserializeOwned;

use super::{
    Answer,
    extract::unknown_field,
    legible::{with_zero_byte, zero_byte},
};
use crate::{
    app::App,
    error::{Error, Kind, Result},
    gate::{Caller, Command, Key},
};

/// A write: `Write<LicenseIn>`, or `Write<()>` where there is no body.
#[derive(Debug)]
pub struct Write<T> {
    /// Who asks.
    pub caller: Caller,
    /// The body.
    pub body: T,
    key: Key,
    preview: bool,
    if_match: Option<i64>,
}

impl<T> Write<T> {
    /// Submits the command, or previews it where `?preview=true` asks for that.
    pub async fn submit<C: Command>(self, app: &App, command: C) -> Result<Answer<C::Outcome>> {
        if self.preview {
            let preview = app.gate.preview(&self.caller, command).await?;
            return Ok(Answer::preview(preview.outcome, preview.queued));
        }
        let done = app.gate.submit(&self.caller, self.key, command).await?;
        Ok(Answer {
            outcome: done.outcome,
            journal_id: Some(done.journal_id),
            replayed: done.replayed,
            queued: done.queued,
        })
    }

    /// The key of the request, for work that takes several commands.
    pub fn into_key(self) -> Key {
        self.key
    }

    /// The version `If-Match` names; without it the write takes whatever version there is.
    pub fn if_match(&self) -> Option<i64> {
        self.if_match
    }

    /// Whether only a preview is asked for.
    pub fn is_preview(&self) -> bool {
        self.preview
    }
}

impl<S: Send + Sync, T: DeserializeOwned + 'static> FromRequest<S> for Write<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (mut parts, body) = request.into_parts();
        let caller =
            <Caller as axum::extract::FromRequestParts<S>>::from_request_parts(&mut parts, state)
                .await?;
        let preview = preview(parts.uri.query())?;
        let if_match = if_match(&parts.headers)?;
        let (headers, method, uri) = (
            parts.headers.clone(),
            parts.method.clone(),
            parts.uri.clone(),
        );
        let bytes = Bytes::from_request(Request::from_parts(parts, body), state)
            .await
            .map_err(|_| {
                Error::new(
                    Kind::TooLarge,
                    "body.too_large",
                    "The body is larger than 1 MiB or was cut off.",
                )
            })?;
        let key = match headers
            .get("idempotency-key")
            .map(|value| value.to_str().unwrap_or_default())
        {
            Some(word) => Key::given(
                word,
                &[method.as_str().as_bytes(), uri.path().as_bytes(), &bytes],
            )?,
            None => Key::mint()?,
        };
        let body = read_body(&headers, &bytes)?;
        Ok(Write {
            caller,
            body,
            key,
            preview,
            if_match,
        })
    }
}

fn preview(query: Option<&str>) -> Result<bool> {
    let mut preview = false;
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        preview = match (&*name, &*value) {
            ("preview", "true") => true,
            ("preview", "false") => false,
            ("preview", _) => {
                return Err(Error::invalid(
                    "preview",
                    "parameter.invalid",
                    "Write true or false.",
                ));
            }
            _ => {
                return Err(Error::invalid(
                    name,
                    "parameter.unknown",
                    "There is no such parameter.",
                ));
            }
        };
    }
    Ok(preview)
}

fn if_match(headers: &HeaderMap) -> Result<Option<i64>> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text.trim_matches('"').parse().ok();
    let message = "If-Match names a version as the ETag gave it, such as \"3\".";
    version
        .map(Some)
        .ok_or_else(|| Error::new(Kind::Stale, "version.stale", message))
}

fn read_body<T: DeserializeOwned + 'static>(headers: &HeaderMap, bytes: &[u8]) -> Result<T> {
    if bytes.is_empty() {
        // `()` is written as nothing, and a body that must be there is missed by its first field.
        return serde_json::from_slice(b"null").or_else(|_| parse(b"{}"));
    }
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    if essence != "application/json" {
        return Err(Error::new(
            Kind::Unsupported,
            "body.not_json",
            "Send the body as application/json.",
        ));
    }
    parse(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    if let Some(field) = with_zero_byte(bytes) {
        return Err(zero_byte(field));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let message = error.inner().to_string();
        if error.inner().is_syntax() || error.inner().is_eof() {
            return Error::new(
                Kind::Malformed,
                "body.malformed",
                format!("The body is not JSON: {message}."),
            );
        }
        let message = message
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_owned();
        let path = error.path().to_string();
        let field = match (unknown_field(&message), path.as_str()) {
            (Some(name), ".") => name.to_owned(),
            (Some(name), path) if !path.ends_with(name) => format!("{path}.{name}"),
            _ => path,
        };
        Error::invalid(field, "field.invalid", message)
    })?;
    reader.end().map_err(|_| {
        Error::new(
            Kind::Malformed,
            "body.malformed",
            "The body goes on after its JSON.",
        )
    })?;
    Ok(value)
}
