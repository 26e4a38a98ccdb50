//! The one error of the house: a closed kind, a stable code, a sentence for a person, fields, facts.
//!
//! Owns: what every refusal looks like, in JSON and on a page. Does not own: the codes; each is born
//! next to the verb that raises it.
//! Keeps true: nothing of the source is ever sent; a refusal (4xx) is an answer, a failure (5xx) is not.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A result of the house.
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of answer an error is; each is one HTTP status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 400: not readable at all.
    Malformed,
    /// 401: nobody known.
    Unauthenticated,
    /// 403: visible, but not permitted.
    Forbidden,
    /// 404: not there, or not visible; the two look the same.
    NotFound,
    /// 405: this address does not take that method.
    NotAllowed,
    /// 408: the request came too slowly.
    Slow,
    /// 409: a rule refuses.
    Conflict,
    /// 412: somebody changed it since it was read.
    Stale,
    /// 413: too large.
    TooLarge,
    /// 415: a type this place does not read.
    Unsupported,
    /// 422: a field is wrong; `fields` says which.
    Invalid,
    /// 429: too often.
    TooMany,
    /// 500: our fault.
    Internal,
    /// 503: not now; asking again is safe.
    Unavailable,
}

impl Kind {
    /// Its HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Kind::Malformed => 400,
            Kind::Unauthenticated => 401,
            Kind::Forbidden => 403,
            Kind::NotFound => 404,
            Kind::NotAllowed => 405,
            Kind::Slow => 408,
            Kind::Conflict => 409,
            Kind::Stale => 412,
            Kind::TooLarge => 413,
            Kind::Unsupported => 415,
            Kind::Invalid => 422,
            Kind::TooMany => 429,
            Kind::Internal => 500,
            Kind::Unavailable => 503,
        }
    }

    /// Its short title, the same for every error of the kind (RFC 9457, section 3.1.3).
    pub fn title(self) -> &'static str {
        match self {
            Kind::Malformed => "The request cannot be read",
            Kind::Unauthenticated => "Please sign in",
            Kind::Forbidden => "Not permitted",
            Kind::NotFound => "Not found",
            Kind::NotAllowed => "Method not allowed",
            Kind::Slow => "Too slow",
            Kind::Conflict => "Not possible as things are",
            Kind::Stale => "Changed in the meantime",
            Kind::TooLarge => "Too large",
            Kind::Unsupported => "Unsupported type",
            Kind::Invalid => "Some fields need attention",
            Kind::TooMany => "Too many requests",
            Kind::Internal => "Something went wrong on our side",
            Kind::Unavailable => "Not available at the moment",
        }
    }
}

/// What is wrong with one field, or one row and column of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field's name in the request, such as `quantity` or `rows[2].quantity`.
    pub field: String,
    /// Stable code, such as `required`.
    pub code: Cow<'static, str>,
    /// A sentence for a person.
    pub message: String,
}

/// Why something was not done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Error {
    /// Its kind, and by it the status.
    pub kind: Kind,
    /// Stable: what clients match on, such as `pool.exhausted`.
    pub code: Cow<'static, str>,
    /// A sentence a person can act on.
    pub message: String,
    /// Per field, for forms and JSON alike.
    pub fields: Vec<FieldError>,
    /// Numbers and ids a program can act on, such as `free`.
    pub facts: Box<Map<String, Value>>,
    /// The cause: logged once at the edge, never sent.
    #[serde(skip)]
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// What it says in one line, whichever fields it is about.
    pub fn in_a_line(&self) -> String {
        match self.fields.as_slice() {
            [] => self.message.clone(),
            fields => {
                let messages: Vec<&str> = fields.iter().map(|it| it.message.as_str()).collect();
                messages.join(" ")
            }
        }
    }

    /// An error of any kind.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Error {
            kind,
            code: code.into(),
            message: message.into(),
            fields: vec![],
            facts: Box::default(),
            source: None,
        }
    }

    /// Not there, or not visible to the caller: one answer for both, to the byte.
    pub fn not_found() -> Self {
        Error::new(
            Kind::NotFound,
            "not_found",
            "There is nothing here that you can see.",
        )
    }

    /// A rule refuses.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Error::new(Kind::Conflict, code, message)
    }

    /// One field is wrong.
    pub fn invalid(
        field: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Error::invalid_fields(vec![FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }])
    }

    /// Several fields are wrong, all named at once.
    pub fn invalid_fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [one] => one.message.clone(),
            _ => format!("{} fields need attention.", fields.len()),
        };
        Error {
            fields,
            ..Error::new(Kind::Invalid, "invalid", message)
        }
    }

    /// Our fault; `source` is logged, the caller is only told that it happened.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let message = "The error has been logged. Nothing was changed.";
        Error {
            source: Some(Arc::from(source.into())),
            ..Error::new(Kind::Internal, "internal", message)
        }
    }

    /// Adds a fact a program can act on.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// Whether it is an answer (4xx): decided by rules, the same if asked again, worth keeping.
    pub fn is_refusal(&self) -> bool {
        self.kind.status() < 500
    }

    /// The body of RFC 9457 with our `code`, `fields` and facts beside the standard members.
    pub fn problem(&self) -> Value {
        let mut body = (*self.facts).clone();
        body.insert("type".into(), json!("about:blank"));
        body.insert("title".into(), json!(self.kind.title()));
        body.insert("status".into(), json!(self.kind.status()));
        body.insert("code".into(), json!(self.code));
        body.insert("detail".into(), json!(self.message));
        if !self.fields.is_empty() {
            body.insert("fields".into(), json!(self.fields));
        }
        Value::Object(body)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.source {
            Some(source) => write!(f, " ({source})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        let unavailable =
            |code: &'static str, message: &str| Error::new(Kind::Unavailable, code, message);
        let mut known = match &error {
            store::Error::Overloaded => unavailable(
                "overloaded",
                "There is more to do than can be done; please try again.",
            ),
            store::Error::Full(_) => unavailable(
                "storage.full",
                "There is no room left for the book; nothing was changed. Please try again later.",
            ),
            store::Error::CommitUnknown => unavailable(
                "commit.unknown",
                "It is not known whether the change was kept; asking again with the same key is safe.",
            ),
            store::Error::TooSlow => unavailable(
                "preview.too_slow",
                "The preview took too long; please try again.",
            ),
            gone if gone.is_out_of_reach() => unavailable(
                "database.unavailable",
                "The database cannot be reached; nothing was changed.",
            ),
            _ => return Error::internal(error),
        };
        known.source = Some(Arc::new(error));
        known
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::internal(error)
    }
}
