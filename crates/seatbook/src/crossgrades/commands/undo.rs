//! Taking a crossgrade back: the units are where they were, and so are the bindings.

use serde::Serialize;
use uuid::Uuid;

use crate::{
    assignments,
    crossgrades::{
        model::{Resolution, Step},
        queries,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::Change,
    licenses::{
        self,
        carrying::last_version,
        commands::{DeleteLicense, carry_back, draw, unbundle},
    },
    plan_subscriptions::{
        self,
        commands::{Remove, supersede},
    },
    scope::{Permission, Scope},
    subscriptions::commands::carry_decision,
};

/// Takes the crossgrade back by which a subscription began.
#[derive(Clone, Debug, Serialize)]
pub struct TakeBack {
    /// The subscription.
    pub id: Uuid,
}

impl Command for TakeBack {
    const NAME: &'static str = "crossgrades.take_back";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let subscription = plan_subscriptions::queries::get(tx, self.id).await?;
        tx.require(Permission::LicensesSell, subscription.seller_id)
            .await?;
        let found = queries::find(tx, self.id).await?;
        let (record, _) = found.ok_or_else(Error::not_found)?;
        if record
            .steps
            .iter()
            .any(|it| !it.ended.is_empty() || it.resolution == Resolution::End)
        {
            let message = "Holders lost their units in this crossgrade, and what has ended is not opened again; \
                           assign the units anew.";
            return Err(Error::conflict("crossgrade.final", message));
        }
        let parts = plan_subscriptions::queries::parts(tx, self.id).await?;
        forget(tx, (self.id, subscription.organization_id)).await?;
        // They say which one took their place, so they come before it goes.
        for id in &record.superseded {
            let before = plan_subscriptions::queries::get(tx, *id).await?;
            supersede(tx, before, None).await?;
        }
        Remove {
            id: self.id,
            with_licenses: false,
        }
        .run(tx)
        .await?;
        let carried: Vec<Uuid> = record.steps.iter().filter_map(|it| it.license_id).collect();
        for part in parts
            .iter()
            .filter(|part| !carried.contains(&part.license.id))
        {
            let id = part.license.id;
            DeleteLicense { id, version: None }.run(tx).await?;
        }
        for step in &record.steps {
            put_back(tx, step).await?;
        }
        for id in &record.unbundled {
            let license = licenses::queries::get(tx, *id).await?;
            unbundle(tx, license, false).await?;
        }
        Ok(())
    }
}

/// Carries a pool back to the license that it was of.
async fn put_back(tx: &mut Tx<'_>, step: &Step) -> Result<()> {
    let (Some(origin), Some(license_id)) = (&step.origin, step.license_id) else {
        return Ok(());
    };
    let taken = licenses::queries::get(tx, license_id).await?;
    if let Some(source_id) = taken.source_pool_id {
        draw(tx, source_id, -taken.quantity).await?;
    }
    if let Some(parent_id) = origin.parent_id {
        draw(tx, parent_id, origin.quantity).await?;
    }
    let old_product = licenses::carrying::product_of(tx, origin.license_id).await?;
    let product = crate::catalog::queries::find_product(tx, old_product).await?;
    let product = product.ok_or_else(|| Error::internal("a license without its product"))?;
    let whose = (license_id, origin.license_id);
    let of = (product.id, !product.many_per_holder);
    assignments::records::carry(tx, whose, of, true).await?;
    carry_decision(tx, origin.pool_id, origin.license_id).await?;
    carry_back(tx, origin, &taken).await
}

async fn forget(tx: &mut Tx<'_>, (id, organization_id): (Uuid, Uuid)) -> Result<()> {
    queries::delete(tx, id).await?;
    let version = last_version(tx, "crossgrade", id).await? + 1;
    tx.changed(Change {
        noun: "crossgrade",
        row_id: id,
        version,
        organization_id: Some(organization_id),
        before: Some(serde_json::json!({})),
        after: None,
    });
    Ok(())
}

/// Whether the scope may see the prices between a seller and a buyer.
pub fn sees_prices(scope: &Scope, seller_id: Uuid, buyer_id: Uuid) -> bool {
    let roots = scope.roots(Permission::PricesRead);
    roots.contains(&seller_id) || roots.contains(&buyer_id)
}
