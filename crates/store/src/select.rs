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
    fn placeholders_count_across_rows() {
        assert_eq!(placeholders(2, 3), "($1, $2, $3), ($4, $5, $6)");
    }
}
