//! Rules about who may know whom: lib.rs is the list, and a room uses only what stands above it.

use std::collections::BTreeSet;

use super::{
    Complaint,
    house::{File, House, Kind, SRC},
};

const PLAQUE: usize = 15;

/// Nobody decides to tie a knot: one room needs one function of another, and the circle closes.
pub fn order(house: &House) -> Vec<Complaint> {
    let order = house.order();
    let rank = |room: &str| order.iter().position(|it| *it == room);
    let (mut found, mut unlisted) = (Vec::new(), BTreeSet::new());
    for file in house.business() {
        let Some(room) = file.room() else { continue };
        let Some(own) = rank(room) else {
            if unlisted.insert(room) {
                let what = format!("`{room}` is not in lib.rs, the list of all rooms in order");
                found.push(file.complain("room-order", 1, what));
            }
            continue;
        };
        for (line, used) in uses(file) {
            if rank(used).is_some_and(|other| other > own) {
                found.push(below(file, line, room, used));
            }
        }
    }
    found
}

fn below(file: &File, line: usize, room: &str, used: &str) -> Complaint {
    let what = format!(
        "`{room}` uses `{used}`, which stands below it in lib.rs: \
         move the function up, or the caller down"
    );
    file.complain("room-order", line, what)
}

/// The names behind `crate::` and behind as many `super::` as lead to the root.
fn uses(file: &File) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for at in file.places("crate : :") {
        found.extend(named(file, at + 3));
    }
    for at in file.places("super : :") {
        if at > 2 && file.at(at - 3, "super : :") {
            continue;
        }
        let mut next = at;
        let mut steps = 0;
        while file.at(next, "super : :") {
            (next, steps) = (next + 3, steps + 1);
        }
        if steps == depth(file, at) {
            found.extend(named(file, next));
        }
    }
    found
}

/// One name, or the first names of `{a::b, c}`.
fn named(file: &File, at: usize) -> Vec<(usize, &str)> {
    if !file.at(at, "{") {
        let one = file.tokens.get(at).filter(|token| token.kind == Kind::Word);
        return one
            .map(|token| (token.line, token.text.as_str()))
            .into_iter()
            .collect();
    }
    let (mut next, end) = (at + 1, file.tokens[at].partner);
    let (mut names, mut first) = (Vec::new(), true);
    while next < end {
        let token = &file.tokens[next];
        if first && token.kind == Kind::Word {
            names.push((token.line, token.text.as_str()));
        }
        first = token.text == ",";
        next = file.behind(next);
    }
    names
}

/// How many modules lie around this place, files and `mod name { … }` alike.
fn depth(file: &File, at: usize) -> usize {
    let below = file.path.trim_start_matches(SRC).trim_end_matches(".rs");
    let folders = below.split('/').filter(|part| *part != "mod").count();
    let inline = file.places("mod").filter(|&start| {
        let body = start + 2;
        file.at(body, "{") && (body..file.tokens[body].partner).contains(&at)
    });
    folders + inline.count()
}

/// Each room says on its door what it owns, what it does not, and what it keeps true.
pub fn plaques(house: &House) -> Vec<Complaint> {
    let mut found = Vec::new();
    for file in house.business() {
        let below = file.path.trim_start_matches(SRC);
        if !below.ends_with("/mod.rs") || below.matches('/').count() != 1 {
            continue;
        }
        let lines = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .count();
        if lines == 0 {
            let what = "no plaque: begin with `//!` lines: owns, does not own, keeps true";
            found.push(file.complain("plaque", 1, what));
        } else if lines > PLAQUE {
            let what = format!("a plaque of {lines} lines, at most {PLAQUE}");
            found.push(file.complain("plaque", lines, what));
        }
    }
    found
}

/// A template that shows another room's template uses that room.
pub fn windows(house: &House) -> Vec<Complaint> {
    let order = house.order();
    let rank = |room: &str| order.iter().position(|it| *it == room);
    let mut found = Vec::new();
    for file in house
        .files
        .iter()
        .filter(|file| file.path.ends_with(".html"))
    {
        let Some((room, own)) = file.room().and_then(|room| Some((room, rank(room)?))) else {
            continue;
        };
        for (number, line) in file.text.lines().enumerate() {
            let Some(used) = shown(line) else { continue };
            if rank(used).is_some_and(|other| other > own) {
                found.push(below(file, number + 1, room, used));
            }
        }
    }
    found
}

/// The room of `{% include "room/list.html" %}`.
fn shown(line: &str) -> Option<&str> {
    let words = ["extends", "include", "import", "from"];
    let tag = line
        .split_once("{%")?
        .1
        .trim_start_matches(['-', '~', '+', ' ']);
    let rest = words.iter().find_map(|word| tag.strip_prefix(word))?;
    rest.trim_start()
        .strip_prefix('"')?
        .split_once('/')
        .map(|(room, _)| room)
}
