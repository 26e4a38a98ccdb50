//! What is read from an address.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{
    error::{Error, Kind, Result},
    gate::Caller,
};

/// The id in a path. One that is no id answers like one that is not there.
#[derive(Clone, Copy, Debug)]
pub struct Id(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let Path(id) = Path::<Uuid>::from_request_parts(parts, state)
            .await
            .map_err(|_| Error::not_found())?;
        Ok(Id(id))
    }
}

/// The parameters after the question mark. Unknown ones are refused, so that a misspelt filter is not
/// an unfiltered list.
#[derive(Clone, Debug)]
pub struct Params<T>(pub T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_pairs(query));
        serde_path_to_error::deserialize(reader)
            .map(Params)
            .map_err(|error| {
                let message = error.inner().to_string();
                let field = match error.path().to_string() {
                    path if path == "." => unknown_field(&message).unwrap_or("query").to_owned(),
                    path => path,
                };
                Error::invalid(field, "parameter.invalid", message)
            })
    }
}

fn form_pairs(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// The name serde gives in "unknown field `x`, expected …".
pub(super) fn unknown_field(message: &str) -> Option<&str> {
    message
        .strip_prefix("unknown field `")
        .or_else(|| message.strip_prefix("missing field `"))?
        .split('`')
        .next()
}

/// The caller whom the sign-in layer recognised; 401 where it recognised nobody.
impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(|| {
            let message = "Sign in, or send an API token as `Authorization: Bearer sb_…`.";
            Error::new(Kind::Unauthenticated, "unauthenticated", message)
        })
    }
}
