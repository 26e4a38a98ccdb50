//! What the journal pages show: every change, and taking one back.

use askama::Template;

use crate::console::layout::Shell;
use crate::console::table::{Column, Filter, ListView};

/// `/journal`.
#[derive(Template)]
#[template(path = "history/list.html", blocks = ["rows"])]
pub struct JournalPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filters, pages; start from `journal_list`.
    pub list: ListView,
    /// The entries, newest first.
    pub rows: Vec<EntryRow>,
}

/// One entry.
#[derive(Clone, Debug, Default)]
pub struct EntryRow {
    /// The entry.
    pub id: String,
    /// Its number in the journal; 0 while it is not sealed.
    pub seq: i64,
    /// When, in words.
    pub when: String,
    /// When, exactly.
    pub exact: String,
    /// Who; a person, a token or "Seatbook".
    pub who: String,
    /// Through what: "Console", "API", "Command line", "Job".
    pub through: String,
    /// What, as a sentence: "Assigned SO-10482 to 3 tenants".
    pub what: String,
    /// The command's name: `allocations.set`.
    pub command: String,
    /// What it concerns: (label, address); the address may be empty.
    pub subject: (String, String),
    /// At most three changes: (what, before, after).
    pub changes: Vec<ChangeLine>,
    /// How many changes there are in all.
    pub change_count: i64,
    /// Whether it can be taken back.
    pub undoable: bool,
    /// Whether it was taken back.
    pub undone: bool,
}

/// One value before and after.
#[derive(Clone, Debug, Default)]
pub struct ChangeLine {
    /// What changed: "Aurora Hospitals, quantity".
    pub what: String,
    /// Before; empty where it did not exist.
    pub before: String,
    /// After; empty where it is gone.
    pub after: String,
}

/// The columns and filters of `/journal`; `commands` are (name, label) for the select.
pub fn journal_list(commands: &[(&str, &str)]) -> ListView {
    ListView {
        path: "/journal".into(),
        export: "/exports?list=journal".into(),
        search: "Person, subject, change",
        sort: "-when".into(),
        noun: ("entry", "entries"),
        columns: vec![
            Column::fixed("when", "When"),
            Column::optional("who", "Who", true).unsorted(),
            Column::fixed("what", "What").unsorted(),
            Column::optional("changes", "Before → after", true).unsorted(),
        ],
        filters: vec![
            Filter::new("select", "command", "Kind of change", commands),
            Filter::new("toggle", "undoable", "Can be undone", &[]),
        ],
        ..ListView::default()
    }
}

/// `/journal/{id}`; undoing previews with `console::pages::Confirm` at `/journal/{id}/undo`.
#[derive(Template)]
#[template(path = "history/show.html")]
pub struct EntryPage {
    /// The frame.
    pub shell: Shell,
    /// The entry.
    pub row: EntryRow,
    /// Every change, up to a bound.
    pub changes: Vec<ChangeLine>,
    /// Number, exact time, command, idempotency key, job … as (name, value).
    pub facts: Vec<(String, String)>,
    /// The entry that took this one back, or that this one takes back: (label, address).
    pub related: Vec<(String, String)>,
    /// Why it cannot be taken back; empty where it can, or where nobody asks.
    pub why_not: String,
}
