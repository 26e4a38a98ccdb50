//! A license inventory as files bring it: a line of a sales order a row.

mod rows;

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;
use store::Tx;
use uuid::Uuid;

use super::{
    cells::Outcome,
    kinds::{Asker, Field, Judged, What, field},
};
use crate::{
    catalog,
    error::{FieldError, Result},
    gate::{self, Command},
    licenses::{
        self,
        commands::{EditLicense, IssueLicense},
        model::License,
    },
    organizations,
    scope::Permission,
};

pub use rows::understand;

/// The fields of a license inventory.
pub const FIELDS: &[Field] = &[
    Field {
        required: true,
        ..field(
            "sales_order",
            "Sales order",
            "With the SKU and the first day it decides which license a row means.",
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
            "sku",
            "SKU",
            "Its code.",
            &["sku", "skucode", "code", "licensesku"],
        )
    },
    Field {
        required: true,
        ..field(
            "quantity",
            "Quantity",
            "",
            &["quantity", "units", "seats", "qty", "count"],
        )
    },
    field(
        "owner",
        "Owner's reference",
        "Your own organization, where there is none.",
        &[
            "owner",
            "ownerreference",
            "organization",
            "customer",
            "customerreference",
            "tenant",
        ],
    ),
    field(
        "start_date",
        "First day",
        "2026-01-31; today where there is none.",
        &["startdate", "start", "firstday", "validfrom"],
    ),
    field(
        "end_date",
        "Last day",
        "Computed from the SKU where there is none.",
        &["enddate", "end", "lastday", "validto", "expiry"],
    ),
    field(
        "support_reference",
        "Support reference",
        "",
        &["supportreference", "support", "supportid"],
    ),
    field("name", "Name", "", &["name", "licensename"]),
    field("note", "Note", "", &["note", "notes", "comment"]),
    field(
        "price",
        "Price of a unit",
        "Such as 12.50.",
        &["price", "unitprice"],
    ),
    field("currency", "Currency", "EUR, USD …", &["currency"]),
];

/// A license as a file says it. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LicenseRow {
    /// The order it came with.
    pub sales_order: String,
    /// The SKU's code.
    pub sku: String,
    /// Its units.
    pub quantity: i64,
    /// The owner's reference.
    pub owner: Option<String>,
    /// The first day.
    pub start: Option<Date>,
    /// The last day.
    pub end: Option<Date>,
    /// The number under which support knows the order.
    pub support_reference: Option<String>,
    /// A name.
    pub name: Option<String>,
    /// A note.
    pub note: Option<String>,
    /// Price of a unit in minor units, and its currency.
    pub price: Option<(i64, String)>,
}

/// What the book holds of what rows name.
struct Known {
    owners: HashMap<String, Uuid>,
    skus: HashMap<String, Uuid>,
    lines: HashMap<(Uuid, String), Vec<License>>,
    below: Uuid,
}

enum Plan {
    Issue(IssueLicense),
    Edit(EditLicense, Uuid),
    Same(Uuid),
}

/// What would become of licenses.
pub async fn judge(tx: &mut Tx<'_>, asker: &Asker, units: &[&What]) -> Result<Vec<Judged>> {
    let known = known(tx, asker.organization_id, units).await?;
    let mut judged = Vec::with_capacity(units.len());
    let mut rights: HashMap<(Permission, Uuid), bool> = HashMap::new();
    for what in units {
        let What::License(row) = what else {
            judged.push(Judged::bad(vec![]));
            continue;
        };
        let plan = match plan(row, &known) {
            Ok(plan) => plan,
            Err(why) => {
                judged.push(Judged::bad(why));
                continue;
            }
        };
        let asks = match &plan {
            Plan::Issue(issue) => (Permission::LicensesIssue, issue.organization_id),
            Plan::Edit(_, owner) => (Permission::LicensesEdit, *owner),
            Plan::Same(owner) => (Permission::LicensesRead, *owner),
        };
        let held = match rights.get(&asks) {
            Some(held) => *held,
            None => asker.may(tx, asks.0, asks.1).await?,
        };
        rights.insert(asks, held);
        judged.push(match plan {
            _ if !held => Judged::bad(vec![not_yours(asks.0)]),
            Plan::Issue(issue) => Judged::good(Outcome::Create, format!("{issue:?}")),
            Plan::Edit(edit, _) => Judged::good(Outcome::Update, format!("{edit:?}")),
            Plan::Same(_) => Judged::good(Outcome::Same, String::new()),
        });
    }
    Ok(judged)
}

/// Issues licenses, and changes those that are there.
pub async fn keep(tx: &mut gate::Tx<'_>, below: Uuid, units: &[&What]) -> Result<Vec<Judged>> {
    tx.require(Permission::ImportsRun, below).await?;
    let asker = Asker {
        caller: tx.caller().clone(),
        organization_id: below,
        now: tx.now(),
    };
    let mut judged = judge(tx, &asker, units).await?;
    let known = known(tx, below, units).await?;
    for (what, judged) in units.iter().zip(&mut judged) {
        let What::License(row) = what else { continue };
        if judged.outcome == Outcome::Bad {
            continue;
        }
        let written = tx.written();
        let done = match plan(row, &known) {
            Ok(Plan::Issue(issue)) => issue.run(tx).await.map(drop),
            Ok(Plan::Edit(edit, _)) => edit.run(tx).await.map(drop),
            Ok(Plan::Same(_)) | Err(_) => Ok(()),
        };
        match done {
            // Before the first write a refusal is this row's alone.
            Err(error) if error.is_refusal() && tx.written() == written => {
                *judged = Judged::refused(&error)
            }
            done => done?,
        }
    }
    Ok(judged)
}

