//! What the trials found, for people and for programs.

use std::fs;

use serde_json::{Map, Value};

use crate::server::{self, Ground};

/// Whether these trials, and the server that was built with them, are what is shipped.
pub const fn is_release() -> bool {
    !cfg!(debug_assertions)
}

/// What was tried, and on what: a class of machine, and no name of one.
pub async fn print_machine(ground: &Ground) {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let build = if is_release() { "release" } else { "debug" };
    let system = format!("{} {}", std::env::consts::OS, std::env::consts::ARCH);
    let row = Row::new(vec![
        ("name", "machine".into()),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("build", build.into()),
        ("cores", cores.into()),
        ("memory_gib", memory_gib().into()),
        ("system", system.into()),
        ("sqlite", rusqlite::version().into()),
        ("postgres", postgres(ground).await.into()),
    ]);
    println!("{}", row.json());
}

/// As much as the kernel has, to the nearest.
fn memory_gib() -> Option<u64> {
    let told = fs::read_to_string("/proc/meminfo").ok()?;
    let line = told.lines().find(|line| line.starts_with("MemTotal"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some((kib + (1 << 19)) >> 20)
}

async fn postgres(ground: &Ground) -> Option<String> {
    let session = server::connect(&ground.postgres).await.ok()?;
    let sql = "SELECT split_part(current_setting('server_version'), ' ', 1)";
    let row = session.query_one(sql, &[]).await.ok()?;
    row.try_get(0).ok()
}

/// One line of the report: the names every line of its kind has, in their order, then what else is known.
pub struct Row(Vec<(&'static str, Value)>);

impl Row {
    pub fn new(values: Vec<(&'static str, Value)>) -> Self {
        Row(values)
    }

    /// One JSON object. Its names keep their order, which a map would sort.
    fn json(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| {
            let one = Map::from_iter([((*name).to_owned(), value.clone())]);
            let text = Value::Object(one).to_string();
            text[1..text.len() - 1].to_owned()
        });
        format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
    }
}

/// Prints the rows: an object a line, or a table with the first `columns` values and the others as words.
pub fn print(rows: &[Row], columns: usize, json: bool) {
    if json {
        rows.iter().for_each(|row| println!("{}", row.json()));
        return;
    }
    let Some(first) = rows.first() else { return };
    let heads: Vec<String> = first
        .0
        .iter()
        .take(columns)
        .map(|(name, _)| (*name).into())
        .collect();
    let cells = |row: &Row| {
        row.0
            .iter()
            .take(columns)
            .map(|(_, value)| shown(value))
            .collect()
    };
    let mut lines: Vec<Vec<String>> = vec![heads];
    lines.extend(rows.iter().map(cells));
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(String::len)
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or_default())
        .collect();
    for (number, line) in lines.iter().enumerate() {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| {
            let is_number = cell.starts_with(|c: char| c.is_ascii_digit());
            if is_number {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        let rest = number
            .checked_sub(1)
            .map(|row| rest(&rows[row], columns))
            .unwrap_or_default();
        println!("{}  {rest}", cells.collect::<Vec<_>>().join("  "));
    }
}

fn rest(row: &Row, columns: usize) -> String {
    let words = row
        .0
        .iter()
        .skip(columns)
        .map(|(name, value)| format!("{} {}", name.replace('_', " "), shown(value)));
    words.collect::<Vec<_>>().join(", ")
}

/// Large numbers without a fraction, small ones with two digits.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "–".into(),
        Value::Number(number) if number.is_f64() => {
            let number = number.as_f64().unwrap_or_default();
            if number.abs() < 100.0 {
                format!("{number:.2}")
            } else {
                format!("{number:.0}")
            }
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_order() {
        let row = Row::new(vec![
            ("name", "kill".into()),
            ("engine", "sqlite".into()),
            ("tried", 3.into()),
        ]);
        assert_eq!(row.json(), r#"{"name":"kill","engine":"sqlite","tried":3}"#);
    }
}
