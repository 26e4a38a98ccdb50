//! Rows and cells of a file: what they are called, how they are read, what is said about them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rules::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use store::{FromRow, Json, Row};
use utoipa::ToSchema;

use super::sheet::Sheet;
use crate::files;

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
    /// It takes something away.
    Remove,
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
            Outcome::Remove => "remove",
            Outcome::Create => "create",
            Outcome::Bad => "bad",
        }
    }

    /// The outcome a word names.
    pub fn parse(word: &str) -> Option<Outcome> {
        let all = [
            Outcome::Same,
            Outcome::Update,
            Outcome::Remove,
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

impl Remark {
    /// Says what a cell that changes something takes the place of.
    pub fn changed(column: Option<String>, before: &str) -> Remark {
        Remark {
            column,
            code: CHANGED.into(),
            message: format!("{WAS}{before}"),
            error: false,
        }
    }

    /// What the cell takes the place of, where the remark says that.
    pub fn before(&self) -> Option<&str> {
        let says = self.code == CHANGED;
        self.message.strip_prefix(WAS).filter(|_| says)
    }
}

const CHANGED: &str = "cell.changed";
const WAS: &str = "Was: ";

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

/// A heading in small letters, without spaces, underscores and other signs.
pub fn forgiving(heading: &str) -> String {
    heading
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The cells of one row by the names of their fields.
pub struct Cells<'a> {
    row: &'a Staged,
    mapping: &'a Mapping,
}

impl<'a> Cells<'a> {
    /// The cells of a row.
    pub fn of(row: &'a Staged, mapping: &'a Mapping) -> Self {
        Cells { row, mapping }
    }

    /// A cell without stray spaces; nothing where it is empty or its column is not in the file.
    pub fn get(&self, field: &str) -> Option<String> {
        let cell = self.row.cells.get(*self.mapping.get(field)?)?;
        let text = rules::text::normalize_key(files::unguard(cell));
        Some(text).filter(|text| !text.is_empty())
    }

    /// The same, told apart: no words where the cell is empty, nothing where its column is not in the file.
    pub fn said(&self, field: &str) -> Option<String> {
        let in_file = self.mapping.contains_key(field);
        in_file.then(|| self.get(field).unwrap_or_default())
    }
}

/// Says of every row in which mapped cells spaces were removed, and of the file how often.
pub fn note_spaces<W>(
    sheet: &mut Sheet<W>,
    rows: &[Staged],
    mapping: &Mapping,
    headings: &[String],
) {
    let mut touched = Vec::new();
    for row in rows {
        for place in mapping.values() {
            let Some(cell) = row.cells.get(*place) else {
                continue;
            };
            let raw = files::unguard(cell);
            if rules::text::normalize_key(raw) == raw {
                continue;
            }
            touched.push(row.number);
            let column = headings.get(*place).cloned();
            let message = "Stray, double or no-break spaces were removed.".into();
            sheet.remark(
                row.number,
                Remark {
                    column,
                    code: "cells.spaces".into(),
                    message,
                    error: false,
                },
            );
        }
    }
    touched.sort_unstable();
    touched.dedup();
    if !touched.is_empty() {
        let message = format!(
            "Stray, double or no-break spaces were removed in {}: {}.",
            plural(touched.len(), "row", "rows"),
            ranges(&touched)
        );
        sheet.oddities.push(Oddity {
            code: "cells.spaces".into(),
            message,
            rows: touched,
        });
    }
}

/// Says of rows with more cells than headings that they cannot be used.
pub fn note_widths<W>(sheet: &mut Sheet<W>, rows: &[Staged], columns: usize) {
    for row in rows {
        let beyond = row.cells.iter().skip(columns);
        if beyond
            .into_iter()
            .any(|cell| !rules::text::trim(cell).is_empty())
        {
            let message = format!(
                "The row has {} cells and the heading {columns}; is a separator missing its quotation marks?",
                row.cells.len()
            );
            sheet.remark(
                row.number,
                Remark {
                    column: None,
                    code: "row.too_wide".into(),
                    message,
                    error: true,
                },
            );
        }
    }
}

/// Rows for a sentence: `29–32, 130, 163`, and how many more beyond some.
pub fn ranges(rows: &[i64]) -> String {
    const SHOWN: usize = 30;
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for row in rows {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *row => *last = *row,
            _ => runs.push((*row, *row)),
        }
    }
    let words = runs
        .iter()
        .take(SHOWN)
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            _ => format!("{first}–{last}"),
        });
    let mut text = words.collect::<Vec<_>>().join(", ");
    let rest: i64 = runs
        .iter()
        .skip(SHOWN)
        .map(|(first, last)| last - first + 1)
        .sum();
    if rest > 0 {
        text += &format!(" and {rest} more");
    }
    text
}

/// A number with its noun.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    crate::console::format::count(count, one, many)
}

/// A whole number, in groups or not: `1200`, `1 200`. A sign between digits is refused: it means a thousand
/// here and a decimal there.
pub fn units_of(text: &str) -> Option<i64> {
    let digits: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    digits.parse().ok().filter(|units| *units >= 0)
}

/// A day as `2026-01-31` or `31.01.2026`. With slashes nobody knows which is the month.
pub fn day_of(text: &str) -> Option<Date> {
    text.parse()
        .ok()
        .or_else(|| Date::strptime("%d.%m.%Y", text).ok())
}

/// An amount in minor units and its currency, with a decimal point or comma.
pub fn price_of(price: &str, currency: &str) -> Option<(i64, String)> {
    let currency: Currency = currency.to_uppercase().parse().ok()?;
    // A decimal comma, as half of the world writes it.
    let price = if price.contains('.') {
        price.to_owned()
    } else {
        price.replacen(',', ".", 1)
    };
    let money = Money::parse(&price, currency)
        .ok()
        .filter(|money| money.minor >= 0)?;
    Some((money.minor, currency.to_string()))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn rows_are_told_in_runs() {
        assert_eq!(ranges(&[2, 3, 4, 9, 11, 12]), "2–4, 9, 11–12");
        let many: Vec<i64> = (0..100).map(|n| n * 2).collect();
        assert!(ranges(&many).ends_with("58 and 70 more"));
    }

    #[test]
    fn cells_are_read_or_refused() {
        assert_eq!(
            (units_of("1 200"), units_of("1,200"), units_of("-3")),
            (Some(1_200), None, None)
        );
        assert_eq!(day_of("2026-01-31"), Some(date(2026, 1, 31)));
        assert_eq!(
            (day_of("31.01.2026"), day_of("01/02/2026")),
            (Some(date(2026, 1, 31)), None)
        );
        assert_eq!(price_of("12,5", "eur"), Some((1_250, "EUR".into())));
        assert_eq!(
            (
                price_of("-1", "EUR"),
                price_of("1.234", "EUR"),
                price_of("1", "XXX")
            ),
            (None, None, None)
        );
    }
}
