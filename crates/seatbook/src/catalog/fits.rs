// NOTE FROM THE LEAD (remove): the room `catalog` would have 13 files, so on `core` this has become the room
// `fits` (lib.rs, right after `catalog`): fits/{mod,api,commands,queries}.rs. Write the form of the matrix and its
// handlers as `fits/handlers.rs` (routes `/catalog/products/{id}/fits`), and let the product page of `catalog` only
// link to it; `git merge core` when you get to it (core also has tests, verify laws and undo by then).
//! Which add-on is made for which base: the matrix that every add-on is checked against.

use serde::Serialize;
use serde_json::json;
use store::{Param, Tx as Reading, placeholders};
use uuid::Uuid;

use super::{
    commands::{check_version, require},
    model::{Product, ProductKind},
    queries,
};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

/// The bases an add-on is made for, by id.
pub async fn bases_of(tx: &mut Reading<'_>, add_on_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT base_id FROM product_fit WHERE add_on_id = $1 ORDER BY base_id";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&add_on_id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The pairs of add-on and base among these products.
pub async fn among(tx: &mut Reading<'_>, add_on_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    if add_on_ids.is_empty() {
        return Ok(vec![]);
    }
    let params: Vec<&dyn Param> = add_on_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, add_on_ids.len());
    let sql = format!("SELECT add_on_id, base_id FROM product_fit WHERE add_on_id IN {places}");
    Ok(tx.query(&sql, &params).await?)
}

/// The add-ons that are made for a base, by name.
pub async fn add_ons_for(tx: &mut Reading<'_>, base_id: Uuid) -> Result<Vec<Product>> {
    queries::products_where(
        tx,
        "p.id IN (SELECT add_on_id FROM product_fit WHERE base_id = $1)",
        &[&base_id],
    )
    .await
}

/// All base products, by name.
pub async fn bases(tx: &mut Reading<'_>) -> Result<Vec<Product>> {
    queries::products_where(tx, "p.kind = 'base'", &[]).await
}

/// For an add-on, the bases it is made for; for a base, the add-ons made for it. By name.
pub async fn counterparts(tx: &mut Reading<'_>, product: &Product) -> Result<Vec<Product>> {
    match product.kind {
        ProductKind::Base => add_ons_for(tx, product.id).await,
        ProductKind::AddOn => {
            let fits = "p.id IN (SELECT base_id FROM product_fit WHERE add_on_id = $1)";
            queries::products_where(tx, fits, &[&product.id]).await
        }
    }
}

/// Says which bases an add-on is made for.
#[derive(Clone, Debug, Serialize)]
pub struct SetFits {
    /// The add-on.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// All bases it fits.
    pub base_ids: Vec<Uuid>,
}

impl Command for SetFits {
    const NAME: &'static str = "catalog.set_fits";
    type Outcome = Product;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Product> {
        require(tx, Permission::CatalogEdit).await?;
        let found = queries::find_product(tx, self.id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        check_version(self.version, found.version)?;
        if found.kind != ProductKind::AddOn {
            let message = "Only an add-on is made for bases.";
            return Err(Error::conflict("product.not_add_on", message));
        }
        let mut wanted = self.base_ids.clone();
        wanted.sort_unstable();
        wanted.dedup();
        check_bases(tx, &wanted).await?;
        let before = bases_of(tx, self.id).await?;
        if before == wanted {
            return Ok(found);
        }
        replace(tx, self.id, &wanted).await?;
        let version = queries::touch_product(tx, self.id, found.version).await?;
        let version = version.ok_or_else(|| super::upsert::changed_meanwhile())?;
        tx.changed(Change {
            noun: "product",
            row_id: self.id,
            version,
            organization_id: None,
            before: Some(json!({"fits": before})),
            after: Some(json!({"fits": wanted})),
        });
        Ok(Product { version, ..found })
    }
}

async fn check_bases(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<()> {
    let known = queries::products_of_ids(tx, ids).await?;
    for (place, id) in ids.iter().enumerate() {
        let base = known.iter().find(|product| product.id == *id);
        if base.is_none_or(|product| product.kind != ProductKind::Base) {
            let field = format!("base_ids[{place}]");
            let message = "There is no such base product.";
            return Err(Error::invalid(field, "product.not_base", message));
        }
    }
    Ok(())
}

async fn replace(tx: &mut Tx<'_>, add_on_id: Uuid, base_ids: &[Uuid]) -> Result<()> {
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
