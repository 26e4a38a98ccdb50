//! Mass configuration: telephone extensions as files bring them, each with its number, its user and its add-ons.

use std::collections::HashMap;

use rules::telephone;
use store::Tx;
use uuid::Uuid;

use super::{
    cells::{Cells, Mapping, Oddity, Outcome, Remark, Staged, forgiving, note_spaces, note_widths},
    kinds::{Asker, Field, Judged, Sheet, Unit, What, field},
};
use crate::{
    assignments::{
        commands::{Assign, Carry, MOST_ROWS, judge_rows},
        model::{Mode, RefusedRow, Wanted},
    },
    error::{FieldError, Result},
    extensions::{
        NUMBER_CODE,
        rows::{Book, ExtensionRow},
    },
    gate::{self, Command},
    holders::model::{NO_EXTENSION, NO_NUMBER},
    scope::{Permission, missing},
};

/// The fields of mass configuration (seed 003). Beside them, every column whose heading begins with
/// `Addon license` holds an add-on's code.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "extension",
            "Ext Key",
            "3 to 5 digits, kept as text.",
            &[
                "extkey",
                "ext",
                "extension",
                "extensionkey",
                "extensionnumber",
            ],
        )
    },
    field(
        "number",
        "Number",
        "The direct number (DID) of the extension, in any spelling.",
        &["number", "did", "directnumber", "phonenumber", "phone"],
    ),
    field(
        "user",
        "User",
        "A user's name or e-mail address; without one the extension waits for somebody.",
        &["user", "username", "member", "email", "useremail"],
    ),
    field(
        "base",
        "Base license",
        "Its product's code, where the organization has several with extensions.",
        &["base", "baselicense", "license", "product"],
    ),
];

/// How the heading of an add-on's column begins, in small letters without spaces and signs.
const ADD_ON: &str = "addon";

/// The headings of a file to start from, as in seed 003.
pub const SAMPLE: [&str; 7] = [
    "Ext Key",
    "Number",
    "User",
    "Addon license 1",
    "Addon license 2",
    "Addon license 3",
    "Addon license 4",
];

/// What the rows of a file of extensions say.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let columns: Vec<(usize, &String)> = headings
        .iter()
        .enumerate()
        .filter(|(_, heading)| forgiving(heading).starts_with(ADD_ON))
        .collect();
    let mut reading = Reading::default();
    for staged in rows {
        let cells = Cells::of(staged, mapping);
        match reading.row(staged, &cells, &columns) {
            Ok(_) if sheet.is_bad(staged.number) => {}
            Ok(row) => sheet.units.push(Unit {
                rows: vec![staged.number],
                what: What::Extension(row),
            }),
            Err((field, code, message)) => {
                let place = mapping.get(&field);
                let named = place.and_then(|place| headings.get(*place).cloned());
                sheet.remark(
                    staged.number,
                    Remark {
                        // The column of an add-on has no field, and goes by its heading.
                        column: named.or(Some(field)),
                        code: code.into(),
                        message,
                        error: true,
                    },
                );
            }
        }
    }
    sheet
}

