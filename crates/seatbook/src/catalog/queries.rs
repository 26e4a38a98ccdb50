//! Every statement that reads the catalog.

use store::{Select, Tx};
use uuid::Uuid;

use super::model::{Component, Product, Sku};
use crate::{
    error::Result,
    scope::{Permission, Scope, tree},
};

const PRODUCT: &str =
    "SELECT p.id, p.code, p.reference, p.name, p.unit, p.units, p.kind, p.shareable,
    p.created_at, p.version FROM product p";

const SKU: &str = "SELECT s.id, s.code, s.reference, s.name, s.product_id, p.code, p.name, p.unit, p.units, p.kind,
    s.type, s.tier, s.class, s.validity, s.grace_days, s.price_minor, s.currency, s.created_at, s.version
    FROM sku s JOIN product p ON p.id = s.product_id";

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
