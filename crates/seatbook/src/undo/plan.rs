//! What it takes to put rows back: the same for the page that asks, for a preview and for the write.

use std::collections::BTreeMap;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use store::{Param, Tx, placeholders};
use uuid::Uuid;

use super::obstacles::{self, Obstacle};
use crate::{
    allocations::commands::{SetAllocations, WantedShare},
    assignments::commands::Restore,
    catalog::{
        self,
        commands::{EditProduct, EditSku, remove_products, remove_skus},
        facts::{ProductFacts, SkuFacts},
    },
    crossgrades,
    error::{Error, Result},
    gate::{self, Command},
    journal::reversal::{self, Reversal, Reversals},
    licenses::commands::{DeleteLicense, EditLicense},
    organizations::{self, commands::EditOrganization, model::OrganizationFacts},
    plan_subscriptions,
};

/// What an undo does, and what stands in its way.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Shares as they were, a pool at a time.
    pub shares: Vec<SetAllocations>,
    /// Licenses as they were.
    pub licenses: Vec<EditLicense>,
    /// Licenses that are issued no more.
    pub gone_licenses: Vec<DeleteLicense>,
    /// SKUs as they were.
    pub skus: Vec<EditSku>,
    /// SKUs that are not there any more.
    pub gone_skus: Vec<Uuid>,
    /// Products as they were.
    pub products: Vec<EditProduct>,
    /// Products that are not there any more.
    pub gone_products: Vec<Uuid>,
    /// Organizations as they were.
    pub organizations: Vec<EditOrganization>,
    /// Organizations that are not there any more, those below others first.
    pub gone_organizations: Vec<Uuid>,
    /// Assignments as they were.
    pub assignments: Restore,
    /// Service plans that customers do not have any more, by a crossgrade.
    pub crossgrades: Vec<crossgrades::commands::TakeBack>,
    /// The same, of those that were just assigned.
    pub service_plans: Vec<plan_subscriptions::commands::Remove>,
    /// Rows in all.
    pub rows: i64,
    /// What was built on it.
    pub obstacles: Vec<Obstacle>,
}

/// As many obstacles as a refusal names.
const NAMED: usize = 20;

impl Plan {
    /// Refused while anything was built on it.
    pub fn refuse(&self) -> Result<()> {
        let message = match self.obstacles.as_slice() {
            [] => return Ok(()),
            [one] => one.message.clone(),
            [first, more @ ..] => format!(
                "{} There are {} more such reasons.",
                first.message,
                more.len()
            ),
        };
        let named: Vec<&Obstacle> = self.obstacles.iter().take(NAMED).collect();
        Err(Error::conflict("undo.built_on", message)
            .with("obstacles", json!(named))
            .with("obstacles_total", self.obstacles.len()))
    }

    /// What it does, in numbers.
    pub fn numbers(&self) -> Vec<(&'static str, usize)> {
        let shares = self.shares.iter().map(|pool| pool.rows.len()).sum();
        let all = [
            ("Crossgrades taken back", self.crossgrades.len()),
            ("Service plans removed", self.service_plans.len()),
            ("Assignments ended", self.assignments.made.len()),
            ("Assignments made again", self.assignments.ended.len()),
            ("Extensions removed", self.assignments.holders.len()),
            ("Shares put back", shares),
            ("Licenses put back", self.licenses.len()),
            ("Licenses removed", self.gone_licenses.len()),
            ("SKUs put back", self.skus.len()),
            ("SKUs removed", self.gone_skus.len()),
            ("Products put back", self.products.len()),
            ("Products removed", self.gone_products.len()),
            ("Organizations put back", self.organizations.len()),
            ("Organizations removed", self.gone_organizations.len()),
        ];
        all.into_iter().filter(|(_, number)| *number > 0).collect()
    }

    /// Does it. Last in, first out: assignments, shares, then licenses, what they are of, and whose they are.
    pub async fn put_back(&self, tx: &mut gate::Tx<'_>) -> Result<()> {
        for crossgrade in &self.crossgrades {
            crossgrade.run(tx).await?;
        }
        for service_plan in &self.service_plans {
            service_plan.run(tx).await?;
        }
        self.assignments.put_back(tx).await?;
        for shares in &self.shares {
            shares.run(tx).await?;
        }
        for edit in &self.licenses {
            edit.run_alone(tx).await?;
        }
        for delete in &self.gone_licenses {
            delete.run(tx).await?;
        }
        for edit in &self.skus {
            edit.run(tx).await?;
        }
        // Who has put their own units back needs no right to the catalog.
        if !self.gone_skus.is_empty() {
            remove_skus(tx, &self.gone_skus).await?;
        }
        for edit in &self.products {
            edit.run(tx).await?;
        }
        if !self.gone_products.is_empty() {
            remove_products(tx, &self.gone_products).await?;
        }
        for edit in &self.organizations {
            edit.run(tx).await?;
        }
        for id in &self.gone_organizations {
            organizations::commands::remove(tx, *id).await?;
        }
        Ok(())
    }
}

