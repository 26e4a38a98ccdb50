//! Every statement that changes the catalog.

use std::collections::HashMap;

use store::{Param, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::super::{
    facts::{ProductFacts, SkuFacts},
    model::Product,
};
use crate::error::Result;

/// Rows in one statement; a row has fewer than 20 values, and both engines bind at most 32,766.
const ROWS: usize = 500;

const PRODUCT_WORDS: &str = "INSERT INTO product_search_text (id, text)";
const SKU_WORDS: &str = "INSERT INTO sku_search_text (id, text)";

/// Adds products and says how many: fewer than given means that a code or reference is taken.
pub async fn insert_products(
    tx: &mut Tx<'_>,
    new: &[(Uuid, ProductFacts)],
    at: Timestamp,
) -> Result<u64> {
    let mut added = 0;
    for chunk in new.chunks(ROWS) {
        let kinds: Vec<&str> = chunk.iter().map(|(_, facts)| facts.kind.as_str()).collect();
        let mut params: Vec<&dyn Param> = Vec::with_capacity(chunk.len() * 12);
        for ((id, facts), kind) in chunk.iter().zip(&kinds) {
            params.extend_from_slice(&[
                id,
                &facts.code,
                &facts.reference,
                &facts.name,
                &facts.unit,
                &facts.units,
                kind,
                &facts.shareable,
                &facts.many_per_holder,
                &facts.has_extensions,
                &at,
                &1_i64,
            ]);
        }
        let sql = format!(
            "INSERT INTO product (id, code, reference, name, unit, units, kind, shareable, many_per_holder,
             has_extensions, created_at, version) VALUES {} ON CONFLICT DO NOTHING",
            placeholders(chunk.len(), 12)
        );
        added += tx.execute(&sql, &params).await?;
    }
    let texts: Vec<(Uuid, String)> = new.iter().map(|(id, facts)| (*id, words(facts))).collect();
    index(tx, PRODUCT_WORDS, &texts).await?;
    Ok(added)
}

/// Writes facts over version `version` of a product; `false` where it is another.
pub async fn update_product(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: i64,
    facts: &ProductFacts,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE product SET code = $3, reference = $4, name = $5, unit = $6, units = $7, kind = $8,
             shareable = $9, many_per_holder = $10, has_extensions = $11, version = version + 1 WHERE id = $1 AND version = $2",
            &[
                &id,
                &version,
                &facts.code,
                &facts.reference,
                &facts.name,
                &facts.unit,
                &facts.units,
                &facts.kind.as_str(),
                &facts.shareable,
                &facts.many_per_holder,
                &facts.has_extensions,
            ],
        )
        .await?;
    index(tx, PRODUCT_WORDS, &[(id, words(facts))]).await?;
    Ok(rows == 1)
}

/// Counts a change of a product that is kept elsewhere, such as what it fits.
pub async fn touch_product(tx: &mut Tx<'_>, id: Uuid, version: i64) -> Result<Option<i64>> {
    let sql =
        "UPDATE product SET version = version + 1 WHERE id = $1 AND version = $2 RETURNING version";
    let row: Option<(i64,)> = tx.query_opt(sql, &[&id, &version]).await?;
    Ok(row.map(|(version,)| version))
}

/// Adds SKUs with their components and says how many: fewer than given means that a code or reference is
/// taken.
pub async fn insert_skus(tx: &mut Tx<'_>, new: &[(Uuid, SkuFacts)], at: Timestamp) -> Result<u64> {
    let mut added = 0;
    for chunk in new.chunks(ROWS) {
        let mut params: Vec<&dyn Param> = Vec::with_capacity(chunk.len() * 15);
        for (id, facts) in chunk {
            params.extend_from_slice(&[
                id,
                &facts.code,
                &facts.reference,
                &facts.name,
                &facts.product_id,
                &facts.r#type,
                &facts.tier,
                &facts.class,
                &facts.validity,
                &facts.grace_days,
                &facts.price_minor,
                &facts.currency,
                &at,
                &1_i64,
                &facts.starts_at_activation,
            ]);
        }
        let sql = format!(
            "INSERT INTO sku (id, code, reference, name, product_id, type, tier, class, validity, grace_days,
             price_minor, currency, created_at, version, starts_at_activation) VALUES {} ON CONFLICT DO NOTHING",
            placeholders(chunk.len(), 15)
        );
        added += tx.execute(&sql, &params).await?;
    }
    if added == new.len() as u64 {
        let texts: Vec<(Uuid, String)> = new
            .iter()
            .map(|(id, facts)| (*id, sku_words(facts)))
            .collect();
        index(tx, SKU_WORDS, &texts).await?;
        insert_components(tx, new).await?;
    }
    Ok(added)
}

