//! The cells of a row by the names of their fields, and what every kind says of them.

use super::{
    kinds::Sheet,
    model::{Mapping, Oddity, Remark, Staged},
};
use crate::files;

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
}

/// Says of every row in which mapped cells spaces were removed, and of the file how often.
pub fn note_spaces(sheet: &mut Sheet, rows: &[Staged], mapping: &Mapping, headings: &[String]) {
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
pub fn note_widths(sheet: &mut Sheet, rows: &[Staged], columns: usize) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_told_in_runs() {
        assert_eq!(ranges(&[2, 3, 4, 9, 11, 12]), "2–4, 9, 11–12");
        let many: Vec<i64> = (0..100).map(|n| n * 2).collect();
        assert!(ranges(&many).ends_with("58 and 70 more"));
    }
}
