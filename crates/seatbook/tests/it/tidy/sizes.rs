//! Rules about how much stands in one place.

use std::collections::BTreeMap;

use super::{
    Complaint,
    code::{self, Function},
    house::{File, House, SRC},
};

const FILE: usize = 400;
const FILE_HARD: usize = 600;
const FUNCTION: usize = 70;
const HANDLER: usize = 25;
const PARAMETERS: usize = 5;
const ROOM: usize = 12;

/// A drawer past the limit becomes a folder: `commands/issue.rs`.
pub fn files(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    let read = |file: &&File| file.path.ends_with(".rs") || file.path.ends_with(".html");
    for file in house.files.iter().filter(read) {
        let lines = file.text.lines().count();
        if lines > FILE_HARD {
            let what = format!("{lines} lines, at most {FILE_HARD} without exception: split it");
            found.push(file.complain("file-hard", lines, what));
        } else if lines > FILE {
            let what = format!("{lines} lines, at most {FILE}: make it a folder");
            found.push(file.complain("file-lines", lines, what));
        }
    }
    found
}

/// Length and parameters of functions; handlers are short because the work is elsewhere.
pub fn functions(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in house.rust() {
        for function in code::functions(file) {
            judge(file, &function, &mut found);
        }
    }
    found
}

fn judge(file: &File, function: &Function, found: &mut Vec<Complaint>) {
    let Function {
        name,
        line,
        lines,
        parameters,
        ..
    } = function;
    if *lines > FUNCTION {
        let what = format!("fn {name} has {lines} lines, at most {FUNCTION}");
        found.push(file.complain("function-lines", *line, what));
    } else if function.is_handler(file) && *lines > HANDLER {
        let what = format!(
            "handler {name} has {lines} lines, at most {HANDLER}: \
             rules belong to commands.rs, SQL to queries.rs"
        );
        found.push(file.complain("handler-lines", *line, what));
    }
    if *parameters > PARAMETERS {
        let what = format!("fn {name} takes {parameters}, at most {PARAMETERS}: make a struct");
        found.push(file.complain("parameters", *line, what));
    }
}

/// A room is what one head holds.
pub fn rooms(house: &House) -> Vec<Complaint> {
    let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for file in house.files.iter().filter(|file| file.path.starts_with(SRC)) {
        let ending = file.path.rsplit('.').next().unwrap_or_default();
        if let (Some(room), true) = (file.room(), ["rs", "html"].contains(&ending)) {
            *counts.entry((room, ending)).or_default() += 1;
        }
    }
    let full = counts.into_iter().filter(|(_, count)| *count > ROOM);
    full.map(|((room, ending), count)| Complaint {
        rule: "room-files",
        file: format!("{SRC}{room}"),
        line: 1,
        what: format!("{count} .{ending} files, at most {ROOM}: two rooms live here"),
    })
    .collect()
}
