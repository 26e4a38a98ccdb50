//! A SELECT that grows its WHERE while its filters are read.

use crate::Param;

/// A statement under construction: conditions are joined by AND, values keep their order.
///
/// ```
/// let (status, after) = ("active".to_string(), 7_i64);
/// let mut select = store::Select::new("SELECT id FROM license");
/// select.and("status = ?", &status).and("id > ?", &after);
/// assert_eq!(
///     select.sql(" ORDER BY id LIMIT 50"),
///     "SELECT id FROM license WHERE status = $1 AND id > $2 ORDER BY id LIMIT 50"
/// );
/// ```
pub struct Select<'a> {
    head: String,
    conditions: String,
    params: Vec<&'a dyn Param>,
}

impl<'a> Select<'a> {
    /// Starts from the text before WHERE.
    pub fn new(head: impl Into<String>) -> Self {
        Select {
            head: head.into(),
            conditions: String::new(),
            params: Vec::new(),
        }
    }

    /// Adds a condition with one value, written `?` wherever it stands. A condition that turns out not to
    /// need it carries none: PostgreSQL refuses a value that stands nowhere.
    pub fn and(&mut self, condition: &str, value: &'a dyn Param) -> &mut Self {
        if !condition.contains('?') {
            return self.and_raw(condition);
        }
        self.params.push(value);
        let placed = condition.replace('?', &format!("${}", self.params.len()));
        self.and_raw(&placed)
    }

    /// Adds a condition that carries no value.
    pub fn and_raw(&mut self, condition: &str) -> &mut Self {
        self.conditions += if self.conditions.is_empty() {
            " WHERE "
        } else {
            " AND "
        };
        self.conditions += condition;
        self
    }

    /// Adds a condition with several values, each `?` taking the next.
    pub fn and_all(&mut self, condition: &str, values: &[&'a dyn Param]) -> &mut Self {
        let mut placed = String::with_capacity(condition.len() + 8);
        let mut values = values.iter();
        for character in condition.chars() {
            match (character, values.size_hint().0) {
                ('?', 1..) => {
                    self.params.extend(values.next());
                    placed += &format!("${}", self.params.len());
                }
                _ => placed.push(character),
            }
        }
        self.and_raw(&placed)
    }

    /// Binds a value outside the conditions and gives its place, such as `$4`.
    pub fn bind(&mut self, value: &'a dyn Param) -> String {
        self.params.push(value);
        format!("${}", self.params.len())
    }

    /// The whole text, ending in `tail`.
    pub fn sql(&self, tail: &str) -> String {
        format!("{}{}{tail}", self.head, self.conditions)
    }

    /// The values, in the order of their places.
    pub fn params(&self) -> &[&'a dyn Param] {
        &self.params
    }
}

/// Rows of places for a multi-row INSERT: `placeholders(2, 3)` is `($1, $2, $3), ($4, $5, $6)`.
pub fn placeholders(rows: usize, columns: usize) -> String {
    let mut text = String::with_capacity(rows * columns * 5);
    for row in 0..rows {
        text += if row == 0 { "(" } else { ", (" };
        for column in 0..columns {
            text += if column == 0 { "$" } else { ", $" };
            text += &(row * columns + column + 1).to_string();
        }
        text.push(')');
    }
    text
}

/// Rows in one INSERT.
const PORTIONS: [usize; 3] = [64, 8, 1];

/// The INSERTs of many rows, each with its values: `{head} VALUES ($1, $2), … {tail}`. A text of 500 rows takes
/// PostgreSQL longer to read than to run, so the texts are few and prepared once, whatever the number of rows.
pub fn inserts<'p, 'v>(
    (head, tail): (&str, &str),
    width: usize,
    mut params: &'p [&'v dyn Param],
) -> Vec<(String, &'p [&'v dyn Param])> {
    let mut statements = Vec::new();
    for rows in PORTIONS {
        let text = format!("{head} VALUES {} {tail}", placeholders(rows, width));
        while let Some((portion, rest)) = params.split_at_checked(rows * width) {
            statements.push((text.clone(), portion));
            params = rest;
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_take_their_places_in_order() {
        let (a, b, c, d) = (1_i64, 2_i64, 3_i64, 4_i64);
        let mut select = Select::new("SELECT 1 FROM t");
        select
            .and("a = ?", &a)
            .and_all("(b, c) > (?, ?)", &[&b, &c])
            .and_raw("e");
        let limit = select.bind(&d);
        assert_eq!(
            select.sql(&format!(" LIMIT {limit}")),
            "SELECT 1 FROM t WHERE a = $1 AND (b, c) > ($2, $3) AND e LIMIT $4"
        );
        assert_eq!(select.params().len(), 4);
    }

    #[test]
    fn many_rows_are_few_texts() {
        let values = [7_i64; 2 * 150];
        let params: Vec<&dyn Param> = values.iter().map(|value| value as &dyn Param).collect();
        let statements = inserts(
            ("INSERT INTO t (a, b)", "ON CONFLICT DO NOTHING"),
            2,
            &params,
        );
        let rows: Vec<usize> = statements
            .iter()
            .map(|(_, params)| params.len() / 2)
            .collect();
        assert_eq!(rows, [64, 64, 8, 8, 1, 1, 1, 1, 1, 1]);
        assert_eq!(
            statements[9].0,
            "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        );
        assert!(inserts(("", ""), 2, &[]).is_empty());
    }

    #[test]
    fn placeholders_count_across_rows() {
        assert_eq!(placeholders(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
