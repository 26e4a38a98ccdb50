//! Every statement about what fits what.

use store::{Param, Tx, placeholders};
use uuid::Uuid;

use crate::{
    catalog::{model::Product, queries},
    error::Result,
};

/// The bases an add-on is made for, by id.
pub async fn bases_of(tx: &mut Tx<'_>, add_on_id: Uuid) -> Result<Vec<Uuid>> {
    let sql = "SELECT base_id FROM product_fit WHERE add_on_id = $1 ORDER BY base_id";
    let rows: Vec<(Uuid,)> = tx.query(sql, &[&add_on_id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The pairs of add-on and base among these products.
pub async fn among(tx: &mut Tx<'_>, add_on_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
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
    queries::products_where(
        tx,
        "p.id IN (SELECT add_on_id FROM product_fit WHERE base_id = $1)",
        &[&base_id],
    )
    .await
}

/// Writes all bases an add-on fits.
pub async fn replace(tx: &mut Tx<'_>, add_on_id: Uuid, base_ids: &[Uuid]) -> Result<()> {
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