type Wrong = (String, &'static str, String);

/// One pass over the file: each extension and number once.
#[derive(Default)]
struct Reading {
    extensions: HashMap<String, i64>,
    numbers: HashMap<String, i64>,
}

impl Reading {
    fn row(
        &mut self,
        staged: &Staged,
        cells: &Cells<'_>,
        columns: &[(usize, &String)],
    ) -> std::result::Result<ExtensionRow, Wrong> {
        let wrong =
            |field: &str, code: &'static str, message: String| (field.to_owned(), code, message);
        let given = cells.get("extension");
        let given = given.ok_or_else(|| {
            wrong(
                "extension",
                "required",
                "The row has no extension key.".into(),
            )
        })?;
        let extension = telephone::extension(&given).map_err(|_| {
            wrong(
                "extension",
                "extension.invalid",
                format!("“{given}”: {NO_EXTENSION}"),
            )
        })?;
        if let Some(first) = self.extensions.insert(extension.clone(), staged.number) {
            let message = format!("Extension {extension} stands in row {first} already.");
            return Err(wrong("extension", "extension.duplicate", message));
        }
        let number = match cells.get("number") {
            Some(given) => Some(telephone::number(&given).map_err(|_| {
                wrong(
                    "number",
                    "number.invalid",
                    format!("“{given}”: {NO_NUMBER}"),
                )
            })?),
            None => None,
        };
        if let Some(digits) = &number
            && let Some(first) = self.numbers.insert(digits.clone(), staged.number)
        {
            let message = format!("The same number stands in row {first} already.");
            return Err(wrong("number", "number.duplicate", message));
        }
        let mut add_ons: Vec<(String, String)> = Vec::new();
        for (place, heading) in columns {
            let cell = staged.cells.get(*place).map_or("", String::as_str);
            let code = rules::text::normalize_key(cell);
            if code.is_empty() {
                continue;
            }
            if add_ons.iter().any(|(_, other)| *other == code) {
                let message = format!("“{code}” stands twice in the row.");
                return Err(wrong(heading, "add_on.duplicate", message));
            }
            add_ons.push(((*heading).clone(), code));
        }
        Ok(ExtensionRow {
            extension,
            number,
            user: cells.get("user"),
            base: cells.get("base"),
            add_ons,
        })
    }
}

/// What would become of extensions; and of which products there are too few units.
pub async fn judge(
    tx: &mut Tx<'_>,
    asker: &Asker,
    units: &[&What],
) -> Result<(Vec<Judged>, Vec<Oddity>)> {
    let organization_id = asker.organization_id;
    if !asker
        .may(tx, Permission::AssignmentsSet, organization_id)
        .await?
    {
        return Err(missing(Permission::AssignmentsSet));
    }
    let (rows, mut book) = (rows_of(units), Book::read(tx, organization_id).await?);
    let mut judged = Vec::with_capacity(rows.len());
    let mut carry = Carry::default();
    let now = asker.now;
    for chunk in rows.chunks(MOST_ROWS) {
        book.meet(tx, organization_id, chunk).await?;
        let named = chunk.iter().map(|row| book.wanted(row)).collect::<Vec<_>>();
        let wanted: Vec<Wanted> = named.iter().filter_map(|it| it.clone().ok()).collect();
        let at = (organization_id, now);
        let judgement = judge_rows(tx, at, &wanted, &mut carry).await?;
        judged.extend(told(&named, chunk, &judgement.refused));
    }
    let oddities = oddities(&book, &carry, &rows);
    Ok((judged, oddities))
}

/// Binds what the rows say, as far as it can be bound.
pub async fn keep(
    tx: &mut gate::Tx<'_>,
    organization_id: Uuid,
    units: &[&What],
) -> Result<Vec<Judged>> {
    tx.require(Permission::ImportsRun, organization_id).await?;
    tx.require(Permission::AssignmentsSet, organization_id)
        .await?;
    let (rows, mut book) = (rows_of(units), Book::read(tx, organization_id).await?);
    let mut judged = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(MOST_ROWS) {
        book.meet(tx, organization_id, chunk).await?;
        let named = chunk.iter().map(|row| book.wanted(row)).collect::<Vec<_>>();
        let wanted: Vec<Wanted> = named.iter().filter_map(|it| it.clone().ok()).collect();
        let refused = if wanted.is_empty() {
            vec![]
        } else {
            let assign = Assign {
                organization_id,
                rows: wanted,
                mode: Mode::Good,
            };
            assign.run(tx).await?.refused
        };
        judged.extend(told(&named, chunk, &refused));
    }
    Ok(judged)
}

fn rows_of<'a>(units: &[&'a What]) -> Vec<&'a ExtensionRow> {
    let row = |what: &&'a What| match what {
        What::Extension(row) => Some(row),
        _ => None,
    };
    units.iter().filter_map(row).collect()
}

type Named = std::result::Result<Wanted, FieldError>;

/// What becomes of rows: those that could be named, and of these those that were not refused.
fn told(named: &[Named], rows: &[&ExtensionRow], refused: &[RefusedRow]) -> Vec<Judged> {
    let mut refused = refused.iter().peekable();
    let mut place = 0;
    let of_row = |(named, row): (&Named, &&ExtensionRow)| {
        let wanted = match named {
            Ok(wanted) => wanted,
            Err(why) => return Judged::bad(vec![why.clone()]),
        };
        place += 1;
        match refused.next_if(|refused| refused.row == place - 1) {
            Some(refused) => Judged::bad(vec![in_file(refused, row)]),
            None => {
                let mark = format!("{} {:?}", wanted.product_id, wanted.holder_id);
                Judged::good(Outcome::Create, mark)
            }
        }
    };
    named.iter().zip(rows).map(of_row).collect()
}

/// A refused binding at the column of the file it came from.
fn in_file(refused: &RefusedRow, row: &ExtensionRow) -> FieldError {
    let add_on = refused.field.strip_prefix("add_ons[");
    let add_on = add_on.and_then(|rest| rest.strip_suffix(']')?.parse::<usize>().ok());
    let field = match (add_on, refused.field.as_ref()) {
        // Behind the add-ons of the row stands the one its number uses.
        (Some(place), _) => match row.add_ons.get(place) {
            Some((heading, _)) => heading.clone(),
            None => "number".into(),
        },
        (None, "holder_id") => "user".into(),
        (None, "product_id" | "pool_id") => "base".into(),
        (None, other) => other.to_owned(),
    };
    FieldError {
        field,
        code: refused.code.clone(),
        message: refused.message.clone(),
    }
}

/// What is said of the file as a whole: whether numbers are counted, and what there is too little of.
fn oddities(book: &Book, carry: &Carry, rows: &[&ExtensionRow]) -> Vec<Oddity> {
    let numbers = rows.iter().filter(|row| row.number.is_some()).count();
    let counted = (numbers > 0).then(|| match book.counts_numbers {
        true => format!("Each of the {numbers} numbers uses one unit of “{NUMBER_CODE}”."),
        false => "Numbers use no units, as the organization's policy says.".to_owned(),
    });
    let policy = counted.map(|message| ("numbers.counted", message));
    let short = carry.short().into_iter().map(|(product, wanted, free)| {
        let name = book.name(product).unwrap_or("A product");
        let message = format!(
            "{name}: {wanted} wanted, {free} free, {} short.",
            wanted - free
        );
        ("units.short", message)
    });
    policy
        .into_iter()
        .chain(short)
        .map(|(code, message)| Oddity {
            code: code.into(),
            message,
            rows: vec![],
        })
        .collect()
}
