//! Holds the house to its own rules. ARCHITECTURE.md says why; this counts.
//!
//! Files are read as tokens, not as text: a word in a comment or a string is no call. Every
//! complaint names file, line, what is wrong and the limit. What cannot be mended at once stands in
//! `tidy_offenders.txt`, which may only shrink.

mod code;
mod codes;
mod house;
mod offenders;
mod rooms;
mod sizes;
mod sql;
mod tables;
mod text;
mod trials;

use std::{fmt, path::Path};

use house::House;

/// One rule broken at one place.
struct Complaint {
    rule: &'static str,
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} [{}]",
            self.file, self.line, self.what, self.rule
        )
    }
}

#[test]
fn the_house_keeps_its_rules() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let house = House::read(&package.join("../.."));
    let list = include_str!("../tidy_offenders.txt");
    let left = offenders::settle(list, complaints(&house));
    assert!(
        left.is_empty(),
        "\n\n{}\n\n{} to mend\n",
        left.join("\n"),
        left.len()
    );
}

fn complaints(house: &House) -> Vec<Complaint> {
    let rules: [fn(&House) -> Vec<Complaint>; 17] = [
        text::unreadable,
        text::names,
        text::leftovers,
        sizes::files,
        sizes::functions,
        sizes::rooms,
        code::unwraps,
        code::sleeps,
        code::ignored_tests,
        code::runtime_in_drawers,
        code::lone_traits,
        code::undocumented_handlers,
        rooms::order,
        rooms::plaques,
        rooms::windows,
        sql::dialect,
        tables::foreign_writes,
    ];
    let mut all: Vec<_> = rules.iter().flat_map(|rule| rule(house)).collect();
    all.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
    all
}
