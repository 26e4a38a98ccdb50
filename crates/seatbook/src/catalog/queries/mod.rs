//! Every statement about the catalog.

mod writes;

pub use writes::{
    delete_products, delete_skus, insert_products, insert_skus, replace_fits, touch_product,
    update_product, update_sku,
};

use std::collections::HashMap;

use store::{FromRow, Param, Select, Tx, placeholders};
use uuid::Uuid;

use super::model::{Component, Product, ProductKind, Sku, SkuWithComponents};
use crate::{
    error::Result,
    scope::{Permission, Scope, tree},
};

macro_rules! product_columns {
    () => {
        "p.id, p.code, p.reference, p.name, p.unit, p.units, p.kind, p.shareable, p.many_per_holder,
    p.has_extensions, p.created_at, p.version"
    };
}

/// The columns of a product, from `product p`, for rooms that join it; and how many there are.
pub const PRODUCT_COLUMNS: (&str, usize) = (product_columns!(), 12);
const PRODUCT: &str = concat!("SELECT ", product_columns!(), " FROM product p");

const SKU: &str = "SELECT s.id, s.code, s.reference, s.name, s.product_id, p.code, p.name, p.unit, p.units, p.kind,
    s.type, s.tier, s.class, s.validity, s.grace_days, s.price_minor, s.currency, s.created_at, s.version,
    s.starts_at_activation FROM sku s JOIN product p ON p.id = s.product_id";