/// Writes facts and components over version `version` of a SKU; `false` where it is another.
pub async fn update_sku(tx: &mut Tx<'_>, id: Uuid, version: i64, facts: &SkuFacts) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE sku SET code = $3, reference = $4, name = $5, product_id = $6, type = $7, tier = $8,
             class = $9, validity = $10, grace_days = $11, price_minor = $12, currency = $13,
             starts_at_activation = $14, version = version + 1 WHERE id = $1 AND version = $2",
            &[
                &id,
                &version,
                &facts.code,
                &facts.reference,
                &facts.name,
                &facts.product_id,
                &facts.r#type,
                &facts.tier,
                &facts.class,
                &facts.validity,
                &facts.grace_days,
                &facts.price_minor,
                &facts.currency,
                &facts.starts_at_activation,
            ],
        )
        .await?;
    index(tx, SKU_WORDS, &[(id, sku_words(facts))]).await?;
    tx.execute("DELETE FROM sku_component WHERE sku_id = $1", &[&id])
        .await?;
    insert_components(tx, &[(id, facts.clone())]).await?;
    Ok(rows == 1)
}

/// Removes SKUs with what they include; gives those that were there, as they were.
pub async fn delete_skus(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, i64, SkuFacts)>> {
    let mut components: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (sku_id, product_id) in super::component_pairs(tx, ids).await? {
        components.entry(sku_id).or_default().push(product_id);
    }
    let found = super::skus_of_ids(tx, ids).await?;
    delete(tx, "DELETE FROM sku_component WHERE sku_id IN", ids).await?;
    delete(tx, "DELETE FROM sku_search_text WHERE id IN", ids).await?;
    delete(tx, "DELETE FROM sku WHERE id IN", ids).await?;
    let with = found.into_iter().map(|sku| {
        let included = components.remove(&sku.id).unwrap_or_default();
        (sku.id, sku.version, SkuFacts::of(&sku, included))
    });
    Ok(with.collect())
}

/// Removes products; gives those that were there, as they were.
pub async fn delete_products(
    tx: &mut Tx<'_>,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, i64, ProductFacts)>> {
    let found = super::products_of_ids(tx, ids).await?;
    delete(tx, "DELETE FROM product_search_text WHERE id IN", ids).await?;
    delete(tx, "DELETE FROM product WHERE id IN", ids).await?;
    let facts = |product: Product| (product.id, product.version, ProductFacts::of(&product));
    Ok(found.into_iter().map(facts).collect())
}

async fn delete(tx: &mut Tx<'_>, head: &str, ids: &[Uuid]) -> Result<()> {
    for chunk in ids.chunks(ROWS) {
        let params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        let sql = format!("{head} {}", placeholders(1, chunk.len()));
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

async fn insert_components(tx: &mut Tx<'_>, skus: &[(Uuid, SkuFacts)]) -> Result<()> {
    let pairs: Vec<(&Uuid, &Uuid)> = skus
        .iter()
        .flat_map(|(id, facts)| facts.components.iter().map(move |product| (id, product)))
        .collect();
    for chunk in pairs.chunks(ROWS * 10) {
        let mut params: Vec<&dyn Param> = Vec::with_capacity(chunk.len() * 2);
        for (sku, product) in chunk {
            params.extend_from_slice(&[*sku as &dyn Param, *product]);
        }
        let places = placeholders(chunk.len(), 2);
        let sql = format!("INSERT INTO sku_component (sku_id, product_id) VALUES {places}");
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

/// Writes what keyword search looks in.
async fn index(tx: &mut Tx<'_>, insert: &str, texts: &[(Uuid, String)]) -> Result<()> {
    for chunk in texts.chunks(ROWS) {
        let mut params: Vec<&dyn Param> = Vec::with_capacity(chunk.len() * 2);
        for (id, text) in chunk {
            params.extend_from_slice(&[id as &dyn Param, text]);
        }
        let places = placeholders(chunk.len(), 2);
        let conflict = "ON CONFLICT (id) DO UPDATE SET text = excluded.text";
        let sql = format!("{insert} VALUES {places} {conflict}");
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}

fn words(facts: &ProductFacts) -> String {
    let parts = [
        Some(&facts.code),
        Some(&facts.name),
        facts.reference.as_ref(),
    ];
    search_text(&parts)
}

fn sku_words(facts: &SkuFacts) -> String {
    search_text(&[
        Some(&facts.code),
        Some(&facts.name),
        facts.reference.as_ref(),
        facts.r#type.as_ref(),
        facts.tier.as_ref(),
        facts.class.as_ref(),
    ])
}

fn search_text(parts: &[Option<&String>]) -> String {
    let parts: Vec<&String> = parts.iter().filter_map(|part| *part).collect();
    rules::text::search_text(&parts)
}

/// Writes all bases an add-on fits.
pub async fn replace_fits(tx: &mut Tx<'_>, add_on_id: Uuid, base_ids: &[Uuid]) -> Result<()> {
    let clear = "DELETE FROM product_fit WHERE add_on_id = $1";
    tx.execute(clear, &[&add_on_id]).await?;
    for chunk in base_ids.chunks(500) {
        let params: Vec<&dyn Param> = chunk
            .iter()
            .flat_map(|base| [&add_on_id as &dyn Param, base])
            .collect();
        let places = placeholders(chunk.len(), 2);
        let sql = format!("INSERT INTO product_fit (add_on_id, base_id) VALUES {places}");
        tx.execute(&sql, &params).await?;
    }
    Ok(())
}
