//! Overlaps: what a customer has already of what a plan includes.

use std::collections::{BTreeMap, BTreeSet};

use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    model::Overlap,
    queries::{self, Shared},
};
use crate::{
    catalog::{self, model::Sku},
    error::{Error, Result},
    licenses::{
        self,
        model::{License, Pool},
        pools,
    },
    plans::model::Component,
};

/// Everything that a customer has and the components include too, by the pool that ends first. Two licenses overlap
/// where both include a product, as the one they sell or as a component, that is not shareable.
pub async fn find(
    tx: &mut Tx<'_>,
    customer_id: Uuid,
    components: &[Component],
    now: Timestamp,
) -> Result<Vec<Overlap>> {
    let skus: Vec<Uuid> = components.iter().map(|it| it.sku_id).collect();
    let shared = queries::shared(tx, customer_id, &skus, now).await?;
    if shared.is_empty() {
        return Ok(vec![]);
    }
    let known = Known::read(tx, &shared, &skus).await?;
    let mut by_pool: BTreeMap<Uuid, Vec<&Shared>> = BTreeMap::new();
    for row in &shared {
        by_pool.entry(row.0).or_default().push(row);
    }
    let mut found = Vec::with_capacity(by_pool.len());
    for (pool_id, rows) in by_pool {
        found.push(known.overlap(pool_id, &rows, components)?);
    }
    found.sort_by_key(|it| (it.pool.ends_at.is_none(), it.pool.ends_at, it.pool.id));
    Ok(found)
}

/// What must be known of the pools and SKUs that share something.
struct Known {
    pools: Vec<Pool>,
    licenses: Vec<License>,
    skus: Vec<Sku>,
    /// What each SKU includes, shareable products left out.
    included: BTreeMap<Uuid, BTreeSet<Uuid>>,
    /// Names of the products that are shared.
    names: BTreeMap<Uuid, String>,
    /// The plan subscription that a license is a part of.
    bundles: BTreeMap<Uuid, Uuid>,
}

impl Known {
    async fn read(tx: &mut Tx<'_>, shared: &[Shared], new: &[Uuid]) -> Result<Known> {
        let distinct = |of: fn(&Shared) -> Uuid| -> Vec<Uuid> {
            let ids: BTreeSet<Uuid> = shared.iter().map(of).collect();
            ids.into_iter().collect()
        };
        let pools = pools::of_ids(tx, &distinct(|row| row.0)).await?;
        let license_ids: Vec<Uuid> = pools.iter().map(|pool| pool.license_id).collect();
        let mut skus = distinct(|row| row.1);
        skus.extend_from_slice(new);
        let mut included: BTreeMap<Uuid, BTreeSet<Uuid>> = BTreeMap::new();
        for (sku_id, product_id) in queries::included(tx, &skus).await? {
            included.entry(sku_id).or_default().insert(product_id);
        }
        let products = catalog::queries::products_of_ids(tx, &distinct(|row| row.3)).await?;
        Ok(Known {
            licenses: licenses::queries::of_ids(tx, &license_ids).await?,
            bundles: queries::running_with(tx, &license_ids)
                .await?
                .into_iter()
                .collect(),
            skus: catalog::queries::skus_of_ids(tx, &skus).await?,
            names: products.into_iter().map(|it| (it.id, it.name)).collect(),
            pools,
            included,
        })
    }

    fn overlap(
        &self,
        pool_id: Uuid,
        rows: &[&Shared],
        components: &[Component],
    ) -> Result<Overlap> {
        let lost = || Error::internal("an overlap lost its pool, license or SKU");
        let pool = self.pools.iter().find(|it| it.id == pool_id);
        let pool = pool.cloned().ok_or_else(lost)?;
        let license = self.licenses.iter().find(|it| it.id == pool.license_id);
        let license = license.ok_or_else(lost)?;
        let old = self.skus.iter().find(|it| it.id == license.sku_id);
        let old = old.ok_or_else(lost)?;
        // Of the components that share something, the one of the same product takes over, else the one that shares
        // most, else the first.
        let count = |it: &Component| rows.iter().filter(|row| row.2 == it.sku_id).count();
        let target = components
            .iter()
            .filter(|it| count(it) > 0)
            .max_by_key(|it| {
                let same = it.product_id == old.product_id;
                (same, count(it), std::cmp::Reverse(it.position))
            })
            .ok_or_else(lost)?;
        let new = self.skus.iter().find(|it| it.id == target.sku_id);
        let new = new.ok_or_else(lost)?;
        let none = BTreeSet::new();
        let (had, has) = (
            self.included.get(&old.id).unwrap_or(&none),
            self.included.get(&new.id).unwrap_or(&none),
        );
        let products: BTreeSet<Uuid> = rows.iter().map(|row| row.3).collect();
        let named = products.iter().filter_map(|id| self.names.get(id).cloned());
        Ok(Overlap {
            own: license.organization_id == pool.organization_id,
            edition: license.edition,
            subscription_id: self.bundles.get(&license.id).copied(),
            position: target.position,
            sku_id: target.sku_id,
            shared: named.collect(),
            same_product: new.product_id == old.product_id,
            contained: had.is_subset(has) || has.is_subset(had),
            transferable: new.product_kind == old.product_kind,
            pool,
        })
    }
}
