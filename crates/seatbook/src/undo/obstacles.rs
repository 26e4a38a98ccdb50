//! What was built on a change, and so keeps it from being taken back.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Serialize;
use serde_json::Value;
use store::Tx;
use uuid::Uuid;

use super::{
    plan::{Plan, within},
    references::REFERENCES,
};
use crate::{
    error::Result,
    journal::{
        reversal::{self, Later, Reversal, Reversals},
        words,
    },
};

/// One reason why a change cannot be taken back.
#[derive(Clone, Debug, Serialize)]
pub struct Obstacle {
    /// A sentence for a person.
    pub message: String,
    /// The row that is in the way, such as `pool`.
    pub noun: &'static str,
    /// Which; none where a sum does not add up.
    pub row_id: Option<Uuid>,
    /// The entry that built on it, where one did.
    pub journal_id: Option<Uuid>,
}

/// Everything that stands in the way.
pub(super) async fn find(tx: &mut Tx<'_>, rows: &Reversals, plan: &Plan) -> Result<Vec<Obstacle>> {
    let mut found = Vec::new();
    for noun in [
        "assignment",
        "holder",
        "pool",
        "license",
        "sku",
        "product",
        "organization",
        "plan_subscription",
    ] {
        let rows = rows.get(noun).map(Vec::as_slice).unwrap_or_default();
        let by_id: BTreeMap<Uuid, &Reversal> = rows.iter().map(|row| (row.row_id, row)).collect();
        let mut said = HashSet::new();
        for later in reversal::later(tx, noun, rows).await? {
            let row = by_id
                .get(&later.row_id)
                .filter(|row| builds_on(noun, row, &later));
            // The latest change of a row says it; those before it would be undone first anyway.
            found.extend(
                row.filter(|row| said.insert(row.row_id))
                    .map(|row| afterwards(noun, row, &later)),
            );
        }
    }
    // Sums come last: where somebody changed a share, that says more than what is free now.
    if found.is_empty() {
        sums(tx, plan, &mut found).await?;
    }
    references(tx, rows, &mut found).await?;
    Ok(found)
}

/// Whether a later change touched what would be put back. A new row is built on by any change.
fn builds_on(noun: &str, row: &Reversal, later: &Later) -> bool {
    let touches = |name: &String| match noun {
        // A share is its units; what it passed on shows in the sums.
        "pool" => {
            matches!(name.as_str(), "quantity" | "parent_id") && row.after.contains_key("quantity")
        }
        _ => row.before.contains_key(name),
    };
    let removed = later.fields.is_empty();
    let own_pool =
        noun == "pool" && row.made && row.after.get("parent_id").is_some_and(Value::is_null);
    removed || own_pool || (noun != "pool" && row.made) || later.fields.iter().any(touches)
}

fn afterwards(noun: &'static str, row: &Reversal, later: &Later) -> Obstacle {
    let what = called(noun, row);
    let at = later.at.get().strftime("%-d %B %Y, %H:%M UTC");
    let did = words::what(&later.command);
    Obstacle {
        message: format!("{what} was changed afterwards: {did}, {at}."),
        noun,
        row_id: Some(row.row_id),
        journal_id: Some(later.journal_id),
    }
}

/// "The SKU “E3”"; a row whose name did not change goes by its kind alone.
fn called(noun: &str, row: &Reversal) -> String {
    let mut names = ["code", "sales_order", "name"].into_iter();
    match names.find_map(|name| row.after.get(name)?.as_str()) {
        Some(name) => format!("{} “{name}”", word(noun)),
        None => word(noun).to_owned(),
    }
}

fn word(noun: &str) -> &'static str {
    match noun {
        "assignment" => "An assignment",
        "holder" => "A holder",
        "pool" => "A share",
        "license" => "The license",
        "sku" => "The SKU",
        "product" => "The product",
        "plan_subscription" => "The service plan",
        _ => "The organization",
    }
}

