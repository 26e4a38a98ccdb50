//! Rows of a file, and what is said about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use store::{FromRow, Json, Row};
use utoipa::ToSchema;

/// Which field is read from which column, counted from zero.
pub type Mapping = BTreeMap<String, usize>;

/// A row as it was staged.
#[derive(Clone, Debug)]
pub struct Staged {
    /// Its place in the file; the heading is 1.
    pub number: i64,
    /// Its cells as they were written.
    pub cells: Vec<String>,
}

impl FromRow for Staged {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Staged {
            number: row.get(0)?,
            cells: cells(&row.get(1)?),
        })
    }
}

/// What becomes of a row.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The book says the same already.
    Same,
    /// It changes something.
    Update,
    /// It adds something.
    Create,
    /// It cannot be used.
    Bad,
}

impl Outcome {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Outcome::Same => "same",
            Outcome::Update => "update",
            Outcome::Create => "create",
            Outcome::Bad => "bad",
        }
    }

    /// The outcome a word names.
    pub fn parse(word: &str) -> Option<Outcome> {
        let all = [
            Outcome::Same,
            Outcome::Update,
            Outcome::Create,
            Outcome::Bad,
        ];
        all.into_iter().find(|outcome| outcome.as_str() == word)
    }
}

/// What is wrong with a cell, or was done to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Remark {
    /// The heading of the column; absent where it is about the whole row.
    pub column: Option<String>,
    /// Stable code, such as `required`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// Whether the row cannot be used because of it; else it only says what was done.
    pub error: bool,
}

/// What is odd about the file, and what was done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Oddity {
    /// Stable code, such as `rows.repeated`.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// The rows it is about; the heading is row 1.
    pub rows: Vec<i64>,
}

fn cells(json: &Json) -> Vec<String> {
    let cells = json.0.as_array().map(Vec::as_slice).unwrap_or_default();
    cells
        .iter()
        .map(|cell| cell.as_str().unwrap_or_default().to_owned())
        .collect()
}
