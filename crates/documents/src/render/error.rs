//! Why there is no page, for the person who can change that.

use std::{any::Any, fmt};

use serde::{Deserialize, Serialize};
use typst::{
    diag::SourceDiagnostic,
    syntax::{DiagSpan, DiagSpanKind, Source},
};

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RenderError {
    /// Something of the brand is not what it should be.
    Brand(String),
    /// The logo cannot be shown.
    Logo(String),
    /// A font of the brand is none.
    Font {
        /// Which of them, from 0.
        index: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The template cannot be set as it is.
    Template {
        /// The line of the template, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong there, and what might help.
        message: String,
    },
    /// What the typesetter made is not what we know it to make: a fault of ours.
    Unexpected(String),
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Brand(message) | Self::Unexpected(message) => f.write_str(message),
            Self::Logo(message) => write!(f, "The logo cannot be shown: {message}"),
            Self::Font { index, message } => write!(f, "Font file {}: {message}", index + 1),
            Self::Template {
                line: Some(line),
                message,
            } => {
                write!(f, "The template, line {line}: {message}")
            }
            Self::Template {
                line: None,
                message,
            } => write!(f, "The template: {message}"),
        }
    }
}

impl std::error::Error for RenderError {}

impl RenderError {
    /// The first thing that the typesetter complains of; others are often consequences.
    pub(super) fn from_typst(template: &Source, errors: &[SourceDiagnostic]) -> Self {
        let Some(error) = errors.first() else {
            return Self::Unexpected("The typesetter failed without a word.".to_owned());
        };
        // An error in what the template was given, or in a function, is shown where the template asked for it.
        let calls = error.trace.iter().map(|call| DiagSpan::from(call.span));
        let mut spans = [error.span].into_iter().chain(calls);
        let line = spans.find_map(|span| line(template, span));
        let hints = error.hints.iter().map(|hint| hint.v.as_str());
        Self::Template {
            line,
            message: sentence(&error.message, hints),
        }
    }

    /// What cannot even be read of a template.
    pub(super) fn in_syntax(template: &Source) -> Result<(), Self> {
        let (errors, _) = template.root().errors_and_warnings();
        let Some(error) = errors.first() else {
            return Ok(());
        };
        let hints = error.hints.iter().map(|hint| hint.v.as_str());
        Err(Self::Template {
            line: line(template, error.span),
            message: sentence(&error.message, hints),
        })
    }

    /// What became of trying a logo by a template of its own.
    pub(super) fn of_logo(self) -> Self {
        match self {
            Self::Template { message, .. } => Self::Logo(message),
            other => other,
        }
    }

    /// The typesetter's own last words.
    pub(super) fn panic(cause: &(dyn Any + Send)) -> Self {
        let words = cause
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| cause.downcast_ref::<&str>().copied())
            .unwrap_or("no reason given");
        let message = format!("The typesetter gave up: {words}");
        Self::Template {
            line: None,
            message,
        }
    }
}

/// The line of the template, if the span is in it.
fn line(template: &Source, span: DiagSpan) -> Option<usize> {
    let begin = match span.get() {
        DiagSpanKind::Number { id, num, sub_range } if id == template.id() => {
            template.range(num, sub_range)?.start
        }
        DiagSpanKind::Range { id, range } if id == template.id() => range.start,
        _ => return None,
    };
    Some(template.lines().byte_to_line(begin)? + 1)
}

fn sentence<'a>(message: &str, hints: impl Iterator<Item = &'a str>) -> String {
    let mut text = message.to_owned();
    for hint in hints {
        text.push_str("; ");
        text.push_str(hint);
    }
    text
}
