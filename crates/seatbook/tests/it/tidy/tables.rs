//! Rules about tables: a migration says whose a table is, and only that room writes it.

use std::collections::BTreeMap;

use super::{
    Complaint,
    house::House,
    sql::{statements, words},
};

const MIGRATIONS: &str = "crates/seatbook/migrations/";

/// A room may join the tables of rooms above it; it writes its own.
pub fn foreign_writes(house: &House) -> Vec<Complaint> {
    let (owners, mut found) = owners(house);
    if owners.is_empty() {
        return found;
    }
    for file in house.business() {
        let room = file.room().unwrap_or("main.rs");
        for (line, sql) in statements(file) {
            for table in written(&sql) {
                let what = match owners.get(&table) {
                    Some(owner) if owner == room => continue,
                    Some(owner) => format!(
                        "`{room}` writes table {table} of `{owner}`: call a function of that room"
                    ),
                    None => format!(
                        "`{room}` writes {table}, a table that no migration of this house makes"
                    ),
                };
                found.push(file.complain("tables", line, what));
            }
        }
    }
    found
}

/// Table by table the room that owns it, and what the migrations forgot to say.
fn owners(house: &House) -> (BTreeMap<String, String>, Vec<Complaint>) {
    let order = house.order();
    let (mut owners, mut found) = (BTreeMap::new(), Vec::new());
    let migrations = house
        .files
        .iter()
        .filter(|file| file.path.starts_with(MIGRATIONS));
    for file in migrations.filter(|file| file.path.ends_with(".sql")) {
        let mut room = "";
        for (number, line) in file.text.lines().enumerate() {
            if let Some(name) = line.trim().strip_prefix("-- room:") {
                room = name.trim();
                if !order.contains(&room) {
                    let what = format!("`{room}` is not a room of lib.rs");
                    found.push(file.complain("tables", number + 1, what));
                }
            }
            let Some(table) = made(line) else { continue };
            if room.is_empty() {
                let what = format!("table {table} is nobody's: put `-- room: NAME` above it");
                found.push(file.complain("tables", number + 1, what));
            }
            owners.insert(table, room.to_owned());
        }
    }
    (owners, found)
}

/// The table of a line with CREATE TABLE or RENAME TO, in small letters.
fn made(line: &str) -> Option<String> {
    let code = line.split("--").next()?;
    let words: Vec<String> = words(&code.to_lowercase());
    let at = |word: &str| words.iter().position(|it| it == word);
    let name = match (at("create"), at("table"), at("rename")) {
        (Some(0), Some(table), _) => {
            let rest = words[table + 1..].iter();
            let skipped = ["if", "not", "exists", "\""];
            rest.into_iter()
                .find(|word| !skipped.contains(&word.as_str()))?
        }
        // The store makes `noun_search_text` to write to, behind the relation that is searched.
        (Some(0), None, _) if words.get(1)? == "search" => {
            return Some(format!("{}_text", words.get(2)?));
        }
        (_, _, Some(rename)) if words.get(rename + 1)? == "to" => words.get(rename + 2)?,
        _ => return None,
    };
    Some(name.clone())
}

/// The tables that a statement changes.
fn written(sql: &str) -> Vec<String> {
    let mut words = words(&sql.to_lowercase());
    words.retain(|word| word != "\"");
    let at = |index: usize| words.get(index).map_or("", String::as_str);
    let mut tables = Vec::new();
    for index in 0..words.len() {
        let table = match (at(index), at(index + 1)) {
            ("insert", "into") | ("delete", "from") => at(index + 2),
            ("update", table) if table != "set" => {
                let sets = (2..=4).any(|step| at(index + step) == "set");
                if sets { table } else { continue }
            }
            _ => continue,
        };
        tables.push(if table == "{" {
            "{…}".to_owned()
        } else {
            table.to_owned()
        });
    }
    tables
}
