//! Allocations as files bring them: what each organization below yours shall have of a license.

use std::collections::{BTreeMap, HashMap, HashSet};

use store::Tx;
use uuid::Uuid;

use super::{
    cells::{Cells, Mapping, Outcome, Remark, Staged, note_spaces, note_widths, units_of},
    kinds::{Asker, Field, Judged, Sheet, Unit, What, field},
};
use crate::{
    allocations::{
        self,
        commands::{SetAllocations, WantedShare},
    },
    error::{FieldError, Result},
    gate::{self, Command},
    organizations,
    scope::{Permission, missing},
};

/// The fields of allocations.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "sales_order",
            "Sales order",
            "Of the license that is passed on.",
            &[
                "salesorder",
                "order",
                "ordernumber",
                "salesordernumber",
                "orderreference",
            ],
        )
    },
    Field {
        required: true,
        ..field(
            "organization",
            "Organization's reference",
            "Who gets the units; directly below yours.",
            &[
                "organization",
                "organizationreference",
                "tenant",
                "customer",
                "customerreference",
                "reference",
                "partner",
            ],
        )
    },
    Field {
        required: true,
        ..field(
            "quantity",
            "Quantity",
            "What it shall have from now on; 0 takes all back.",
            &["quantity", "units", "seats", "qty", "allocated"],
        )
    },
    field(
        "sku",
        "SKU",
        "Its code, where the order has several.",
        &["sku", "skucode", "code"],
    ),
];

/// A share as a file says it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShareRow {
    /// The order of the license.
    pub sales_order: String,
    /// The SKU's code, where the order has several.
    pub sku: Option<String>,
    /// The reference of who gets the units.
    pub organization: String,
    /// What it shall have.
    pub quantity: i64,
}

