//! An uploaded file, its rows, and what is said about them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use store::{FromRow, Json, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::Result,
    files::{Detected, Encoding, Format},
    secrets::hex,
    sheets::{ImportKind, Mapping, Oddity, Outcome, Remark, forgiving},
};

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its rows are being written down.
    Staging,
    /// Its columns are known, its rows are not checked.
    Staged,
    /// Every row has been judged; nothing has changed.
    Checked,
    /// It is being applied; asked again, it goes on where it stopped.
    Applying,
    /// It is in the book.
    Applied,
}

impl State {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Staging => "staging",
            State::Staged => "staged",
            State::Checked => "checked",
            State::Applying => "applying",
            State::Applied => "applied",
        }
    }

    fn parse(word: &str) -> store::Result<State> {
        let all = [
            State::Staging,
            State::Staged,
            State::Checked,
            State::Applying,
            State::Applied,
        ];
        let found = all.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("import state {word:?}")))
    }
}

/// What happens to rows with a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// As long as one row has a problem, nothing is imported.
    All,
    /// The good rows are imported, the others come back with their reasons.
    Good,
}

impl Mode {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mode::All => "all",
            Mode::Good => "good",
        }
    }
}

/// Where a mapping comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mapped {
    /// From the headings.
    Guessed,
    /// From the last file with these headings that somebody mapped and applied here.
    Remembered,
    /// Somebody said it.
    Said,
}

impl Mapped {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Mapped::Guessed => "guessed",
            Mapped::Remembered => "remembered",
            Mapped::Said => "said",
        }
    }

    fn parse(word: &str) -> store::Result<Mapped> {
        let all = [Mapped::Guessed, Mapped::Remembered, Mapped::Said];
        let found = all.into_iter().find(|mapped| mapped.as_str() == word);
        found.ok_or_else(|| store::Error::Value(format!("import mapped {word:?}")))
    }
}

/// Rows by what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Rows that add something.
    pub create: i64,
    /// Rows that change something.
    pub update: i64,
    /// Rows that take something away; absent where there are none.
    #[serde(default, skip_serializing_if = "is_none")]
    pub remove: i64,
    /// Rows that say what the book has already.
    pub same: i64,
    /// Rows that cannot be used.
    pub bad: i64,
}

impl Counts {
    /// Rows that do something.
    pub fn good(&self) -> i64 {
        self.create + self.update + self.remove
    }
}

/// Kinds that take nothing away do not speak of it.
fn is_none(count: &i64) -> bool {
    *count == 0
}

/// One uploaded file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    /// Its id.
    pub id: Uuid,
    /// What is in it.
    pub kind: ImportKind,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
    /// The file's name.
    pub file_name: String,
    /// What it is, by its content and not by its name.
    pub format: Format,
    /// How the letters of a CSV file were written.
    pub encoding: Option<Encoding>,
    /// What stands between the cells of a CSV file.
    pub separator: Option<String>,
    /// The sheet of a workbook that was read: the first that can be seen and has rows.
    pub sheet: Option<String>,
    /// Other sheets that can be seen; they were not read.
    pub other_sheets: Vec<String>,
    /// Its heading line.
    pub headings: Vec<String>,
    /// Its rows, without the heading.
    pub row_count: i64,
    /// Which field is read from which column, counted from zero.
    #[schema(value_type = std::collections::BTreeMap<String, i64>)]
    pub mapping: Mapping,
    /// Where the mapping comes from.
    pub mapped: Mapped,
    /// How far it is.
    pub state: State,
    /// How it was applied.
    pub mode: Option<Mode>,
    /// Rows by what becomes, or became, of them.
    pub counts: Counts,
    /// What is odd about the file, and what was done about it.
    pub oddities: Vec<Oddity>,
    /// The check's mark: send it when applying, and a book that changed meanwhile is noticed.
    pub fingerprint: String,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was applied.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub applied_at: Option<Timestamp>,
    /// When what it brought in was taken out again.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

impl Import {
    /// What was found out about the file: `CSV, UTF-8, semicolon`, or its sheet.
    pub fn read_as(&self) -> String {
        let encoding = match self.encoding {
            Some(Encoding::Utf8) => "UTF-8",
            Some(Encoding::Utf8Marked) => "UTF-8 with a byte-order mark",
            Some(Encoding::Utf16Le | Encoding::Utf16Be) => "UTF-16",
            Some(Encoding::Windows1252) => "Windows-1252",
            None => "",
        };
        let separator = match self.separator.as_deref() {
            Some(",") => "comma".to_owned(),
            Some(";") => "semicolon".to_owned(),
            Some("\t") => "tab".to_owned(),
            other => format!("“{}”", other.unwrap_or_default()),
        };
        match &self.sheet {
            Some(sheet) => format!("Workbook, sheet “{sheet}”"),
            None => format!("CSV, {encoding}, {separator}"),
        }
    }

