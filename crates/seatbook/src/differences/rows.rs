//! What the rows of a workbook say, by themselves.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::KEY;
use crate::{
    console::format,
    organizations::model::Kind,
    rows::{
        cells::{
            Cells, Mapping, Remark, Staged, forgiving, note_spaces, note_widths, ranges, units_of,
        },
        sheet::{Sheet, Unit},
    },
    workbooks::keys::{self, Key},
};

/// New customers that one workbook takes in: each is compared with the names of all that are there.
const MOST_NEW: usize = 1_000;

/// What rows of a workbook say of customers.
#[derive(Clone, Debug)]
pub struct CustomerRow {
    /// The workbook.
    pub workbook_id: Uuid,
    /// Its place in the file.
    pub row: i64,
    /// What it says.
    pub says: Says,
}

/// What a row says.
#[derive(Clone, Debug)]
pub enum Says {
    /// Nothing: it is as it was exported. All such rows are one unit.
    Nothing,
    /// Something else than what was exported.
    Edit(Edit),
    /// A customer that was not there.
    New(New),
}

/// A row of a customer that was exported.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Its number in the workbook.
    pub number: i64,
    /// Its name.
    pub name: String,
    /// Its reference; nothing where the file has no such column any more.
    pub reference: Option<String>,
    /// Customer or partner; nothing where the file has no such column any more.
    pub kind: Option<String>,
    /// What it shall have.
    pub units: i64,
    /// The row is not in the file any more.
    pub gone: bool,
}

/// A row without a key.
#[derive(Clone, Debug)]
pub struct New {
    /// Its name.
    pub name: String,
    /// Its reference.
    pub reference: Option<String>,
    /// Customer or partner.
    pub kind: Kind,
    /// What it shall have.
    pub units: i64,
}

/// Rows of the file by what their keys name.
type Repeated = BTreeMap<(Uuid, i64), Vec<i64>>;
/// The field, a code, a sentence.
type Wrong = (&'static str, &'static str, String);

/// What the rows of a workbook say: those that nobody edited first, then those that give units back before those that
/// want some, new customers last.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet<CustomerRow> {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let place = mapping.get(KEY).and_then(|place| headings.get(*place));
    let workbook_id = place.and_then(|heading| keys::workbook_of(heading));
    let repeated = repeated(rows, mapping);
    let (mut unedited, mut edits, mut new) = (Vec::new(), Vec::new(), Vec::new());
    for staged in rows {
        let cells = Cells::of(staged, mapping);
        let read = workbook_id.ok_or_else(unknown).and_then(|id| {
            let (says, more) = read(&cells, id, &repeated)?;
            Ok((id, says, more))
        });
        let (workbook_id, says, more) = match read {
            Ok(_) if sheet.is_bad(staged.number) => continue,
            Ok(read) => read,
            Err(wrong) => {
                sheet.remark(staged.number, remark(wrong, mapping, headings));
                continue;
            }
        };
        let row = staged.number;
        let unit = CustomerRow {
            workbook_id,
            row,
            says,
        };
        match &unit.says {
            Says::Nothing => unedited.push(unit),
            Says::Edit(edit) => {
                if edit.gone {
                    sheet.remark(row, removed());
                }
                edits.push((more, unit));
            }
            Says::New(_) => new.push(unit),
        }
    }
    for beyond in new.split_off(new.len().min(MOST_NEW)) {
        sheet.remark(beyond.row, remark(too_many(), mapping, headings));
    }
    edits.sort_by_key(|(more, unit)| (*more, unit.row));
    let one = unedited.first().cloned().map(|first| Unit {
        rows: unedited.iter().map(|unit| unit.row).collect(),
        what: first,
    });
    let each = edits.into_iter().map(|(_, unit)| unit).chain(new);
    let each = each.map(|unit| Unit {
        rows: vec![unit.row],
        what: unit,
    });
    sheet.units = one.into_iter().chain(each).collect();
    sheet
}

/// Rows by keys that stand in several. Somebody may have copied one to make another of it, and nobody knows which is
/// which.
fn repeated(rows: &[Staged], mapping: &Mapping) -> Repeated {
    let mut said = Repeated::new();
    for staged in rows {
        let key = Cells::of(staged, mapping).get(KEY);
        if let Some(key) = key.and_then(|key| Key::read(&key)) {
            said.entry((key.workbook_id, key.number))
                .or_default()
                .push(staged.number);
        }
    }
    said.retain(|_, rows| rows.len() > 1);
    said
}

/// What a row says, and how many more units than were exported.
fn read(cells: &Cells<'_>, workbook_id: Uuid, repeated: &Repeated) -> Result<(Says, i64), Wrong> {
    let key = match cells.get(KEY) {
        None => None,
        Some(text) => Some(
            Key::read(&text)
                .filter(|key| key.workbook_id == workbook_id)
                .ok_or_else(foreign)?,
        ),
    };
    if let Some(rows) = key
        .as_ref()
        .and_then(|key| repeated.get(&(key.workbook_id, key.number)))
    {
        let message = format!(
            "Rows {} have the same key. Clear it in the row that is a new customer.",
            ranges(rows)
        );
        return Err((KEY, "workbook.key_repeated", message));
    }
    if let Some(key) = key.as_ref().filter(|key| key.gone) {
        let edit = Edit {
            number: key.number,
            name: cells.get("name").unwrap_or_default(),
            reference: None,
            kind: None,
            units: 0,
            gone: true,
        };
        return Ok((Says::Edit(edit), -key.units));
    }
    let need = |field: &'static str, what: &str| {
        let missing = || (field, "required", format!("The row has no {what}."));
        cells.get(field).ok_or_else(missing)
    };
    let (name, units) = (need("name", "name")?, need("units", "units")?);
    let units = units_of(&units).filter(|units| *units <= rules::shares::MAX_UNITS);
    let units = units.ok_or_else(|| {
        let said = cells.get("units").unwrap_or_default();
        let message = format!("“{said}” is no whole number of units.");
        ("units", "number.malformed", message)
    })?;
    let Some(key) = key else {
        let new = New {
            name,
            reference: cells.get("reference"),
            kind: kind_of(cells.get("kind").as_deref())?,
            units,
        };
        return Ok((Says::New(new), units));
    };
    let (reference, kind) = (cells.said("reference"), cells.said("kind"));
    let words = [
        name.as_str(),
        reference.as_deref().unwrap_or_default(),
        kind.as_deref().unwrap_or_default(),
    ];
    if key.units == units && key.mark == keys::mark(words) {
        return Ok((Says::Nothing, 0));
    }
    let edit = Edit {
        number: key.number,
        name,
        reference,
        kind,
        units,
        gone: false,
    };
    Ok((Says::Edit(edit), units - key.units))
}

