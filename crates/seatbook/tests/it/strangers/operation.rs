//! The operations of the document, one by one.

use reqwest::Method;
use serde_json::Value;

use super::{
    Complaint,
    things::{PERSONAL, READS, SHARED, WORDS},
};
use crate::contract;

/// One operation of the document.
#[derive(Clone)]
pub struct Operation {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub schema: Value,
}

impl Operation {
    /// Every operation of the document.
    pub fn all(document: &Value) -> Vec<Operation> {
        let all = contract::operations(document).into_iter();
        let operation = |(path, method, schema): (String, String, &Value)| Operation {
            id: schema["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            method: method.to_uppercase().parse().expect("a method"),
            path,
            schema: schema.clone(),
        };
        all.map(operation).collect()
    }

    /// Whether it only reads: by GET, or because its question is too long for an address.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET || READS.contains(&self.id.as_str())
    }

    /// Whether everybody may read the things it is about.
    pub fn is_shared(&self) -> bool {
        self.is_about(&SHARED)
    }

    /// Whether only their owner sees the things it is about.
    pub fn is_personal(&self) -> bool {
        self.is_about(&PERSONAL)
    }

    /// Whether it can be previewed.
    pub fn has_preview(&self) -> bool {
        self.parameters().any(|it| it["name"] == "preview")
    }

    /// What stands in its path, behind the question mark and in its headers.
    pub fn parameters(&self) -> impl Iterator<Item = &Value> {
        self.schema["parameters"].as_array().into_iter().flatten()
    }

    /// The media type of its body, and what that is made of.
    pub fn body(&self) -> Option<(&str, &Value)> {
        let media = self.schema["requestBody"]["content"].as_object()?;
        let (media, body) = media.iter().next()?;
        Some((media, &body["schema"]))
    }

    /// The word in its path.
    pub fn word(&self) -> Option<&'static str> {
        let found = WORDS.iter().find(|(operation, _)| *operation == self.id);
        found.map(|(_, word)| *word)
    }

    /// Whether it is about one of such things.
    pub fn is_about(&self, segments: &[&str]) -> bool {
        let inside = self.path.strip_prefix("/api/v1/").unwrap_or_default();
        let mut inside = inside.split('/');
        inside
            .next()
            .is_some_and(|segment| segments.contains(&segment))
            && inside.next().is_some_and(|next| next.starts_with('{'))
    }

    /// A complaint about it.
    pub fn complain(&self, check: &'static str, what: impl Into<String>) -> Complaint {
        Complaint {
            operation: self.id.clone(),
            check,
            what: format!("{} {}: {}", self.method, self.path, what.into()),
        }
    }
}