/// Shares that are used by now, or units that were passed on to somebody else.
async fn sums(tx: &mut Tx<'_>, plan: &Plan, found: &mut Vec<Obstacle>) -> Result<()> {
    for shares in &plan.shares {
        match shares.check(tx).await {
            Err(error) if error.is_refusal() => {
                let reasons = error.fields.iter().map(|field| field.message.clone());
                let mut reasons: Vec<String> = reasons.collect();
                if reasons.is_empty() {
                    reasons.push(error.message);
                }
                let row_id = Some(shares.pool_id);
                found.extend(reasons.into_iter().map(|message| Obstacle {
                    message,
                    noun: "pool",
                    row_id,
                    journal_id: None,
                }));
            }
            checked => checked?,
        }
    }
    Ok(())
}

/// Rows that refer to a row that would go, and may go with it: noun, a SELECT of both, what the other one is,
/// and what is said where it stays.
const PAIRS: [(&str, &str, &str, &str); 4] = [
    (
        "organization",
        "SELECT parent_id, id FROM organization_node WHERE parent_id IN",
        "organization",
        "has organizations below it",
    ),
    (
        "organization",
        "SELECT organization_id, id FROM holder WHERE organization_id IN",
        "holder",
        "has holders",
    ),
    (
        "product",
        "SELECT product_id, id FROM sku WHERE product_id IN",
        "sku",
        "is sold by a SKU",
    ),
    (
        "product",
        "SELECT product_id, sku_id FROM sku_component WHERE product_id IN",
        "sku",
        "is included in a SKU",
    ),
];

async fn references(tx: &mut Tx<'_>, rows: &Reversals, found: &mut Vec<Obstacle>) -> Result<()> {
    for (noun, table, column, says) in REFERENCES {
        let select = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IN");
        kept(tx, (rows, noun), (&select, says), found).await?;
    }
    // A license that took over from another was used there.
    let used = "SELECT id FROM license WHERE used = TRUE AND follows_id IS NULL AND id IN";
    let says = "was used, so it stays on record";
    kept(tx, (rows, "license"), (used, says), found).await?;
    for (noun, sql, other, says) in PAIRS {
        let (going, others) = (made(rows, noun), made(rows, other));
        let ids: Vec<Uuid> = going.keys().copied().collect();
        let pairs: Vec<(Uuid, Uuid)> = within(tx, sql, &ids).await?;
        let stays = pairs.into_iter().filter(|(_, by)| !others.contains_key(by));
        let kept: BTreeSet<Uuid> = stays.map(|(id, _)| id).collect();
        found.extend(
            kept.iter()
                .filter_map(|id| Some(kept_by(noun, going.get(id)?, says))),
        );
    }
    Ok(())
}

/// Adds the rows that would go and that a statement finds, each once for what is said of it.
async fn kept(
    tx: &mut Tx<'_>,
    (rows, noun): (&Reversals, &'static str),
    (select, says): (&str, &str),
    found: &mut Vec<Obstacle>,
) -> Result<()> {
    let going = made(rows, noun);
    let ids: Vec<Uuid> = going.keys().copied().collect();
    for (id,) in within::<(Uuid,)>(tx, select, &ids).await? {
        let obstacle = going.get(&id).map(|row| kept_by(noun, row, says));
        let new = obstacle.filter(|it| !found.iter().any(|known| known.message == it.message));
        found.extend(new);
    }
    Ok(())
}

/// The rows that would go.
fn made<'a>(rows: &'a Reversals, noun: &str) -> BTreeMap<Uuid, &'a Reversal> {
    let rows = rows.get(noun).map(Vec::as_slice).unwrap_or_default();
    rows.iter()
        .filter(|row| row.made)
        .map(|row| (row.row_id, row))
        .collect()
}

fn kept_by(noun: &'static str, row: &Reversal, says: &str) -> Obstacle {
    Obstacle {
        message: format!("{} {says}.", called(noun, row)),
        noun,
        row_id: Some(row.row_id),
        journal_id: None,
    }
}
