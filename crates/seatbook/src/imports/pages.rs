//! What the import pages show: upload, mapping, preview. The result is the job's page.

use askama::Template;

use crate::console::fields::{Choice, Field};
use crate::console::layout::Shell;
use crate::console::table::ListView;
use crate::sheets::Outcome;

use super::model::ImportRow;

/// `/imports/new`: which kind, which file.
#[derive(Template)]
#[template(path = "imports/start.html")]
pub struct ImportStartPage {
    /// The frame.
    pub shell: Shell,
    /// What can be imported: (value, label, what the file needs, sample's address, chosen).
    pub kinds: Vec<ImportKind>,
    /// The largest file, in words.
    pub limit: String,
    /// Earlier imports: (when, file, what became of it, its address).
    pub recent: Vec<(String, String, String, String)>,
    /// Why the last file was refused.
    pub error: Option<String>,
}

/// One kind of file.
#[derive(Clone, Debug, Default)]
pub struct ImportKind {
    /// What is sent.
    pub value: String,
    /// What people read.
    pub label: String,
    /// What the file needs, in one sentence.
    pub needs: String,
    /// Where a sample can be downloaded.
    pub sample_href: String,
    /// Whether it is chosen.
    pub chosen: bool,
}

/// `/imports/{id}/mapping`: which column is which.
#[derive(Template)]
#[template(path = "imports/mapping.html")]
pub struct ImportMappingPage {
    /// The frame.
    pub shell: Shell,
    /// The import.
    pub id: String,
    /// What is imported, in words.
    pub kind: String,
    /// The file's name.
    pub file: String,
    /// Its rows.
    pub row_count: i64,
    /// What was done to read it: a byte-order mark, stray spaces …; one sentence each.
    pub oddities: Vec<String>,
    /// The fields to fill, required ones first.
    pub targets: Vec<MappingRow>,
    /// Where the import can be given up.
    pub back: String,
    /// Why the mapping was refused.
    pub error: Option<String>,
}

/// One field and the column it is read from.
#[derive(Clone, Debug, Default)]
pub struct MappingRow {
    /// The select, named `map.<field>`, with the file's columns as choices.
    pub field: Field,
    /// Whether the column was guessed.
    pub guessed: bool,
    /// The first values of that column.
    pub samples: Vec<String>,
}

/// `/imports/{id}/preview`: every row judged before anything happens.
#[derive(Template)]
#[template(path = "imports/preview.html", blocks = ["rows"])]
pub struct ImportPreviewPage {
    /// The frame.
    pub shell: Shell,
    /// The import.
    pub id: String,
    /// What is imported, in words.
    pub kind: String,
    /// The file's name.
    pub file: String,
    /// Rows that create something.
    pub creates: i64,
    /// Rows that change something.
    pub updates: i64,
    /// Rows that say what the book has already.
    pub same: i64,
    /// Rows that cannot be used.
    pub bad: i64,
    /// What was done with the file's oddities; one sentence each.
    pub oddities: Vec<String>,
    /// The columns shown.
    pub columns: Vec<String>,
    /// Filter (all, bad, new, changed) and pages.
    pub list: ListView,
    /// The rows.
    pub rows: Vec<PreviewRow>,
    /// The preview's fingerprint, sent back so that a stale one is noticed.
    pub fingerprint: String,
    /// `all` or `good`.
    pub mode: String,
    /// Whether the same content was imported before, and is to be asked for.
    pub asks_again: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// One row of the file.
#[derive(Clone, Debug, Default)]
pub struct PreviewRow {
    /// Its line in the file.
    pub line: i64,
    /// `create`, `update`, `same` or `bad`.
    pub outcome: &'static str,
    /// Its cells, in the order of `columns`.
    pub cells: Vec<PreviewCell>,
    /// What is wrong with the row as a whole; empty for nothing.
    pub reason: String,
}

/// One cell.
#[derive(Clone, Debug, Default)]
pub struct PreviewCell {
    /// What the file says.
    pub value: String,
    /// What the book says now, where that differs; empty otherwise.
    pub before: String,
    /// What is wrong with it; empty for nothing.
    pub reason: String,
}

impl PreviewRow {
    /// The row as a preview shows it: each remark at its cell.
    pub fn of(row: ImportRow, headings: &[String]) -> Self {
        let reason = |column: Option<&String>| {
            let said = row
                .remarks
                .iter()
                .filter(|remark| remark.column.as_ref() == column);
            said.map(|remark| remark.message.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let cells = headings
            .iter()
            .enumerate()
            .map(|(place, heading)| PreviewCell {
                value: row.cells.get(place).cloned().unwrap_or_default(),
                before: String::new(),
                reason: reason(Some(heading)),
            });
        PreviewRow {
            line: row.number,
            outcome: row.outcome.map_or("same", Outcome::as_str),
            cells: cells.collect(),
            reason: reason(None),
        }
    }

    /// What happens to the row, in a word.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            "create" => "New",
            "update" => "Changed",
            "same" => "Unchanged",
            _ => "Problem",
        }
    }
}

impl ImportPreviewPage {
    /// Rows that would be applied in good-rows mode.
    pub fn good(&self) -> i64 {
        self.creates + self.updates
    }
}

/// The columns of a file as choices, with "not in this file" first.
pub fn column_choices(headings: &[String]) -> Vec<Choice> {
    let nothing = Choice {
        value: String::new(),
        label: "– not in this file –".into(),
    };
    let columns = headings.iter().enumerate().map(|(place, heading)| Choice {
        value: place.to_string(),
        label: heading.clone(),
    });
    std::iter::once(nothing).chain(columns).collect()
}

/// `/imports/{id}`: what became of a file.
#[derive(Template)]
#[template(path = "imports/result.html")]
pub struct ImportResultPage {
    /// The frame.
    pub shell: Shell,
    /// The import.
    pub id: String,
    /// What was imported, in words.
    pub kind: String,
    /// The file's name.
    pub file: String,
    /// How far it is, in one sentence.
    pub said: String,
    /// Rows by what became of them: (what, how many).
    pub counts: Vec<(String, i64)>,
    /// What was done with the file's oddities; one sentence each.
    pub oddities: Vec<String>,
    /// Whether frequent components may be marked as shareable now.
    pub offers_shareable: bool,
    /// Where it can be taken back; empty where it cannot, or was.
    pub undo: String,
    /// Whether it was taken back.
    pub undone: bool,
    /// Where to go on: (label, address).
    pub next: (String, String),
}
