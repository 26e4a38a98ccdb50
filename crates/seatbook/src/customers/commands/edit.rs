//! Editing a customer: its name, and its units of all pools above it, on one form.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Refusals;
use crate::{
    allocations::{
        commands::{SetAllocations, WantedShare},
        model::PoolBalance,
    },
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    organizations::{
        self,
        commands::EditOrganization,
        model::{Organization, OrganizationFacts},
    },
    scope::{Permission, tree},
};

/// What a customer shall have of one pool.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CustomerUnitsChange)]
pub struct WantedUnits {
    /// A pool of the organization above the customer.
    pub pool_id: Uuid,
    /// The quantity you saw; 0 where it had none. A share that somebody changed meanwhile is refused.
    pub seen: i64,
    /// The quantity it shall have; 0 takes all back.
    pub quantity: i64,
}

/// Changes a customer's name, and its units of several pools: all of it, or nothing.
#[derive(Clone, Debug, Serialize)]
pub struct EditCustomer {
    /// Which.
    pub organization_id: Uuid,
    /// The version of the organization that the editor saw, for the name; any where there is none.
    pub version: Option<i64>,
    /// Its legal name from now on; as it is where there is none.
    pub name: Option<String>,
    /// The units that change.
    pub units: Vec<WantedUnits>,
}

/// A customer as it is after a change.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CustomerEdited)]
pub struct Edited {
    /// The organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// What is left in the pools whose shares changed.
    pub pools: Vec<PoolBalance>,
}

impl Command for EditCustomer {
    const NAME: &'static str = "customers.edit";
    type Outcome = Edited;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Edited> {
        self.permit(tx).await?;
        let found = organizations::queries::find(tx, self.organization_id).await?;
        let before = found.ok_or_else(Error::not_found)?;
        let name = self.name.clone();
        let name = name.filter(|it| rules::text::normalize_key(it) != before.name);
        let changes = self.units.iter().any(|row| row.seen != row.quantity);
        if name.is_none() && !changes {
            let message = "Nothing was changed, so there is nothing to save.";
            return Err(Error::new(Kind::Invalid, "rows.unchanged", message));
        }
        let organization = match name {
            Some(name) => self.rename(tx, &before, name).await?,
            None => before,
        };
        let pools = self.share(tx).await?;
        Ok(Edited {
            organization,
            pools,
        })
    }
}

impl EditCustomer {
    /// The name is changed where the customer is, units where they come from.
    async fn permit(&self, tx: &mut Tx<'_>) -> Result<()> {
        if self.name.is_some() || self.units.is_empty() {
            let edit = Permission::OrganizationsEdit;
            tx.require(edit, self.organization_id).await?;
        }
        if self.units.is_empty() {
            return Ok(());
        }
        let set = Permission::AllocationsSet;
        tx.require(set, self.organization_id).await?;
        let node = tree::find(tx, self.organization_id).await?;
        let parent_id = node.and_then(|node| node.parent_id);
        tx.require_above(set, parent_id.unwrap_or_default()).await
    }

    async fn rename(
        &self,
        tx: &mut Tx<'_>,
        before: &Organization,
        name: String,
    ) -> Result<Organization> {
        let facts = OrganizationFacts {
            name,
            ..OrganizationFacts::of(before)
        };
        let edit = EditOrganization {
            id: self.organization_id,
            version: self.version,
            facts,
        };
        edit.run(tx).await
    }

    /// Pools in the order of their ids, so that two who edit the same ones wait for each other and never both.
    async fn share(&self, tx: &mut Tx<'_>) -> Result<Vec<PoolBalance>> {
        let mut rows: Vec<(usize, &WantedUnits)> = self.units.iter().enumerate().collect();
        rows.retain(|(_, row)| row.seen != row.quantity);
        rows.sort_by_key(|(_, row)| row.pool_id);
        if let Some(twice) = rows
            .windows(2)
            .find(|two| two[0].1.pool_id == two[1].1.pool_id)
        {
            let field = format!("units[{}].pool_id", twice[1].0);
            let message = "This pool stands in two rows.";
            return Err(Error::invalid(field, "duplicate", message));
        }
        let (mut pools, mut refusals) = (Vec::new(), Refusals::default());
        for (place, row) in rows {
            let share = WantedShare {
                organization_id: self.organization_id,
                seen: row.seen,
                quantity: row.quantity,
            };
            let set = SetAllocations {
                pool_id: row.pool_id,
                rows: vec![share],
            };
            let done = set.run(tx).await;
            pools.extend(refusals.of((place, row.pool_id), done)?);
        }
        refusals.settle("quantity")?;
        Ok(pools)
    }
}