/// What the rows of a file of allocations say.
pub fn understand(rows: &[Staged], mapping: &Mapping, headings: &[String]) -> Sheet {
    let mut sheet = Sheet::default();
    note_spaces(&mut sheet, rows, mapping, headings);
    note_widths(&mut sheet, rows, headings.len());
    let mut said = HashMap::new();
    for staged in rows {
        let cells = Cells::of(staged, mapping);
        let read = read(&cells).and_then(|row| {
            let key = (
                row.sales_order.clone(),
                row.sku.clone(),
                row.organization.clone(),
            );
            match said.insert(key, staged.number) {
                Some(first) => Err((
                    "organization",
                    "allocation.repeated",
                    format!("Row {first} says a share of the same organization."),
                )),
                None => Ok(row),
            }
        });
        match read {
            Ok(_) if sheet.is_bad(staged.number) => {}
            Ok(row) => sheet.units.push(Unit {
                rows: vec![staged.number],
                what: What::Share(row),
            }),
            Err((field, code, message)) => {
                let column = mapping
                    .get(field)
                    .and_then(|place| headings.get(*place).cloned());
                sheet.remark(
                    staged.number,
                    Remark {
                        column,
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

type Wrong = (&'static str, &'static str, String);

fn read(cells: &Cells<'_>) -> std::result::Result<ShareRow, Wrong> {
    let need = |field: &'static str, what: &str| {
        cells
            .get(field)
            .ok_or_else(|| (field, "required", format!("The row has no {what}.")))
    };
    let quantity = need("quantity", "quantity")?;
    let quantity = units_of(&quantity).ok_or_else(|| {
        (
            "quantity",
            "number.malformed",
            format!("“{quantity}” is no whole number."),
        )
    })?;
    Ok(ShareRow {
        sales_order: need("sales_order", "sales order")?,
        sku: cells.get("sku"),
        organization: need("organization", "organization")?,
        quantity,
    })
}

/// What would become of shares.
pub async fn judge(tx: &mut Tx<'_>, asker: &Asker, units: &[&What]) -> Result<Vec<Judged>> {
    if !asker
        .may(tx, Permission::AllocationsSet, asker.organization_id)
        .await?
    {
        return Err(missing(Permission::AllocationsSet));
    }
    Ok(prepare(tx, asker.organization_id, units).await?.0)
}

/// Passes on, and takes back, what the rows say; the rows of one license in one step.
pub async fn keep(tx: &mut gate::Tx<'_>, of: Uuid, units: &[&What]) -> Result<Vec<Judged>> {
    tx.require(Permission::ImportsRun, of).await?;
    tx.require(Permission::AllocationsSet, of).await?;
    let (judged, changes) = prepare(tx, of, units).await?;
    for change in changes {
        change.run(tx).await?;
    }
    Ok(judged)
}

/// A row whose license and organization are found.
struct Found {
    place: usize,
    child: Uuid,
    before: i64,
    quantity: i64,
}

/// Judges every row, and makes of the good ones a change for each pool.
async fn prepare(
    tx: &mut Tx<'_>,
    of: Uuid,
    units: &[&What],
) -> Result<(Vec<Judged>, Vec<SetAllocations>)> {
    let mut judged: Vec<Judged> = units
        .iter()
        .map(|_| Judged::good(Outcome::Same, String::new()))
        .collect();
    let mut pools = Pools::of(of);
    let mut groups: BTreeMap<Uuid, Vec<(usize, &ShareRow)>> = BTreeMap::new();
    for (place, what) in units.iter().enumerate() {
        let What::Share(row) = what else { continue };
        match pools.find(tx, row).await? {
            Ok(pool) => groups.entry(pool).or_default().push((place, row)),
            Err(why) => judged[place] = Judged::bad(vec![why]),
        }
    }
    let children = children(tx, units).await?;
    let mut changes = Vec::new();
    for (pool_id, rows) in groups {
        let found = compare(tx, pool_id, (&rows, &children), &mut judged).await?;
        changes.extend(settle(tx, pool_id, found, &mut judged).await?);
    }
    Ok((judged, changes))
}

/// The pools of one organization by order and SKU.
struct Pools {
    of: Uuid,
    by_order: HashMap<String, Vec<(Uuid, String)>>,
}

impl Pools {
    fn of(of: Uuid) -> Self {
        Pools {
            of,
            by_order: HashMap::new(),
        }
    }

    async fn find(
        &mut self,
        tx: &mut Tx<'_>,
        row: &ShareRow,
    ) -> Result<std::result::Result<Uuid, FieldError>> {
        if !self.by_order.contains_key(&row.sales_order) {
            let sql = "SELECT id, sku_code FROM pool WHERE organization_id = $1 AND sales_order = $2 ORDER BY id";
            let pools = tx.query(sql, &[&self.of, &row.sales_order]).await?;
            self.by_order.insert(row.sales_order.clone(), pools);
        }
        let pools = self
            .by_order
            .get(&row.sales_order)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let fitting: Vec<Uuid> = pools
            .iter()
            .filter(|(_, sku)| row.sku.as_ref().is_none_or(|wanted| wanted == sku))
            .map(|(id, _)| *id)
            .collect();
        Ok(match fitting.as_slice() {
            [pool] => Ok(*pool),
            [] => Err(wrong(
                "sales_order",
                "license.unknown",
                "You hold no license of this order and SKU.",
            )),
            _ => Err(wrong(
                "sku",
                "license.ambiguous",
                "The order has several licenses; say the SKU, or change them on their pages.",
            )),
        })
    }
}

async fn children(tx: &mut Tx<'_>, units: &[&What]) -> Result<HashMap<String, Uuid>> {
    let named: HashSet<&str> = units
        .iter()
        .filter_map(|what| match what {
            What::Share(row) => Some(row.organization.as_str()),
            _ => None,
        })
        .collect();
    let mut named: Vec<&str> = named.into_iter().collect();
    named.sort_unstable();
    let found = organizations::queries::of_references(tx, &named).await?;
    Ok(found
        .into_iter()
        .filter_map(|it| Some((it.reference?, it.id)))
        .collect())
}

/// What each row changes; rows that name nobody directly below, or change nothing, are settled here.
async fn compare(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    (rows, children): (&[(usize, &ShareRow)], &HashMap<String, Uuid>),
    judged: &mut [Judged],
) -> Result<Vec<Found>> {
    let Some(source) = allocations::queries::find_source(tx, pool_id).await? else {
        return Ok(vec![]);
    };
    let ids: Vec<Uuid> = rows
        .iter()
        .filter_map(|(_, row)| children.get(&row.organization).copied())
        .collect();
    let known = allocations::queries::find_children(tx, &source, &ids).await?;
    let mut found = Vec::new();
    for (place, row) in rows {
        let child = children.get(&row.organization);
        let child = known
            .iter()
            .find(|known| Some(&known.organization_id) == child);
        let Some(child) =
            child.filter(|child| child.pool_id.is_none() || child.parent_id == Some(pool_id))
        else {
            let message = "There is no such organization directly below yours.";
            judged[*place] =
                Judged::bad(vec![wrong("organization", "allocation.no_child", message)]);
            continue;
        };
        if child.quantity != row.quantity {
            let (child, before) = (child.organization_id, child.quantity);
            found.push(Found {
                place: *place,
                child,
                before,
                quantity: row.quantity,
            });
        }
    }
    Ok(found)
}

/// The change of one pool, if its sums hold; else every row says why. Rows refused by themselves are left
/// out, and the others judged again.
async fn settle(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    mut found: Vec<Found>,
    judged: &mut [Judged],
) -> Result<Option<SetAllocations>> {
    while !found.is_empty() {
        let rows = found.iter().map(|row| WantedShare {
            organization_id: row.child,
            seen: row.before,
            quantity: row.quantity,
        });
        let change = SetAllocations {
            pool_id,
            rows: rows.collect(),
        };
        let error = match change.check(tx).await {
            Ok(()) => {
                for row in &found {
                    let outcome = if row.before == 0 {
                        Outcome::Create
                    } else {
                        Outcome::Update
                    };
                    judged[row.place] =
                        Judged::good(outcome, format!("{} {}", row.before, row.quantity));
                }
                return Ok(Some(change));
            }
            Err(error) if error.is_refusal() => error,
            Err(error) => return Err(error),
        };
        let named = |row: usize| {
            error
                .fields
                .iter()
                .any(|wrong| wrong.field.starts_with(&format!("rows[{row}]")))
        };
        let alone: Vec<usize> = (0..found.len()).filter(|row| named(*row)).collect();
        for (row, it) in found.iter().enumerate() {
            if alone.is_empty() || alone.contains(&row) {
                judged[it.place] = Judged::refused(&error);
            }
        }
        if alone.is_empty() {
            return Ok(None);
        }
        let mut row = 0;
        found.retain(|_| {
            row += 1;
            !alone.contains(&(row - 1))
        });
    }
    Ok(None)
}

fn wrong(field: &str, code: &'static str, message: &str) -> FieldError {
    FieldError {
        field: field.into(),
        code: code.into(),
        message: message.into(),
    }
}
