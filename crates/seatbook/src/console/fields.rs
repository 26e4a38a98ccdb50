//! Form fields: label, value, what is wrong with it, and how to read rows of fields back.

use std::collections::BTreeMap;

use crate::error::Error;

/// One field of a form.
#[derive(Clone, Debug, Default)]
pub struct Field {
    /// Its name in the form.
    pub name: String,
    /// What people read.
    pub label: String,
    /// `text`, `email`, `password`, `number`, `date`, `url`, `search`, `textarea`, `select`, `checkbox`, `static`, or `heading`
    /// of the fields that follow.
    pub kind: &'static str,
    /// What is in it.
    pub value: String,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What helps to fill it.
    pub hint: String,
    /// Whether it must be filled.
    pub required: bool,
    /// The browser's `autocomplete`.
    pub autocomplete: &'static str,
    /// Lowest number or date.
    pub min: String,
    /// Highest number or date.
    pub max: String,
    /// What a select offers.
    pub choices: Vec<Choice>,
    /// Where a select with many choices asks for more: `GET <source>?q=`.
    pub source: String,
}

/// One choice of a select.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What people read.
    pub label: String,
}

impl Field {
    /// A field of a kind.
    pub fn new(kind: &'static str, name: &str, label: &str) -> Self {
        Self {
            kind,
            name: name.into(),
            label: label.into(),
            ..Self::default()
        }
    }

    /// Says what the fields that follow are about.
    pub fn heading(label: &str) -> Self {
        Self::new("heading", "", label)
    }

    /// A line of text.
    pub fn text(name: &str, label: &str) -> Self {
        Self::new("text", name, label)
    }

    /// One of several; `choices` are (value, label).
    pub fn select(name: &str, label: &str, choices: &[(&str, &str)]) -> Self {
        let choices = choices
            .iter()
            .map(|&(value, label)| Choice {
                value: value.into(),
                label: label.into(),
            })
            .collect();
        Self {
            choices,
            ..Self::new("select", name, label)
        }
    }

    /// Fills it.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            ..self
        }
    }

    /// Says what helps.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: hint.into(),
            ..self
        }
    }

    /// Says what is wrong.
    pub fn error(self, error: impl Into<String>) -> Self {
        Self {
            error: Some(error.into()),
            ..self
        }
    }

    /// Makes it a must.
    pub fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    /// Tells the browser what belongs here.
    pub fn autocomplete(self, autocomplete: &'static str) -> Self {
        Self {
            autocomplete,
            ..self
        }
    }

    /// Bounds a number or a date; an empty bound is none.
    pub fn between(self, min: impl Into<String>, max: impl Into<String>) -> Self {
        Self {
            min: min.into(),
            max: max.into(),
            ..self
        }
    }

    /// Makes a select searchable on the server.
    pub fn source(self, source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            ..self
        }
    }

    /// The element's id.
    pub fn id(&self) -> String {
        format!("f-{}", self.name.replace('.', "-"))
    }

    /// The ids that describe it, for `aria-describedby`.
    pub fn described_by(&self) -> String {
        let id = self.id();
        match (self.error.is_some(), self.hint.is_empty()) {
            (true, false) => format!("{id}-error {id}-hint"),
            (true, true) => format!("{id}-error"),
            (false, false) => format!("{id}-hint"),
            (false, true) => String::new(),
        }
    }

    /// Whether a checkbox is set.
    pub fn checked(&self) -> bool {
        matches!(self.value.as_str(), "on" | "true" | "1")
    }
}

/// The fields with what was typed into them, and what is wrong with it.
pub fn filled(
    fields: Vec<Field>,
    given: &[(String, String)],
    refused: Option<&Error>,
) -> Vec<Field> {
    let with = |mut field: Field| {
        if let Some((_, typed)) = given.iter().find(|(name, _)| *name == field.name) {
            field.value.clone_from(typed);
        }
        let wrong = refused.and_then(|error| error.fields.iter().find(|it| it.field == field.name));
        field.error = wrong.map(|wrong| wrong.message.clone());
        field
    };
    fields.into_iter().map(with).collect()
}

/// What belongs above a form that was refused: whatever no field of it says.
pub fn above(fields: &[Field], refused: Option<&Error>) -> Option<String> {
    let error = refused?;
    let said = |name: &str| fields.iter().any(|field| field.name == name);
    let left: Vec<&str> = error
        .fields
        .iter()
        .filter(|wrong| !said(&wrong.field))
        .map(|wrong| wrong.message.as_str())
        .collect();
    match (error.fields.is_empty(), left.is_empty()) {
        (true, _) => Some(error.message.clone()),
        (false, true) => None,
        (false, false) => Some(left.join(" ")),
    }
}

/// The rows of a form whose fields are named `field.key`, in the order of their `row` fields.
pub fn rows(pairs: &[(String, String)]) -> Vec<(String, BTreeMap<&str, &str>)> {
    let mut by_key: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (name, value) in pairs {
        if let Some((field, key)) = name.split_once('.') {
            by_key.entry(key).or_default().insert(field, value.as_str());
        }
    }
    pairs
        .iter()
        .filter(|(name, _)| name == "row")
        .map(|(_, key)| (key.clone(), by_key.remove(key.as_str()).unwrap_or_default()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order() {
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let sent = [
            pair("row", "b"),
            pair("quantity.b", "20"),
            pair("seen.b", "10"),
            pair("row", "a"),
            pair("quantity.a", "5"),
        ];
        let read = rows(&sent);
        assert_eq!(read[0].0, "b");
        assert_eq!(read[0].1["seen"], "10");
        assert_eq!(read[1].1.get("quantity"), Some(&"5"));
    }

    #[test]
    fn a_field_names_what_describes_it() {
        let field = Field::text("name", "Name")
            .hint("As on the invoice")
            .error("Give a name.");
        assert_eq!(field.described_by(), "f-name-error f-name-hint");
    }
}