/// The product. The catalog is everybody's to read who holds `catalog.read` anywhere.
pub async fn find_product(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Product>> {
    let sql = format!("{PRODUCT} WHERE p.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The product of this code.
pub async fn find_product_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<Product>> {
    let sql = format!("{PRODUCT} WHERE p.code = $1");
    Ok(tx.query_opt(&sql, &[&code]).await?)
}

/// The SKU with its price, whoever asks: [`sees_prices`] says who may be shown it.
pub async fn find_sku(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Sku>> {
    let sql = format!("{SKU} WHERE s.id = $1");
    Ok(tx.query_opt(&sql, &[&id]).await?)
}

/// The SKU of this code, with its price.
pub async fn find_sku_by_code(tx: &mut Tx<'_>, code: &str) -> Result<Option<Sku>> {
    let sql = format!("{SKU} WHERE s.code = $1");
    Ok(tx.query_opt(&sql, &[&code]).await?)
}

/// Whether the scope may see list prices: they are the provider's own, so `prices.read` must be held at
/// the root.
pub async fn sees_prices(tx: &mut Tx<'_>, scope: &Scope) -> Result<bool> {
    let root = tree::root(tx).await?;
    let held = scope.roots(Permission::PricesRead);
    Ok(root.is_some_and(|root| held.contains(&root)))
}

/// The SKU with its components, where the scope can see the catalog, and its price where it can see that.
pub async fn find_visible_sku(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<SkuWithComponents>> {
    let found = find_sku(tx, id).await?;
    let Some(sku) = found.filter(|_| scope.holds(Permission::CatalogRead)) else {
        return Ok(None);
    };
    let components = components_of(tx, id).await?;
    let sees = sees_prices(tx, scope).await?;
    Ok(Some(SkuWithComponents { sku, components }.seen(sees)))
}

/// What a list of products or SKUs is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of code, name or reference; of a SKU also type, tier and class.
    pub keyword: Option<String>,
    /// SKUs of this product.
    pub product_id: Option<Uuid>,
    /// SKUs that include this product.
    pub component_id: Option<Uuid>,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

/// Products by name.
pub async fn list_products(
    tx: &mut Tx<'_>,
    scope: &Scope,
    filter: &Filter,
) -> Result<Vec<Product>> {
    scope.require(Permission::CatalogRead)?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(PRODUCT);
    if let Some(keyword) = &keyword {
        select.and(
            "p.id IN (SELECT id FROM product_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some((name, id)) = &filter.after {
        select.and_all("(p.name, p.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY p.name, p.id LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// SKUs by name; without their prices where the scope may not see them.
pub async fn list_skus(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Sku>> {
    scope.require(Permission::CatalogRead)?;
    let sees_prices = sees_prices(tx, scope).await?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(SKU);
    if let Some(keyword) = &keyword {
        select.and(
            "s.id IN (SELECT id FROM sku_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some(product_id) = &filter.product_id {
        select.and("s.product_id = ?", product_id);
    }
    if let Some(component_id) = &filter.component_id {
        select.and(
            "s.id IN (SELECT sku_id FROM sku_component WHERE product_id = ?)",
            component_id,
        );
    }
    if let Some((name, id)) = &filter.after {
        select.and_all("(s.name, s.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let sql = select.sql(&format!(" ORDER BY s.name, s.id LIMIT {limit}"));
    let skus: Vec<Sku> = tx.query(&sql, select.params()).await?;
    Ok(match sees_prices {
        true => skus,
        false => skus.into_iter().map(Sku::without_price).collect(),
    })
}

/// The products a SKU includes, by name.
pub async fn components_of(tx: &mut Tx<'_>, sku_id: Uuid) -> Result<Vec<Component>> {
    let sql = "SELECT p.id, p.code, p.name, p.shareable FROM sku_component c
        JOIN product p ON p.id = c.product_id WHERE c.sku_id = $1 ORDER BY p.name, p.id";
    Ok(tx.query(sql, &[&sku_id]).await?)
}

/// The products a condition holds for, by name.
async fn products_where(
    tx: &mut Tx<'_>,
    condition: &str,
    params: &[&dyn Param],
) -> Result<Vec<Product>> {
    let sql = format!("{PRODUCT} WHERE {condition} ORDER BY p.name, p.id");
    Ok(tx.query(&sql, params).await?)
}

/// Products that include one of these codes or references, in no order.
pub async fn products_of_keys(
    tx: &mut Tx<'_>,
    codes: &[&str],
    references: &[&str],
) -> Result<Vec<Product>> {
    let mut found = within(tx, &format!("{PRODUCT} WHERE p.code"), codes).await?;
    found.extend(within(tx, &format!("{PRODUCT} WHERE p.reference"), references).await?);
    Ok(found)
}

/// SKUs that have one of these codes or references, in no order.
pub async fn skus_of_keys(
    tx: &mut Tx<'_>,
    codes: &[&str],
    references: &[&str],
) -> Result<Vec<Sku>> {
    let mut found = within(tx, &format!("{SKU} WHERE s.code"), codes).await?;
    found.extend(within(tx, &format!("{SKU} WHERE s.reference"), references).await?);
    Ok(found)
}

/// These products, in no order.
pub async fn products_of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Product>> {
    within(tx, &format!("{PRODUCT} WHERE p.id"), ids).await
}

/// What the rows of a file of extensions can name: every add-on, and the bases with extensions.
pub async fn products_for_extensions(tx: &mut Tx<'_>) -> Result<Vec<Product>> {
    let those = "p.kind = 'add_on' OR p.has_extensions = TRUE";
    products_where(tx, those, &[]).await
}

/// These SKUs, in no order.
pub async fn skus_of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Sku>> {
    within(tx, &format!("{SKU} WHERE s.id"), ids).await
}

/// SKU and product of every component of these SKUs.
pub async fn component_pairs(tx: &mut Tx<'_>, sku_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let sql = "SELECT sku_id, product_id FROM sku_component WHERE sku_id";
    within(tx, sql, sku_ids).await
}

/// Those of these ids that are products.
pub async fn known_products(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> = within(tx, "SELECT id FROM product WHERE id", ids).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Whether another product has this code or reference: which field it is.
pub async fn product_key_taken(
    tx: &mut Tx<'_>,
    code: &str,
    reference: Option<&str>,
    but: Uuid,
) -> Result<Option<&'static str>> {
    let sql = "SELECT code FROM product WHERE (code = $1 OR reference = $2) AND id <> $3 LIMIT 1";
    let found: Option<(String,)> = tx.query_opt(sql, &[&code, &reference, &but]).await?;
    Ok(found.map(|(found,)| if found == code { "code" } else { "reference" }))
}

/// Whether another SKU has this code or reference: which field it is.
pub async fn sku_key_taken(
    tx: &mut Tx<'_>,
    code: &str,
    reference: Option<&str>,
    but: Uuid,
) -> Result<Option<&'static str>> {
    let sql = "SELECT code FROM sku WHERE (code = $1 OR reference = $2) AND id <> $3 LIMIT 1";
    let found: Option<(String,)> = tx.query_opt(sql, &[&code, &reference, &but]).await?;
    Ok(found.map(|(found,)| if found == code { "code" } else { "reference" }))
}

/// Products that come with more than so many SKUs and are not marked shareable yet, with their SKUs, the
/// most frequent first.
pub async fn frequent_components(tx: &mut Tx<'_>, more_than: i64) -> Result<Vec<(Product, i64)>> {
    let sql = "SELECT c.product_id, COUNT(*) FROM sku_component c
        JOIN product p ON p.id = c.product_id AND p.shareable = FALSE
        GROUP BY c.product_id HAVING COUNT(*) > $1";
    let counts: Vec<(Uuid, i64)> = tx.query(sql, &[&more_than]).await?;
    let counts: HashMap<Uuid, i64> = counts.into_iter().collect();
    let ids: Vec<Uuid> = counts.keys().copied().collect();
    let products: Vec<Product> = within(tx, &format!("{PRODUCT} WHERE p.id"), &ids).await?;
    let mut found: Vec<(Product, i64)> = products
        .into_iter()
        .map(|product| {
            let skus = counts.get(&product.id).copied().unwrap_or_default();
            (product, skus)
        })
        .collect();
    found.sort_by(|(one, more), (other, fewer)| fewer.cmp(more).then(one.id.cmp(&other.id)));
    Ok(found)
}

/// How many SKUs sell or include each of these products.
pub async fn count_skus(tx: &mut Tx<'_>, product_ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let mut counts: HashMap<Uuid, i64> = HashMap::new();
    for chunk in product_ids.chunks(500) {
        let params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, chunk.len());
        let sql = format!(
            "SELECT u.product_id, COUNT(*) FROM (
               SELECT id AS sku_id, product_id FROM sku WHERE product_id IN {places}
               UNION SELECT sku_id, product_id FROM sku_component WHERE product_id IN {places}) u
             GROUP BY u.product_id"
        );
        counts.extend(tx.query::<(Uuid, i64)>(&sql, &params).await?);
    }
    Ok(counts)
}

/// How many products each of these SKUs includes.
pub async fn count_components(tx: &mut Tx<'_>, sku_ids: &[Uuid]) -> Result<HashMap<Uuid, i64>> {
    let mut counts = HashMap::new();
    for (sku_id, _) in component_pairs(tx, sku_ids).await? {
        *counts.entry(sku_id).or_default() += 1;
    }
    Ok(counts)
}

/// Whether there is nothing in the catalog at all.
pub async fn is_empty(tx: &mut Tx<'_>) -> Result<bool> {
    let any: Option<(Uuid,)> = tx.query_opt("SELECT id FROM product LIMIT 1", &[]).await?;
    Ok(any.is_none())
}

/// Runs `sql IN (values)` in portions that both engines take.
async fn within<T: FromRow, P: Param>(tx: &mut Tx<'_>, sql: &str, values: &[P]) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    for chunk in values.chunks(500) {
        let params: Vec<&dyn Param> = chunk.iter().map(|value| value as &dyn Param).collect();
        let places = placeholders(1, chunk.len());
        rows.extend(
            tx.query::<T>(&format!("{sql} IN {places}"), &params)
                .await?,
        );
    }
    Ok(rows)
}

/// The bases an add-on is made for, by id.
pub async fn bases_of(tx: &mut Tx<'_>, add_on_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT base_id FROM product_fit WHERE add_on_id = $1 ORDER BY base_id";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&add_on_id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The pairs of add-on and base among these products.
pub async fn fits_among(tx: &mut Tx<'_>, add_on_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    if add_on_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = add_on_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, add_on_ids.len());
    let sql = format!("SELECT add_on_id, base_id FROM product_fit WHERE add_on_id IN {places}");
    Ok(tx.query(&sql, &params).await?)
}

/// The add-ons that are made for a base, by name.
pub async fn add_ons_for(tx: &mut Tx<'_>, base_id: Uuid) -> Result<Vec<Product>> {
    products_where(
        tx,
        "p.id IN (SELECT add_on_id FROM product_fit WHERE base_id = $1)",
        &[&base_id],
    )
    .await
}

/// All base products, by name.
pub async fn bases(tx: &mut Tx<'_>) -> Result<Vec<Product>> {
    products_where(tx, "p.kind = 'base'", &[]).await
}

/// For an add-on, the bases it is made for; for a base, the add-ons made for it. By name.
pub async fn counterparts(tx: &mut Tx<'_>, product: &Product) -> Result<Vec<Product>> {
    match product.kind {
        ProductKind::Base => add_ons_for(tx, product.id).await,
        ProductKind::AddOn => {
            let fits = "p.id IN (SELECT base_id FROM product_fit WHERE add_on_id = $1)";
            products_where(tx, fits, &[&product.id]).await
        }
    }
}