    /// Where its result is found, in the format in which it was sent.
    pub fn result_path(&self) -> String {
        format!("/imports/{}/result.{}", self.id, self.format.as_str())
    }

    /// Takes over what was found out about the file.
    pub fn detected(&mut self, detected: &Detected) {
        self.format = detected.format;
        self.encoding = detected.encoding;
        self.separator = detected.separator.map(String::from);
        let mut sheets = detected.sheets.iter().cloned();
        self.sheet = sheets.next();
        self.other_sheets = sheets.collect();
    }

    /// The sheets of a workbook, the one that was read first.
    pub fn sheets(&self) -> Vec<String> {
        self.sheet
            .iter()
            .chain(&self.other_sheets)
            .cloned()
            .collect()
    }
}

/// What the last check found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Findings {
    /// Rows by what becomes of them.
    pub counts: Counts,
    /// The check's mark.
    pub fingerprint: String,
}

impl FromRow for Import {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let kind: String = row.get(1)?;
        let mode: Option<String> = row.get(10)?;
        let findings: Findings = read(row.get(11)?)?;
        let format: String = row.get(17)?;
        let separator: String = row.get(5)?;
        let mut sheets = read::<Vec<String>>(row.get(18)?)?.into_iter();
        Ok(Import {
            id: row.get(0)?,
            kind: ImportKind::parse(&kind)
                .ok_or_else(|| store::Error::Value(format!("import kind {kind:?}")))?,
            organization_id: row.get(2)?,
            file_name: row.get(3)?,
            format: Format::parse(&format)
                .ok_or_else(|| store::Error::Value(format!("import format {format:?}")))?,
            encoding: Encoding::parse(&row.get::<String>(4)?),
            separator: Some(separator).filter(|separator| !separator.is_empty()),
            sheet: sheets.next(),
            other_sheets: sheets.collect(),
            headings: read(row.get(6)?)?,
            row_count: row.get(7)?,
            mapping: read(row.get(8)?)?,
            mapped: Mapped::parse(&row.get::<String>(19)?)?,
            state: State::parse(&row.get::<String>(9)?)?,
            mode: mode.map(|mode| {
                if mode == "good" {
                    Mode::Good
                } else {
                    Mode::All
                }
            }),
            counts: findings.counts,
            fingerprint: findings.fingerprint,
            oddities: read(row.get(12)?)?,
            created_at: row.get(13)?,
            applied_at: row.get(14)?,
            undone_at: row.get(15)?,
            version: row.get(16)?,
        })
    }
}

fn read<T: serde::de::DeserializeOwned>(json: Json) -> store::Result<T> {
    serde_json::from_value(json.0).map_err(|error| store::Error::Value(error.to_string()))
}

/// A row with what becomes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportRow {
    /// Its place in the file; the heading is 1.
    pub number: i64,
    /// Its cells as they were written.
    pub cells: Vec<String>,
    /// What becomes, or became, of it; absent before it is checked.
    pub outcome: Option<Outcome>,
    /// What is wrong with it, or was done to it.
    pub remarks: Vec<Remark>,
}

impl FromRow for ImportRow {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let remarks: Option<Json> = row.get(3)?;
        Ok(ImportRow {
            number: row.get(0)?,
            cells: read(row.get(1)?)?,
            outcome: Outcome::parse(&row.get::<String>(2)?),
            remarks: remarks.map(read).transpose()?.unwrap_or_default(),
        })
    }
}

/// Anything as the JSON that is stored.
pub fn json<T: Serialize>(value: &T) -> Result<Json> {
    Ok(Json(serde_json::to_value(value)?))
}

/// What files with the same columns have in common, in whatever order these stand.
pub fn shape(headings: &[String]) -> String {
    let mut words: Vec<String> = headings.iter().map(|word| forgiving(word)).collect();
    words.sort_unstable();
    hex(&Sha256::digest(words.join("\n")))
}

/// The headings of mapped columns; nothing where one of them does not tell its column from another.
pub fn headings_of(mapping: &Mapping, headings: &[String]) -> Option<BTreeMap<String, String>> {
    let heading = |(field, place): (&String, &usize)| {
        let heading = headings.get(*place)?;
        let alike = |other: &&String| forgiving(other) == forgiving(heading);
        let is_unique = headings.iter().filter(alike).count() == 1;
        is_unique.then(|| (field.clone(), heading.clone()))
    };
    mapping.iter().map(heading).collect()
}
