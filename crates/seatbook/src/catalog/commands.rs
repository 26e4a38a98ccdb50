//! The verbs of the catalog.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    facts::{ProductFacts, SkuFacts},
    model::{Product, SkuWithComponents},
    queries,
    upsert::{Planned, changed_meanwhile, taken},
};
use crate::{
    error::{Error, FieldError, Kind, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    scope::{self, Permission, tree},
};

/// Adds a product.
#[derive(Clone, Debug, Serialize)]
pub struct CreateProduct {
    /// What is said about it.
    pub facts: ProductFacts,
}

impl Command for CreateProduct {
    const NAME: &'static str = "catalog.create_product";
    type Outcome = Product;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Product> {
        require(tx, Permission::CatalogEdit).await?;
        let facts = self.facts.clone().checked()?;
        let (code, reference) = (facts.code.clone(), facts.reference.clone());
        if let Some(field) =
            queries::product_key_taken(tx, &code, reference.as_deref(), Uuid::nil()).await?
        {
            return Err(taken("product", field));
        }
        let id = keep_products(tx, vec![Planned::Create(facts)]).await?;
        let id = id.first().copied().flatten().ok_or_else(Error::not_found)?;
        queries::find_product(tx, id)
            .await?
            .ok_or_else(Error::not_found)
    }
}

/// Changes what is said about a product. Licenses of it show its new name and unit.
#[derive(Clone, Debug, Serialize)]
pub struct EditProduct {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said about it from now on.
    pub facts: ProductFacts,
}

impl Command for EditProduct {
    const NAME: &'static str = "catalog.edit_product";
    type Outcome = Product;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Product> {
        require(tx, Permission::CatalogEdit).await?;
        let after = self.facts.clone().checked()?;
        let found = queries::find_product(tx, self.id)
            .await?
            .ok_or_else(Error::not_found)?;
        check_version(self.version, found.version)?;
        if let Some(field) =
            queries::product_key_taken(tx, &after.code, after.reference.as_deref(), self.id).await?
        {
            return Err(taken("product", field));
        }
        let (id, version, before) = (found.id, found.version, ProductFacts::of(&found));
        keep_products(
            tx,
            vec![Planned::Update {
                id,
                version,
                before,
                after,
            }],
        )
        .await?;
        queries::find_product(tx, id)
            .await?
            .ok_or_else(Error::not_found)
    }
}

/// Adds a SKU with its components.
#[derive(Clone, Debug, Serialize)]
pub struct CreateSku {
    /// What is said about it.
    pub facts: SkuFacts,
}

impl Command for CreateSku {
    const NAME: &'static str = "catalog.create_sku";
    type Outcome = SkuWithComponents;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<SkuWithComponents> {
        require(tx, Permission::CatalogEdit).await?;
        if self.facts.has_price() {
            require(tx, Permission::PricesEdit).await?;
        }
        let facts = checked_sku(tx, &self.facts, Uuid::nil()).await?;
        let id = keep_skus(tx, vec![Planned::Create(facts)]).await?;
        with_components(tx, id.first().copied().flatten().unwrap_or_default()).await
    }
}

/// Changes what is said about a SKU, its components too. Licenses issued from it copied their dates and
/// keep them.
#[derive(Clone, Debug, Serialize)]
pub struct EditSku {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said about it from now on.
    pub facts: SkuFacts,
}

impl Command for EditSku {
    const NAME: &'static str = "catalog.edit_sku";
    type Outcome = SkuWithComponents;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<SkuWithComponents> {
        require(tx, Permission::CatalogEdit).await?;
        let found = queries::find_sku(tx, self.id)
            .await?
            .ok_or_else(Error::not_found)?;
        check_version(self.version, found.version)?;
        let mut after = checked_sku(tx, &self.facts, self.id).await?;
        let pairs = queries::component_pairs(tx, &[self.id]).await?;
        let mut components: Vec<Uuid> = pairs.into_iter().map(|(_, product)| product).collect();
        components.sort_unstable();
        let before = SkuFacts::of(&found, components);
        // Whoever may not see and set prices cannot send back what they were not shown.
        let sees = may_price(tx).await?;
        if !sees && after.has_price() {
            return Err(scope::missing(Permission::PricesEdit));
        }
        if !sees {
            (after.price_minor, after.currency) = (before.price_minor, before.currency.clone());
        }
        let (id, version) = (found.id, found.version);
        keep_skus(
            tx,
            vec![Planned::Update {
                id,
                version,
                before,
                after,
            }],
        )
        .await?;
        with_components(tx, id).await
    }
}

/// Marks every product that comes with more than so many SKUs as shareable: it is everywhere, so it never
/// counts as an overlap.
#[derive(Clone, Debug, Serialize)]
pub struct MarkShareable {
    /// How many SKUs are too few.
    pub more_than: i64,
}

impl Command for MarkShareable {
    const NAME: &'static str = "catalog.mark_shareable";
    type Outcome = Vec<Product>;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Vec<Product>> {
        require(tx, Permission::CatalogEdit).await?;
        if self.more_than < 1 {
            let message = "Give the number of SKUs above which a component is marked, at least 1.";
            return Err(Error::invalid("more_than", "out_of_range", message));
        }
        let found = queries::frequent_components(tx, self.more_than).await?;
        let plan = found.iter().map(|(product, _)| {
            let before = ProductFacts::of(product);
            let after = ProductFacts {
                shareable: true,
                ..before.clone()
            };
            Planned::Update {
                id: product.id,
                version: product.version,
                before,
                after,
            }
        });
        keep_products(tx, plan.collect()).await?;
        let marked = found.into_iter().map(|(product, _)| Product {
            shareable: true,
            version: product.version + 1,
            ..product
        });
        Ok(marked.collect())
    }
}

/// Asks for a permission at the provider, whose the catalog is. The catalog is no secret, so who lacks
/// the permission is told so.
pub async fn require(tx: &mut Tx<'_>, permission: Permission) -> Result<()> {
    let root = tree::root(tx).await?.ok_or_else(Error::not_found)?;
    tx.require_above(permission, root).await
}

/// Whether the caller may see and set list prices.
pub async fn may_price(tx: &mut Tx<'_>) -> Result<bool> {
    for permission in [Permission::PricesRead, Permission::PricesEdit] {
        match require(tx, permission).await {
            Err(error) if error.kind == Kind::Forbidden => return Ok(false),
            asked => asked?,
        }
    }
    Ok(true)
}

/// Writes planned products and records each; gives the ids of those added or changed, in their order.
pub async fn keep_products(
    tx: &mut Tx<'_>,
    plan: Vec<Planned<ProductFacts>>,
) -> Result<Vec<Option<Uuid>>> {
    let sorted = sort_out(tx, "product", plan).await?;
    for (id, version, facts) in &sorted.edits {
        if !queries::update_product(tx, *id, *version, facts).await? {
            return Err(changed_meanwhile());
        }
    }
    let at = tx.now();
    if queries::insert_products(tx, &sorted.new, at).await? < sorted.new.len() as u64 {
        return Err(changed_meanwhile());
    }
    Ok(sorted.ids)
}

/// Writes planned SKUs and records each; gives the ids of those added or changed, in their order.
pub async fn keep_skus(tx: &mut Tx<'_>, plan: Vec<Planned<SkuFacts>>) -> Result<Vec<Option<Uuid>>> {
    let sorted = sort_out(tx, "sku", plan).await?;
    for (id, version, facts) in &sorted.edits {
        if !queries::update_sku(tx, *id, *version, facts).await? {
            return Err(changed_meanwhile());
        }
    }
    let at = tx.now();
    if queries::insert_skus(tx, &sorted.new, at).await? < sorted.new.len() as u64 {
        return Err(changed_meanwhile());
    }
    Ok(sorted.ids)
}

/// A plan by what is to be written.
struct Sorted<F> {
    ids: Vec<Option<Uuid>>,
    new: Vec<(Uuid, F)>,
    edits: Vec<(Uuid, i64, F)>,
}

/// Gives new things their ids and records what becomes of each.
async fn sort_out<F: Serialize>(
    tx: &mut Tx<'_>,
    noun: &'static str,
    plan: Vec<Planned<F>>,
) -> Result<Sorted<F>> {
    let organization_id = tree::root(tx).await?;
    let (mut ids, mut new, mut edits) = (Vec::with_capacity(plan.len()), vec![], vec![]);
    for planned in plan {
        let (row_id, version, before, after) = match planned {
            Planned::Create(facts) => {
                let (id, after) = (tx.new_id(), serde_json::to_value(&facts)?);
                new.push((id, facts));
                (id, 1, None, after)
            }
            Planned::Update {
                id,
                version,
                before,
                after,
            } => {
                let (old, now) = journal::difference(&before, &after)?;
                edits.push((id, version, after));
                (id, version + 1, Some(old), now)
            }
            Planned::Same | Planned::Refused(_) => {
                ids.push(None);
                continue;
            }
        };
        let after = Some(after);
        tx.changed(Change {
            noun,
            row_id,
            version,
            organization_id,
            before,
            after,
        });
        ids.push(Some(row_id));
    }
    Ok(Sorted { ids, new, edits })
}

/// Takes SKUs off the shelf again. The caller has made sure that no license is of them.
pub async fn remove_skus(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<()> {
    require(tx, Permission::CatalogEdit).await?;
    let gone = queries::delete_skus(tx, ids).await?;
    record_gone(tx, "sku", ids, gone).await
}

/// Takes products off the shelf again. The caller has made sure that no SKU and no license is of them.
pub async fn remove_products(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<()> {
    require(tx, Permission::CatalogEdit).await?;
    let gone = queries::delete_products(tx, ids).await?;
    record_gone(tx, "product", ids, gone).await
}

async fn record_gone<F: Serialize>(
    tx: &mut Tx<'_>,
    noun: &'static str,
    ids: &[Uuid],
    gone: Vec<(Uuid, i64, F)>,
) -> Result<()> {
    // Somebody else may have removed one of them a moment ago.
    if gone.len() != ids.len() {
        return Err(changed_meanwhile());
    }
    let organization_id = tree::root(tx).await?;
    for (row_id, version, facts) in gone {
        let (version, before) = (version + 1, Some(serde_json::to_value(&facts)?));
        tx.changed(Change {
            noun,
            row_id,
            version,
            organization_id,
            before,
            after: None,
        });
    }
    Ok(())
}

/// The facts, if they are well formed, nobody has their keys, and every product they name is there.
async fn checked_sku(tx: &mut Tx<'_>, given: &SkuFacts, id: Uuid) -> Result<SkuFacts> {
    let facts = given.clone().checked()?;
    if let Some(field) =
        queries::sku_key_taken(tx, &facts.code, facts.reference.as_deref(), id).await?
    {
        return Err(taken("SKU", field));
    }
    let mut named = facts.components.clone();
    named.push(facts.product_id);
    let known = queries::known_products(tx, &named).await?;
    let unknown = |field: String| FieldError {
        field,
        code: "catalog.product_unknown".into(),
        message: "There is no such product.".into(),
    };
    let mut wrong = Vec::new();
    if !known.contains(&facts.product_id) {
        wrong.push(unknown("product_id".into()));
    }
    for (place, product) in given.components.iter().enumerate() {
        if !known.contains(product) {
            wrong.push(unknown(format!("components[{place}]")));
        }
    }
    if wrong.is_empty() {
        Ok(facts)
    } else {
        Err(Error::invalid_fields(wrong))
    }
}

async fn with_components(tx: &mut Tx<'_>, id: Uuid) -> Result<SkuWithComponents> {
    let sku = queries::find_sku(tx, id)
        .await?
        .ok_or_else(Error::not_found)?;
    let components = queries::components_of(tx, id).await?;
    Ok(SkuWithComponents { sku, components })
}

/// The version the editor saw is the one there is.
pub fn check_version(seen: Option<i64>, now: i64) -> Result<()> {
    if seen.is_none_or(|seen| seen == now) {
        return Ok(());
    }
    let message = "Somebody changed this in the meantime; look at it again.";
    Err(Error::new(Kind::Stale, "version.stale", message).with("version", json!(now)))
}