fn kind_of(word: Option<&str>) -> Result<Kind, Wrong> {
    match word.map(forgiving).as_deref() {
        None | Some("customer") => Ok(Kind::Customer),
        Some("partner") => Ok(Kind::Partner),
        Some(_) => {
            let message = "Write Customer or Partner, or leave it empty for a customer.";
            Err(("kind", "kind.unknown", message.into()))
        }
    }
}

fn remark((field, code, message): Wrong, mapping: &Mapping, headings: &[String]) -> Remark {
    let column = mapping.get(field).and_then(|place| headings.get(*place));
    Remark {
        column: column.cloned(),
        code: code.into(),
        message,
        error: true,
    }
}

fn removed() -> Remark {
    Remark {
        column: None,
        code: "row.removed".into(),
        message: "This row is not in the file any more.".into(),
        error: false,
    }
}

fn unknown() -> Wrong {
    let message = "This column is not that of a workbook's keys. Download the workbook anew.";
    (KEY, "workbook.unknown", message.into())
}

fn too_many() -> Wrong {
    let most = format::number(MOST_NEW as i64);
    let message = format!("A workbook takes in at most {most} new customers at a time.");
    ("name", "workbook.too_many_new", message)
}

fn foreign() -> Wrong {
    let message = "This key is none of this workbook's. Clear it to add a new customer.";
    (KEY, "workbook.key_unknown", message.into())
}

#[cfg(test)]
mod tests {
    use store::Timestamp;

    use super::*;
    use crate::workbooks::model::Line;

    fn file(rows: &[[&str; 4]]) -> Sheet<CustomerRow> {
        let id = Uuid::from_u128(1);
        let headings = ["Name", "Units", "Reference"].map(String::from);
        let headings: Vec<String> = headings.into_iter().chain([keys::heading(id)]).collect();
        let staged: Vec<Staged> = (2..)
            .zip(rows)
            .map(|(number, cells)| Staged {
                number,
                cells: cells.map(String::from).to_vec(),
            })
            .collect();
        let fields = ["name", "units", "reference", KEY];
        let mapping: Mapping = fields.map(String::from).into_iter().zip(0..).collect();
        understand(&staged, &mapping, &headings)
    }

    fn key(number: i64, name: &str, units: i64) -> String {
        let line = Line {
            number,
            organization_id: Uuid::nil(),
            name: name.into(),
            reference: None,
            kind: String::new(),
            units,
            in_use: 0,
            changed_at: Timestamp::from_micros(0),
        };
        let words = [name, "", ""];
        Key {
            mark: keys::mark(words),
            ..Key::of(Uuid::from_u128(1), &line)
        }
        .write()
    }

    #[test]
    fn rows_that_nobody_edited_are_one_unit_and_returns_come_first() {
        let keys = [
            key(1, "A", 5),
            key(2, "B", 5),
            key(3, "C", 5),
            key(4, "D", 5),
        ];
        let sheet = file(&[
            ["E", "2", "", ""],
            ["A", "9", "", &keys[0]],
            ["B", " 5", "", &keys[1]],
            ["C", "1", "", &keys[2]],
            ["D", "5", "", &keys[3]],
        ]);
        let rows: Vec<&[i64]> = sheet
            .units
            .iter()
            .map(|unit| unit.rows.as_slice())
            .collect();
        assert_eq!(rows, [&[4, 6][..], &[5], &[3], &[2]]);
    }

    #[test]
    fn so_many_new_customers_and_no_more() {
        let rows = vec![["A", "1", "", ""]; MOST_NEW + 2];
        let sheet = file(&rows);
        assert_eq!((sheet.units.len(), sheet.remarks.len()), (MOST_NEW, 2));
    }

    #[test]
    fn keys_that_cannot_be_are_refused_at_their_rows() {
        let (twice, ten) = (key(1, "A", 5), key(2, "B", 5));
        let foreign = ten.replacen("0001-", "0002-", 1);
        let sheet = file(&[
            ["A", "5", "", &twice],
            ["A2", "5", "", &twice],
            ["B", "ten", "", &ten],
            ["C", "1", "", &foreign],
            ["", "1", "", ""],
        ]);
        let codes: Vec<&str> = sheet
            .remarks
            .values()
            .flatten()
            .filter(|remark| remark.error)
            .map(|remark| remark.code.as_str())
            .collect();
        let repeated = "workbook.key_repeated";
        let expected = [
            repeated,
            repeated,
            "number.malformed",
            "workbook.key_unknown",
            "required",
        ];
        assert_eq!(codes, expected);
        assert!(sheet.units.is_empty());
    }
}
