//! Rules about names and plain text.

use super::{Complaint, house::House};

/// A knot of modules starts in a file that belongs to no noun.
const NAMELESS: [&str; 10] = [
    "util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "service",
    "services",
];

/// What Rust itself cannot read hides from every other rule.
pub fn unreadable(house: &House) -> Vec<Complaint> {
    let broken = |file: &super::house::File| {
        let (line, reason) = file.unreadable.as_ref()?;
        Some(file.complain(
            "unreadable",
            *line,
            format!("cannot be read as Rust: {reason}"),
        ))
    };
    house.rust().filter_map(broken).collect()
}

/// Files and folders carry the name of a noun; `license_service.rs` is no better than `service.rs`.
pub fn names(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in &house.files {
        for part in file.path.split('/') {
            let stem = part.split('.').next().unwrap_or(part);
            let last = stem.rsplit(['_', '-']).next().unwrap_or(stem);
            if NAMELESS.contains(&last) {
                let what = format!("`{part}` says nothing: name it after what it holds");
                found.push(file.complain("file-name", 1, what));
            }
        }
    }
    found
}

/// `TODO(#123)` or nothing: what nobody has written an issue for, nobody will do.
pub fn leftovers(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    let endings = [
        (".rs", "//"),
        (".js", "//"),
        (".css", "/*"),
        (".html", ""),
        (".sql", "--"),
    ];
    for file in &house.files {
        let Some((_, comment)) = endings.iter().find(|(end, _)| file.path.ends_with(end)) else {
            continue;
        };
        for (number, line) in file.text.lines().enumerate() {
            let Some(start) = line.find(comment) else {
                continue;
            };
            for mark in ["TODO", "FIXME", "XXX"] {
                if has_bare(&line[start..], mark) {
                    let what = format!("bare {mark}: do it, or file an issue: `TODO(#123)`");
                    found.push(file.complain("leftover", number + 1, what));
                }
            }
        }
    }
    found
}

fn has_bare(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let letter = |c: char| c.is_alphanumeric() || c == '_';
        let rest = &line[at + mark.len()..];
        let whole = !line[..at].ends_with(letter) && !rest.starts_with(letter);
        whole && !(mark == "TODO" && rest.starts_with("(#"))
    })
}
