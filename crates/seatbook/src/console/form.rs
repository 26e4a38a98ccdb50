//! A posted form: its fields in order, and the key that makes sending it twice one request.

use std::str::FromStr;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
};

use super::frame::Refused;
use crate::{
    api::{pair_with_zero_byte, zero_byte},
    error::{Error, Kind, Result},
    gate::Key,
    secrets::random_text,
};

/// The hidden field that every form of ours carries.
pub const KEY_FIELD: &str = "idempotency_key";

/// A fresh value for [`KEY_FIELD`].
pub fn new_key() -> String {
    random_text(16).unwrap_or_default()
}

/// The parameters of an address, as often as they were sent.
pub fn pairs(query: Option<&str>) -> Vec<(String, String)> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// The value of one parameter; empty where it was not sent.
pub fn value<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(found, _)| found == name)
        .map_or("", |(_, value)| value.as_str())
}

/// The fields of a posted form.
#[derive(Debug)]
pub struct Form {
    /// Names and values, as often as they were sent.
    pub pairs: Vec<(String, String)>,
    /// What makes sending it twice one request.
    pub key: Key,
}

impl Form {
    /// The trimmed value of a field; empty where it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(found, _)| found == name)
            .map_or("", |(_, value)| value.trim())
    }

    /// A value exactly as it was typed: passwords.
    pub fn raw(&self, name: &str) -> &str {
        self.pairs
            .iter()
            .find(|(found, _)| found == name)
            .map_or("", |(_, value)| value)
    }

    /// Every value of a field that may be sent several times.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// The field read as a number, id or date; nothing where it is empty, named where it cannot be read.
    pub fn parse<T: FromStr>(&self, name: &str, what: &str) -> Result<Option<T>> {
        let text = self.text(name);
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || Error::invalid(name, "field.invalid", format!("“{text}” is not {what}."));
        text.parse().map(Some).map_err(|_| wrong())
    }

    /// Like [`Form::parse`], for a field that must be filled.
    pub fn need<T: FromStr>(&self, name: &str, what: &str) -> Result<T> {
        self.parse(name, what)?
            .ok_or_else(|| Error::invalid(name, "required", format!("Please give {what}.")))
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> std::result::Result<Self, Refused> {
        let path = request.uri().path().to_owned();
        let bytes = Bytes::from_request(request, state).await.map_err(|_| {
            Error::new(
                Kind::TooLarge,
                "body.too_large",
                "The form is larger than it may be.",
            )
        })?;
        let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
        let texts = pairs.iter().map(|(name, value)| (&**name, &**value));
        if let Some(name) = pair_with_zero_byte(texts) {
            return Err(zero_byte(name).into());
        }
        let key = match pairs
            .iter()
            .find(|(name, value)| name == KEY_FIELD && !value.is_empty())
        {
            Some((_, word)) => Key::given(word, &[path.as_bytes(), &bytes])?,
            None => Key::mint()?,
        };
        Ok(Form { pairs, key })
    }
}
