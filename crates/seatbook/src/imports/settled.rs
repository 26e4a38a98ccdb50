//! From what becomes of things to what becomes of rows.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::model::{Counts, Findings, Import};
use crate::{
    error::FieldError,
    files::{Encoding, Format},
    secrets::hex,
    sheets::{ImportKind, Judged, Mapping, Oddity, Outcome, Remark, Sheet, What},
    workbooks::keys,
};

/// What becomes of every row, as it is written.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Rows nothing is to be said about, by outcome.
    pub plain: BTreeMap<Outcome, Vec<i64>>,
    /// Rows with what is to be said about each.
    pub remarked: Vec<(i64, Outcome, Vec<Remark>)>,
    /// Counts, and the check's mark.
    pub findings: Findings,
    /// What is odd about the file.
    pub oddities: Vec<Oddity>,
}

impl Settled {
    /// Whether the same becomes of every row.
    pub fn is_like(&self, other: &Settled) -> bool {
        (&self.plain, &self.remarked) == (&other.plain, &other.remarked)
    }
}

/// A row is what the most telling of its things is: bad before new, new before changed.
pub fn settle(import: &Import, sheet: &Sheet, judged: &[Judged]) -> Settled {
    let mut rows: BTreeMap<i64, (Outcome, Vec<Remark>)> = BTreeMap::new();
    for (row, remarks) in &sheet.remarks {
        let bad = remarks.iter().any(|remark| remark.error);
        let outcome = if bad { Outcome::Bad } else { Outcome::Same };
        rows.insert(*row, (outcome, remarks.clone()));
    }
    let mut hash = Sha256::new();
    for (unit, judged) in sheet.units.iter().zip(judged) {
        hash.update(judged.outcome.as_str());
        hash.update(&judged.mark);
        for row in &unit.rows {
            let (outcome, remarks) = rows.entry(*row).or_insert((Outcome::Same, vec![]));
            *outcome = judged.outcome.max(*outcome);
            remarks.extend(
                judged
                    .errors
                    .iter()
                    .map(|error| remark(import, &unit.what, error)),
            );
            remarks.extend(judged.before.iter().map(|(field, before)| {
                Remark::changed(heading(&import.mapping, &import.headings, field), before)
            }));
        }
    }
    let mut counts = Counts::default();
    let (mut plain, mut remarked) = (BTreeMap::<Outcome, Vec<i64>>::new(), Vec::new());
    for (row, (outcome, remarks)) in rows {
        *match outcome {
            Outcome::Create => &mut counts.create,
            Outcome::Update => &mut counts.update,
            Outcome::Remove => &mut counts.remove,
            Outcome::Same => &mut counts.same,
            Outcome::Bad => &mut counts.bad,
        } += 1;
        if remarks.is_empty() {
            plain.entry(outcome).or_default().push(row);
        } else {
            remarked.push((row, outcome, remarks));
        }
    }
    let fingerprint = hex(&hash.finalize())[..32].to_owned();
    let findings = Findings {
        counts,
        fingerprint,
    };
    Settled {
        plain,
        remarked,
        findings,
        oddities: sheet.oddities.clone(),
    }
}

/// A refusal of a thing, at the column from which the field was read.
fn remark(import: &Import, what: &What, error: &FieldError) -> Remark {
    let field = error.field.trim_end_matches("_minor");
    let names = match what {
        What::Product(_) => [
            field.to_owned(),
            format!("component_{field}"),
            format!("product_{field}"),
        ],
        _ => [
            field.to_owned(),
            format!("sku_{field}"),
            format!("component_{field}"),
        ],
    };
    let column = names
        .iter()
        .find_map(|name| heading(&import.mapping, &import.headings, name))
        // What has no field, such as an add-on's column, goes by its heading.
        .or_else(|| Some(error.field.clone()).filter(|field| import.headings.contains(field)));
    Remark {
        column,
        code: error.code.to_string(),
        message: error.message.clone(),
        error: true,
    }
}

fn heading(mapping: &Mapping, headings: &[String], field: &str) -> Option<String> {
    headings.get(*mapping.get(field)?).cloned()
}

/// Whether the only other sheet is the one that Seatbook wrote itself.
fn is_round_trip(import: &Import) -> bool {
    import.kind == ImportKind::Customers && import.other_sheets == [keys::ABOUT]
}

/// What was done to read the file at all.
pub fn read_oddities(import: &Import) -> Vec<Oddity> {
    let encoding = match import.encoding {
        Some(Encoding::Utf8Marked) => {
            Some("The file begins with a byte-order mark, which was left out.")
        }
        Some(Encoding::Utf16Le | Encoding::Utf16Be) => {
            Some("The file is UTF-16, as its byte-order mark says.")
        }
        Some(Encoding::Windows1252) => {
            Some("The file is not UTF-8; it was read as Windows-1252. Check letters with accents.")
        }
        Some(Encoding::Utf8) | None => None,
    };
    let ending = import
        .file_name
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    let named = match (import.format, ending.as_deref()) {
        (Format::Csv, Some("xlsx" | "xlsm" | "xls" | "ods")) => {
            Some("The file is named like a workbook and holds CSV; it was read as CSV.")
        }
        (Format::Xlsx, Some("csv" | "txt" | "tsv")) => Some(
            "The file is named like a CSV file and holds a workbook; it was read as a workbook.",
        ),
        _ => None,
    };
    let sheets = (!import.other_sheets.is_empty() && !is_round_trip(import)).then(|| {
        let others = import.other_sheets.join("”, “");
        let read = import.sheet.as_deref().unwrap_or_default();
        format!("Only the sheet “{read}” was read, not “{others}”.")
    });
    let said = [
        ("file.encoding", encoding.map(str::to_owned)),
        ("file.named_otherwise", named.map(str::to_owned)),
        ("file.other_sheets", sheets),
    ];
    let oddity = |(code, message): (&str, Option<String>)| {
        let code = code.to_owned();
        message.map(|message| Oddity {
            code,
            message,
            rows: vec![],
        })
    };
    said.into_iter().filter_map(oddity).collect()
}