/// Plans taking entries back, without writing anything.
pub async fn plan(tx: &mut Tx<'_>, entries: &[Uuid]) -> Result<Plan> {
    let rows = reversal::of_entries(tx, entries).await?;
    if let Some(plan) = of_service_plans(tx, &rows).await? {
        return Ok(plan);
    }
    let mut plan = Plan {
        assignments: Restore::of(&rows),
        ..Plan::default()
    };
    let of = |noun: &str| rows.get(noun).map(Vec::as_slice).unwrap_or_default();
    for (noun, changed) in &rows {
        // What an import says of itself is not what it brought in.
        plan.rows += if noun == "import" {
            0
        } else {
            changed.len() as i64
        };
    }
    shares(tx, of("pool"), &mut plan).await?;
    for license in of("license") {
        match license.made {
            true => plan.gone_licenses.push(DeleteLicense {
                id: license.row_id,
                version: None,
            }),
            false => plan.licenses.push(edit_license(license)),
        }
    }
    catalog_rows(tx, (of("sku"), of("product")), &mut plan).await?;
    organization_rows(tx, of("organization"), &mut plan).await?;
    plan.obstacles = obstacles::find(tx, &rows, &plan).await?;
    Ok(plan)
}

/// Service plans that were given to customers. They are taken back whole: their licenses, pools and bindings are put
/// back by what made them, not row by row.
async fn of_service_plans(tx: &mut Tx<'_>, rows: &Reversals) -> Result<Option<Plan>> {
    let made = |noun: &str| -> Vec<Uuid> {
        let rows = rows.get(noun).map(Vec::as_slice).unwrap_or_default();
        let made = rows.iter().filter(|row| row.made);
        made.map(|row| row.row_id).collect()
    };
    let (begun, carried) = (made("plan_subscription"), made("crossgrade"));
    if begun.is_empty() {
        return Ok(None);
    }
    let assigned = begun.iter().filter(|id| !carried.contains(id));
    let removed = |id: &Uuid| plan_subscriptions::commands::Remove {
        id: *id,
        with_licenses: true,
    };
    let mut plan = Plan {
        service_plans: assigned.map(removed).collect(),
        rows: rows.values().map(|rows| rows.len() as i64).sum(),
        ..Plan::default()
    };
    let back = |id| crossgrades::commands::TakeBack { id };
    plan.crossgrades = carried.into_iter().map(back).collect();
    plan.obstacles = obstacles::find(tx, rows, &plan).await?;
    Ok(Some(plan))
}

/// Shares by the pool they come from. The pools that gave follow from their children.
async fn shares(tx: &mut Tx<'_>, changed: &[Reversal], plan: &mut Plan) -> Result<()> {
    let changed: Vec<&Reversal> = changed
        .iter()
        .filter(|row| row.after.contains_key("quantity"))
        .collect();
    let ids: Vec<Uuid> = changed.iter().map(|row| row.row_id).collect();
    let sql = "SELECT id, parent_id, organization_id FROM pool WHERE id IN";
    let found: Vec<(Uuid, Option<Uuid>, Uuid)> = within(tx, sql, &ids).await?;
    let places = found
        .into_iter()
        .map(|(id, from, whose)| (id, (from, whose)));
    let places: BTreeMap<Uuid, (Option<Uuid>, Uuid)> = places.collect();
    let mut pools: BTreeMap<Uuid, Vec<WantedShare>> = BTreeMap::new();
    for row in changed {
        // A license's own pool is put back, or goes, with the license.
        let Some((Some(parent_id), organization_id)) = places.get(&row.row_id) else {
            continue;
        };
        let units = |side: &Map<String, Value>| {
            side.get("quantity")
                .and_then(Value::as_i64)
                .unwrap_or_default()
        };
        let (seen, quantity) = (units(&row.after), units(&row.before));
        if seen != quantity {
            let wanted = WantedShare {
                organization_id: *organization_id,
                seen,
                quantity,
            };
            pools.entry(*parent_id).or_default().push(wanted);
        }
    }
    let set = |(pool_id, rows)| SetAllocations { pool_id, rows };
    plan.shares = pools.into_iter().map(set).collect();
    Ok(())
}