async fn known(tx: &mut Tx<'_>, below: Uuid, units: &[&What]) -> Result<Known> {
    let rows = || {
        units.iter().filter_map(|what| match what {
            What::License(row) => Some(row),
            _ => None,
        })
    };
    let distinct = |words: HashSet<&'_ str>| {
        let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let references = distinct(rows().filter_map(|row| row.owner.as_deref()).collect());
    let references: Vec<&str> = references.iter().map(String::as_str).collect();
    let owners = organizations::queries::of_references(tx, &references).await?;
    let owners = owners
        .into_iter()
        .filter_map(|owner| Some((owner.reference?, owner.id)));
    let codes = distinct(rows().map(|row| row.sku.as_str()).collect());
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let skus = catalog::queries::skus_of_keys(tx, &codes, &[]).await?;
    let mut known = Known {
        owners: owners.collect(),
        skus: skus.into_iter().map(|sku| (sku.code, sku.id)).collect(),
        lines: HashMap::new(),
        below,
    };
    let orders: HashSet<(Uuid, String)> = rows()
        .filter_map(|row| Some((known.owner(row)?, row.sales_order.clone())))
        .collect();
    for (owner, order) in orders {
        let lines = licenses::queries::on_order(tx, owner, &order).await?;
        known.lines.insert((owner, order), lines);
    }
    Ok(known)
}

impl Known {
    fn owner(&self, row: &LicenseRow) -> Option<Uuid> {
        match &row.owner {
            Some(reference) => self.owners.get(reference).copied(),
            None => Some(self.below),
        }
    }
}

fn plan(row: &LicenseRow, known: &Known) -> std::result::Result<Plan, Vec<FieldError>> {
    let owner = known.owner(row).ok_or_else(|| {
        vec![wrong(
            "owner",
            "organization.unknown",
            "There is no such organization that you can see.",
        )]
    })?;
    let sku_id = *known.skus.get(&row.sku).ok_or_else(|| {
        vec![wrong(
            "sku",
            "sku.unknown",
            &format!("There is no SKU “{}” in the catalog.", row.sku),
        )]
    })?;
    let lines = known
        .lines
        .get(&(owner, row.sales_order.clone()))
        .map(Vec::as_slice)
        .unwrap_or_default();
    let there: Vec<&License> = lines
        .iter()
        .filter(|line| {
            line.sku_id == sku_id && row.start.is_none_or(|start| start == line.start_date.0)
        })
        .collect();
    match there.as_slice() {
        [] => issue(row, owner, sku_id).map(Plan::Issue),
        [line] => edit(row, line),
        _ => Err(vec![wrong(
            "start_date",
            "license.ambiguous",
            "The order has several licenses of this SKU; say the first day.",
        )]),
    }
}

fn issue(
    row: &LicenseRow,
    organization_id: Uuid,
    sku_id: Uuid,
) -> std::result::Result<IssueLicense, Vec<FieldError>> {
    let row = row.clone();
    let issue = IssueLicense {
        organization_id,
        sku_id,
        quantity: row.quantity,
        sales_order: Some(row.sales_order),
        support_reference: row.support_reference,
        start_date: row.start.map(store::Date),
        end_date: row.end.map(store::Date),
        name: row.name,
        note: row.note,
        price: row.price,
    };
    if row
        .end
        .is_some_and(|end| row.start.is_some_and(|start| end < start))
    {
        return Err(vec![wrong(
            "end_date",
            "before_start",
            "The last day lies before the first.",
        )]);
    }
    issue.check().map_err(|error| error.fields)?;
    Ok(issue)
}

fn edit(row: &LicenseRow, line: &License) -> std::result::Result<Plan, Vec<FieldError>> {
    let in_use = line.allocated + line.assigned;
    if row.quantity < in_use {
        let message = format!(
            "{in_use} units are passed on or bound; free {} first.",
            in_use - row.quantity
        );
        return Err(vec![wrong("quantity", "license.in_use", &message)]);
    }
    let differs = |said: &Option<String>, is: &Option<String>| said.clone().filter(|_| said != is);
    let edit = EditLicense {
        id: line.id,
        // A line before this one may have changed the whole order, and so this license.
        version: None,
        quantity: Some(row.quantity).filter(|quantity| *quantity != line.quantity),
        support_reference: differs(&row.support_reference, &line.support_reference),
        start_date: None,
        name: differs(&row.name, &line.name),
        note: differs(&row.note, &line.note),
        expiring_days: None,
        price: None,
    };
    let nothing = edit.quantity.is_none()
        && [&edit.support_reference, &edit.name, &edit.note]
            .into_iter()
            .all(Option::is_none);
    Ok(if nothing {
        Plan::Same(line.organization_id)
    } else {
        Plan::Edit(edit, line.organization_id)
    })
}

/// An owner one may not see looks like none.
fn not_yours(permission: Permission) -> FieldError {
    let message = format!(
        "You need the permission “{}” for this.",
        permission.as_str()
    );
    wrong("owner", "permission.missing", &message)
}

fn wrong(field: &str, code: &'static str, message: &str) -> FieldError {
    FieldError {
        field: field.into(),
        code: code.into(),
        message: message.into(),
    }
}
