//! The verb of the matrix.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use crate::{
    catalog::{
        commands::{check_version, require},
        model::{Product, ProductKind},
        queries,
        upsert::changed_meanwhile,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

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
        let before = queries::bases_of(tx, self.id).await?;
        if before == wanted {
            return Ok(found);
        }
        queries::replace_fits(tx, self.id, &wanted).await?;
        let version = queries::touch_product(tx, self.id, found.version).await?;
        let version = version.ok_or_else(changed_meanwhile)?;
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