fn edit_license(row: &Reversal) -> EditLicense {
    // No text is an empty one here: that is how an edit takes a text away.
    let text = |name: &str| {
        row.before
            .get(name)
            .map(|text| text.as_str().unwrap_or_default().to_owned())
    };
    EditLicense {
        id: row.row_id,
        quantity: row.before.get("quantity").and_then(Value::as_i64),
        support_reference: text("support_reference"),
        name: text("name"),
        note: text("note"),
        ..EditLicense::default()
    }
}

async fn catalog_rows(
    tx: &mut Tx<'_>,
    (skus, products): (&[Reversal], &[Reversal]),
    plan: &mut Plan,
) -> Result<()> {
    let ids = |rows: &[Reversal]| rows.iter().map(|row| row.row_id).collect::<Vec<_>>();
    plan.gone_skus = skus
        .iter()
        .filter(|row| row.made)
        .map(|row| row.row_id)
        .collect();
    plan.gone_products = products
        .iter()
        .filter(|row| row.made)
        .map(|row| row.row_id)
        .collect();
    let edited: Vec<&Reversal> = skus.iter().filter(|row| !row.made).collect();
    let pairs = catalog::queries::component_pairs(tx, &ids(skus)).await?;
    for sku in catalog::queries::skus_of_ids(tx, &ids(skus)).await? {
        if let Some(row) = edited.iter().find(|row| row.row_id == sku.id) {
            let own = pairs.iter().filter(|(of, _)| *of == sku.id);
            let now = SkuFacts::of(&sku, own.map(|(_, product)| *product).collect());
            let facts = as_it_was(&now, &row.before)?;
            plan.skus.push(EditSku {
                id: sku.id,
                version: Some(sku.version),
                facts,
            });
        }
    }
    for product in catalog::queries::products_of_ids(tx, &ids(products)).await? {
        let row = products
            .iter()
            .find(|row| row.row_id == product.id && !row.made);
        if let Some(row) = row {
            let facts = as_it_was(&ProductFacts::of(&product), &row.before)?;
            plan.products.push(EditProduct {
                id: product.id,
                version: Some(product.version),
                facts,
            });
        }
    }
    Ok(())
}

async fn organization_rows(tx: &mut Tx<'_>, changed: &[Reversal], plan: &mut Plan) -> Result<()> {
    for row in changed.iter().filter(|row| !row.made) {
        let found = organizations::queries::find(tx, row.row_id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        let facts = as_it_was(&OrganizationFacts::of(&found), &row.before)?;
        plan.organizations.push(EditOrganization {
            id: found.id,
            version: Some(found.version),
            facts,
        });
    }
    let made: Vec<Uuid> = changed
        .iter()
        .filter(|row| row.made)
        .map(|row| row.row_id)
        .collect();
    let sql = "SELECT id, depth FROM organization_node WHERE id IN";
    let mut depths: Vec<(Uuid, i64)> = within(tx, sql, &made).await?;
    depths.sort_by_key(|(id, depth)| (std::cmp::Reverse(*depth), *id));
    plan.gone_organizations = depths.into_iter().map(|(id, _)| id).collect();
    Ok(())
}

/// The facts of today with the fields of then.
fn as_it_was<F: Serialize + DeserializeOwned>(now: &F, then: &Map<String, Value>) -> Result<F> {
    let mut facts = serde_json::to_value(now)?;
    if let Some(fields) = facts.as_object_mut() {
        for (name, value) in then {
            if let Some(field) = fields.get_mut(name) {
                field.clone_from(value);
            }
        }
    }
    Ok(serde_json::from_value(facts)?)
}

/// Rows named in one statement.
const CHUNK: usize = 500;

/// A SELECT that ends in `IN`, asked of any number of ids.
pub(super) async fn within<T: store::FromRow + Send>(
    tx: &mut Tx<'_>,
    head: &str,
    ids: &[Uuid],
) -> Result<Vec<T>> {
    let mut found = Vec::new();
    for some in ids.chunks(CHUNK) {
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!("{head} {}", placeholders(1, some.len()));
        found.extend(tx.query::<T>(&sql, &params).await?);
    }
    Ok(found)
}
