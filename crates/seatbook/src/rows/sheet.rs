//! What a kind of file has for fields, and what its rows come to.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::cells::{Mapping, Oddity, Outcome, Remark, forgiving};
use crate::error::{Error, FieldError, Result};

/// A field of a kind, and the headings by which it is guessed.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in mappings.
    pub name: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What helps to choose a column.
    pub hint: &'static str,
    /// Whether a file without it cannot be imported.
    pub required: bool,
    /// Headings, in small letters without spaces and signs.
    pub headings: &'static [&'static str],
}

/// A field that may be absent from a file.
pub const fn field(
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    headings: &'static [&'static str],
) -> Field {
    Field {
        name,
        label,
        hint,
        required: false,
        headings,
    }
}

/// The columns that look like these fields. A heading serves one field, the first that knows it.
pub fn guess(fields: &[Field], headings: &[String]) -> Mapping {
    let mut places: HashMap<String, usize> = HashMap::new();
    for (place, heading) in headings.iter().enumerate() {
        places.entry(forgiving(heading)).or_insert(place);
    }
    let mut mapping = Mapping::new();
    for field in fields {
        let mut known = field.headings.iter();
        if let Some(place) = known.find_map(|heading| places.remove(*heading)) {
            mapping.insert(field.name.into(), place);
        }
    }
    mapping
}

/// The columns that headings name, forgivingly.
pub fn named(said: &BTreeMap<String, String>, headings: &[String]) -> Result<Mapping> {
    let place = |heading: &str| {
        let exact = headings.iter().position(|known| known == heading);
        exact.or_else(|| {
            headings
                .iter()
                .position(|known| forgiving(known) == forgiving(heading))
        })
    };
    let mut mapping = Mapping::new();
    for (field, heading) in said {
        let message = || format!("The file has no column “{heading}”.");
        let place = place(heading).ok_or_else(|| {
            Error::invalid(format!("mapping.{field}"), "column.unknown", message())
        })?;
        mapping.insert(field.clone(), place);
    }
    Ok(mapping)
}

/// A file's name without folders and what cannot be seen.
pub fn shown_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = rules::text::normalize_key(last).chars().take(200).collect();
    if name.is_empty() { "file".into() } else { name }
}

/// The mapping, if it names these fields and columns of the file, and every field that must be there.
pub fn check_mapping(fields: &[Field], mapping: &Mapping, columns: usize) -> Result<()> {
    let mut wrong = Vec::new();
    let mut complain = |field: &str, code: &'static str, message: String| {
        wrong.push(FieldError {
            field: format!("mapping.{field}"),
            code: code.into(),
            message,
        });
    };
    for (name, place) in mapping {
        if !fields.iter().any(|field| field.name == name) {
            let message = format!("A file of this kind has no field “{name}”.");
            complain(name, "field.unknown", message);
        } else if *place >= columns {
            let message = "The file has no such column.".into();
            complain(name, "column.unknown", message);
        }
    }
    for field in fields.iter().filter(|field| field.required) {
        if !mapping.contains_key(field.name) {
            let message = format!("Say which column is “{}”.", field.label);
            complain(field.name, "required", message);
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Error::invalid_fields(wrong)),
    }
}

/// One thing that rows of a file say: a product, a SKU, an organization.
#[derive(Clone, Debug)]
pub struct Unit<W> {
    /// The rows that say it.
    pub rows: Vec<i64>,
    /// What they say.
    pub what: W,
}

/// What became, or would become, of a unit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Judged {
    /// The word.
    pub outcome: Outcome,
    /// Why not, where it is bad: the field of the kind, a code, a sentence.
    pub errors: Vec<FieldError>,
    /// What its fields were before, where that is told: the field of the kind, and its value.
    #[serde(default)]
    pub before: Vec<(String, String)>,
    /// What it would be, so that a book that changed meanwhile is noticed.
    #[serde(skip)]
    pub mark: String,
}

impl Judged {
    /// Whether it is a problem.
    pub fn is_bad(&self) -> bool {
        self.outcome == Outcome::Bad
    }

    /// Not a problem.
    pub fn good(outcome: Outcome, mark: String) -> Self {
        Judged {
            outcome,
            errors: vec![],
            before: vec![],
            mark,
        }
    }

    /// The same, and what its fields were before.
    pub fn instead_of(self, before: Vec<(String, String)>) -> Self {
        Judged { before, ..self }
    }

    /// A refusal of a command, as a problem.
    pub fn refused(error: &Error) -> Self {
        let whole = FieldError {
            field: String::new(),
            code: error.code.clone(),
            message: error.message.clone(),
        };
        Judged::bad(if error.fields.is_empty() {
            vec![whole]
        } else {
            error.fields.clone()
        })
    }

    /// A problem.
    pub fn bad(errors: Vec<FieldError>) -> Self {
        Judged {
            outcome: Outcome::Bad,
            errors,
            before: vec![],
            mark: String::new(),
        }
    }
}

/// A file understood: its units in the order in which they are kept, and what was noticed on the way.
#[derive(Clone, Debug)]
pub struct Sheet<W> {
    /// What the rows say.
    pub units: Vec<Unit<W>>,
    /// What is wrong with single rows, or was done to them.
    pub remarks: BTreeMap<i64, Vec<Remark>>,
    /// What is odd about the file.
    pub oddities: Vec<Oddity>,
}

impl<W> Default for Sheet<W> {
    fn default() -> Self {
        Sheet {
            units: vec![],
            remarks: BTreeMap::new(),
            oddities: vec![],
        }
    }
}

impl<W> Sheet<W> {
    /// The same, of things that are one of several sorts.
    pub fn map<V>(self, sort: impl Fn(W) -> V) -> Sheet<V> {
        let unit = |unit: Unit<W>| Unit {
            rows: unit.rows,
            what: sort(unit.what),
        };
        Sheet {
            units: self.units.into_iter().map(unit).collect(),
            remarks: self.remarks,
            oddities: self.oddities,
        }
    }

    /// Says something about a row.
    pub fn remark(&mut self, row: i64, remark: Remark) {
        self.remarks.entry(row).or_default().push(remark);
    }

    /// Whether a row by itself cannot be used.
    pub fn is_bad(&self, row: i64) -> bool {
        self.remarks
            .get(&row)
            .is_some_and(|all| all.iter().any(|remark| remark.error))
    }
}
