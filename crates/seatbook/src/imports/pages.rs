//! What the import pages show: upload, mapping, preview. The result is the job's page.

use askama::Template;

use super::model::{Import, ImportRow, Mode, State};
use crate::{
    console::{
        fields::{Choice, Field},
        format::number,
        layout::Shell,
        table::{Filter, ListView},
    },
    files::Format,
    sheets::{self, Outcome, Remark},
    workbooks::keys,
};

/// First values shown of a column.
const SAMPLES: usize = 3;

/// `/imports/new`: which kind, which file.
#[derive(Template)]
#[template(path = "imports/start.html")]
pub struct ImportStartPage {
    /// The frame.
    pub shell: Shell,
    /// Whose file it is: id and name.
    pub organization: (String, String),
    /// The kind that is chosen; empty for none.
    pub chosen: String,
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
    /// Where a sample can be downloaded; `.csv` or `.xlsx` belongs behind it. Empty where there is none.
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
    /// What was found out about the file: format, encoding and separator, or its sheet.
    pub read_as: String,
    /// Whether the columns are those of the last file of this shape.
    pub as_last_time: bool,
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
    /// Whence the column is known where nobody said it; empty otherwise.
    pub known: &'static str,
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
    /// What was found out about the file: format, encoding and separator, or its sheet.
    pub read_as: String,
    /// Rows that create something.
    pub creates: i64,
    /// Rows that change something.
    pub updates: i64,
    /// Rows that take something away.
    pub removes: i64,
    /// The license whose customers they are, as a workbook that came back; empty for other files.
    pub license_id: String,
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
    /// `create`, `update`, `remove`, `same` or `bad`.
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
                .filter(|remark| remark.column.as_ref() == column && remark.before().is_none());
            said.map(|remark| remark.message.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let before = |heading: &String| {
            let of = |remark: &&Remark| remark.column.as_ref() == Some(heading);
            let said = row.remarks.iter().filter(of).find_map(Remark::before);
            said.unwrap_or_default().to_owned()
        };
        let cells = headings
            .iter()
            .enumerate()
            .map(|(place, heading)| PreviewCell {
                value: row.cells.get(place).cloned().unwrap_or_default(),
                before: before(heading),
                reason: reason(Some(heading)),
            });
        PreviewRow {
            line: row.number,
            outcome: row.outcome.map_or("same", Outcome::as_str),
            cells: cells.collect(),
            reason: reason(None),
        }
    }

    /// Hides a cell; what is wrong with it is said of the row.
    pub fn hide(&mut self, place: usize) {
        let cell = self.cells.remove(place);
        let both = [std::mem::take(&mut self.reason), cell.reason];
        self.reason = both.join(" ").trim().to_owned();
    }

    /// What happens to the row, in a word.
    pub fn word(&self) -> &'static str {
        match self.outcome {
            "create" => "New",
            "update" => "Changed",
            "remove" => "Removed",
            "same" => "Unchanged",
            _ => "Problem",
        }
    }
}

impl ImportPreviewPage {
    /// Rows that would be applied in good-rows mode.
    pub fn good(&self) -> i64 {
        self.creates + self.updates + self.removes
    }

    /// What the button says.
    pub fn verb(&self) -> String {
        match (self.license_id.is_empty(), self.bad) {
            (true, _) => "Import".into(),
            (false, 0) => format!("Apply all {}", number(self.good())),
            (false, _) => "Apply".into(),
        }
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
    /// Where its result is found, in the format in which it was sent, and in the other: (address, what).
    pub results: [(String, &'static str); 2],
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

/// Where an import is gone on with.
pub fn place(import: &Import) -> String {
    let step = match import.state {
        State::Staging | State::Staged => "/mapping",
        State::Checked => "/preview",
        State::Applying | State::Applied => "",
    };
    format!("/imports/{}{step}", import.id)
}

/// How far an import is, in one sentence.
pub fn said(import: &Import) -> String {
    match import.state {
        State::Staging | State::Staged => "Its columns are to be chosen.".into(),
        State::Checked => "Checked; nothing has changed yet.".into(),
        State::Applying => "It is being imported.".into(),
        State::Applied => match import.mode {
            Some(Mode::Good) if import.counts.bad > 0 => "The good rows are in the book.".into(),
            _ => "It is in the book.".into(),
        },
    }
}

/// The first values of a column.
pub fn samples(rows: &[ImportRow], place: usize) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for cell in rows.iter().filter_map(|row| row.cells.get(place)) {
        let text: String = rules::text::normalize_key(cell).chars().take(60).collect();
        if !text.is_empty() && !samples.contains(&text) && samples.len() < SAMPLES {
            samples.push(text);
        }
    }
    samples
}

/// The rows of a file as a list to filter.
pub fn row_list(import: &Import) -> ListView {
    let mut outcomes = vec![
        ("", "All"),
        ("bad", "With a problem"),
        ("create", "New"),
        ("update", "Changed"),
        ("remove", "Removed"),
        ("same", "Unchanged"),
    ];
    outcomes.retain(|(word, _)| *word != "remove" || takes_away(import));
    ListView {
        path: format!("/imports/{}/preview", import.id),
        search: "",
        noun: ("row", "rows"),
        total: None,
        filters: vec![Filter::new("tabs", "outcome", "Rows", &outcomes)],
        ..ListView::default()
    }
}

/// Columns and rows as a preview shows them. What names the rows of a workbook is not for people.
pub fn table(import: &Import, rows: Vec<ImportRow>) -> (Vec<String>, Vec<PreviewRow>) {
    let mut columns = import.headings.clone();
    let rows = rows.into_iter();
    let mut rows: Vec<PreviewRow> = rows.map(|row| PreviewRow::of(row, &columns)).collect();
    let key = columns.iter().position(|it| keys::is_heading(it));
    if let Some(place) = key.filter(|_| takes_away(import)) {
        columns.remove(place);
        rows.iter_mut().for_each(|row| row.hide(place));
    }
    (columns, rows)
}

/// Whether rows of such a file can take something away.
pub fn takes_away(import: &Import) -> bool {
    import.kind == sheets::ImportKind::Customers
}

/// Rows by what became of them: (what, how many).
pub fn counted(import: &Import) -> Vec<(String, i64)> {
    let counts = import.counts;
    let mut all = vec![
        ("New", counts.create),
        ("Changed", counts.update),
        ("Removed", counts.remove),
        ("Unchanged", counts.same),
        ("With a problem", counts.bad),
    ];
    all.retain(|(what, _)| *what != "Removed" || takes_away(import));
    let words = |(what, count): (&str, i64)| (what.to_owned(), count);
    all.into_iter().map(words).collect()
}

/// Where a result is found: in the format in which the file was sent, and in the other.
pub fn results(import: &Import) -> [(String, &'static str); 2] {
    let place = |format: Format, what| {
        (
            format!("/imports/{}/result.{}", import.id, format.as_str()),
            what,
        )
    };
    let (csv, xlsx) = (place(Format::Csv, "CSV"), place(Format::Xlsx, "XLSX"));
    match import.format {
        Format::Csv => [csv, xlsx],
        Format::Xlsx => [xlsx, csv],
    }
}
