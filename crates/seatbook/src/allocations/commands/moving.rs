//! Moving an organization, where its allocations allow that.

use serde::Serialize;

use crate::{
    allocations::queries,
    error::{Error, Result},
    gate::{Command, Tx},
    organizations::{commands::MoveOrganization, model::Organization},
};

/// Puts an organization under another parent. One that holds units of a parent it would leave cannot move
/// until they are returned (product.md, "Moving and suspending"); own licenses and holders move along.
#[derive(Clone, Debug, Serialize)]
pub struct MoveHolder {
    /// Which, and where to.
    #[serde(flatten)]
    pub moving: MoveOrganization,
}

impl Command for MoveHolder {
    const NAME: &'static str = "organizations.move";
    type Outcome = Organization;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Organization> {
        let moving = &self.moving;
        let moved = moving.run(tx).await?;
        let (pools, units) =
            queries::held_from_left_ancestors(tx, moving.id, moving.parent_id).await?;
        if pools > 0 {
            let message = format!(
                "It holds {units} units of its present parent; return them before it moves."
            );
            let refused = Error::conflict("organization.holds_allocations", message);
            return Err(refused
                .with("pools", pools)
                .with("units", units)
                .with("organization_id", moving.id.to_string()));
        }
        Ok(moved)
    }
}
