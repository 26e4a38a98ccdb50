//! From the rows of a file to organizations, each said once, parents first.

use std::collections::{HashMap, HashSet};

use super::{
    super::{
        cells::{
            Cells, Mapping, Oddity, Remark, Staged, forgiving, note_spaces, note_widths, plural,
            ranges,
        },
        kinds::{Sheet, Unit, What},
    },
    OrganizationRow,
};
use crate::organizations::model::{Kind, PricingModel};

/// What the rows of a file of organizations say, parents first.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let column = |field: &str| {
        mapping
            .get(field)
            .and_then(|place| headings.get(*place).cloned())
    };
    let mut said = Said::default();
    for staged in rows {
        let told = read(&Cells::of(staged, mapping)).and_then(|row| said.hear(row, staged.number));
        let remark = match told {
            Ok(None) => continue,
            Ok(Some(message)) => Remark {
                column: None,
                code: "rows.repeated".into(),
                message,
                error: false,
            },
            Err((field, code, message)) => Remark {
                column: column(field),
                code: code.into(),
                message,
                error: true,
            },
        };
        sheet.remark(staged.number, remark);
    }
    if !said.repeats.is_empty() {
        let message = format!(
            "{} an organization again and were merged: {}.",
            plural(said.repeats.len(), "row says", "rows say"),
            ranges(&said.repeats)
        );
        sheet.oddities.push(Oddity {
            code: "rows.repeated".into(),
            message,
            rows: said.repeats,
        });
    }
    let good = |(_, rows): &(OrganizationRow, Vec<i64>)| rows.iter().any(|row| !sheet.is_bad(*row));
    let rows = said.rows.into_iter().filter(good).collect();
    parents_first(&mut sheet, rows, column("parent_reference"));
    sheet
}

/// Organizations as they are said, each with its rows.
#[derive(Default)]
struct Said {
    places: HashMap<String, usize>,
    rows: Vec<(OrganizationRow, Vec<i64>)>,
    repeats: Vec<i64>,
}

impl Said {
    /// Takes a row; says where it repeats one, and refuses where it contradicts one.
    fn hear(
        &mut self,
        row: OrganizationRow,
        number: i64,
    ) -> std::result::Result<Option<String>, Wrong> {
        let Some(place) = self.places.get(&row.reference) else {
            self.places.insert(row.reference.clone(), self.rows.len());
            self.rows.push((row, vec![number]));
            return Ok(None);
        };
        let (first, rows) = &mut self.rows[*place];
        if *first != row {
            let message = format!(
                "Row {} has this reference and says something else.",
                rows[0]
            );
            return Err(("reference", "reference.repeated", message));
        }
        rows.push(number);
        self.repeats.push(number);
        Ok(Some(format!(
            "Repeats row {}; both were taken as one.",
            rows[0]
        )))
    }
}

type Wrong = (&'static str, &'static str, String);

fn read(cells: &Cells<'_>) -> std::result::Result<OrganizationRow, Wrong> {
    let need = |field: &'static str, what: &str| {
        cells
            .get(field)
            .ok_or_else(|| (field, "required", format!("The row has no {what}.")))
    };
    let kind = match cells.get("kind") {
        None => None,
        Some(word) => Some(match forgiving(&word).as_str() {
            "partner" | "reseller" => Kind::Partner,
            "customer" | "tenant" | "company" => Kind::Customer,
            _ => {
                return Err((
                    "kind",
                    "kind.unknown",
                    format!("“{word}” is neither partner nor customer."),
                ));
            }
        }),
    };
    let pricing_model = match cells.get("pricing_model") {
        None => None,
        Some(word) => Some(match forgiving(&word).as_str() {
            "license" | "licence" => PricingModel::License,
            "usage" => PricingModel::Usage,
            _ => {
                return Err((
                    "pricing_model",
                    "pricing_model.unknown",
                    format!("“{word}” is neither license nor usage."),
                ));
            }
        }),
    };
    Ok(OrganizationRow {
        reference: need("reference", "reference")?,
        name: need("name", "name")?,
        parent: cells.get("parent_reference"),
        kind,
        website: cells.get("website"),
        tax_id: cells.get("tax_id"),
        pricing_model,
        time_zone: cells.get("time_zone"),
        note: cells.get("note"),
    })
}

/// Puts every organization behind the one above it; those that stand above each other are said so.
fn parents_first(
    sheet: &mut Sheet,
    rows: Vec<(OrganizationRow, Vec<i64>)>,
    column: Option<String>,
) {
    let inside: HashSet<String> = rows.iter().map(|(row, _)| row.reference.clone()).collect();
    let mut below: HashMap<Option<String>, Vec<usize>> = HashMap::new();
    for (place, (row, _)) in rows.iter().enumerate() {
        let parent = row.parent.clone().filter(|parent| inside.contains(parent));
        below.entry(parent).or_default().push(place);
    }
    let mut order = below.remove(&None).unwrap_or_default();
    let mut next = 0;
    while let Some(place) = order.get(next).copied() {
        order.extend(
            below
                .remove(&Some(rows[place].0.reference.clone()))
                .unwrap_or_default(),
        );
        next += 1;
    }
    for place in below.into_values().flatten() {
        for row in &rows[place].1 {
            let message = "Its parents lead back to itself.".into();
            sheet.remark(
                *row,
                Remark {
                    column: column.clone(),
                    code: "organization.circle".into(),
                    message,
                    error: true,
                },
            );
        }
    }
    let units = order.into_iter().map(|place| {
        let (row, numbers) = rows[place].clone();
        Unit {
            rows: numbers,
            what: What::Organization(row),
        }
    });
    sheet.units = units.collect();
}
