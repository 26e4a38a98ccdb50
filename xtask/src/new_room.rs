//! `cargo xtask new-room NAME`: the same drawers in every room, so that nobody has to search.

use std::{fs, path::Path};

use crate::shell::{Result, root};

/// Where a room keeps what, and the first line of each drawer. `{Room}` and `{room}` are its name.
const DRAWERS: [(&str, &str); 8] = [
    (
        "mod.rs",
        "//! {Room}: what it is, in one sentence a customer would use.
//!
//! Owns: its tables and the words about them. Does not own: what stands next to it, and where that is.
//! Keeps true: the one law that holds after every command.

mod api;
mod commands;
mod jobs;
mod model;
mod pages;
mod queries;
",
    ),
    ("model.rs", "//! Rows and inputs of {room}: constructors parse, so that nothing is validated twice.\n"),
    ("queries.rs", "//! Every SQL statement about {room}.\n"),
    ("commands.rs", "//! The verbs of {room}: one struct each, run by the gate in one transaction.\n"),
    ("api.rs", "//! {Room} as JSON. Handlers are documented for the customer; no SQL, no arithmetic.\n"),
    ("pages.rs", "//! The console's pages about {room}, over the same commands and queries as the API.\n"),
    ("list.html", "{# The list of {room}: search, filters in the URL, an empty state that says what to do next. #}\n"),
    ("jobs.rs", "//! Work on {room} that outlives a request.\n"),
];

const TEST: &str = "//! {Room} through HTTP, black box, on both engines: given, when, then.\n";

/// Writes the room and says what is left to do by hand.
pub fn run(name: &str) -> Result<()> {
    check(name)?;
    let house = root().join("crates/seatbook");
    let room = house.join("src").join(name);
    let test = house.join("tests/it").join(format!("{name}.rs"));
    for taken in [&room, &test, &house.join("src").join(format!("{name}.rs"))] {
        if taken.exists() {
            return Err(format!("{} is there already", taken.display()));
        }
    }
    fs::create_dir_all(&room).map_err(|e| format!("{}: {e}", room.display()))?;
    for (drawer, text) in DRAWERS {
        write(&room.join(drawer), text, name)?;
    }
    write(&test, TEST, name)?;
    println!("Next, by hand:");
    let room = format!("src/{name}/mod.rs");
    for (place, what) in [
        (
            "src/lib.rs",
            format!("`pub mod {name};` below every room it uses: the order is the law"),
        ),
        ("tests/it/main.rs", format!("`mod {name};`")),
        (
            "migrations",
            format!("its tables, each below a line `-- room: {name}`"),
        ),
        (
            &room,
            "the plaque; and remove the drawers it does not need".to_owned(),
        ),
    ] {
        println!("  {place:<24} {what}");
    }
    Ok(())
}

fn check(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return Err(format!(
            "`{name}`: a room's name is small letters and `_`, like `refunds`"
        ));
    }
    Ok(())
}

fn write(path: &Path, text: &str, name: &str) -> Result<()> {
    let words = name.replace('_', " ");
    let mut capital = words.clone();
    capital[..1].make_ascii_uppercase();
    println!("{}", path.strip_prefix(root()).unwrap_or(path).display());
    fs::write(
        path,
        text.replace("{Room}", &capital).replace("{room}", &words),
    )
    .map_err(|e| format!("{}: {e}", path.display()))
}
