//! The verb of extensions.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::queries;
use crate::{
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::Permission,
};

/// What holds for an organization's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExtensionPolicy {
    /// The organization.
    pub organization_id: Uuid,
    /// A direct number in a file uses one unit of the add-on `license_number`.
    pub counts_numbers: bool,
    /// Counts its changes; 0 while nobody decided. Send it as `If-Match`.
    pub version: i64,
}

/// Says whether a direct number uses a unit. What is bound already stays.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SetExtensionPolicy {
    /// The organization.
    pub organization_id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// A direct number uses a unit.
    pub counts_numbers: bool,
}

impl Command for SetExtensionPolicy {
    const NAME: &'static str = "extensions.set_policy";
    type Outcome = ExtensionPolicy;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<ExtensionPolicy> {
        let id = self.organization_id;
        tx.require(Permission::AssignmentsSet, id).await?;
        let (before, found) = queries::counts_numbers(tx, id).await?;
        let stale = || {
            let message = "Somebody changed this in the meantime; look at it again.";
            Error::new(Kind::Stale, "version.stale", message).with("version", found)
        };
        if self.version.is_some_and(|version| version != found) {
            return Err(stale());
        }
        let written = (self.counts_numbers, found);
        let version = queries::set_counts_numbers(tx, id, written).await?;
        let version = version.ok_or_else(stale)?;
        tx.changed(Change {
            noun: "extension_policy",
            row_id: id,
            version,
            organization_id: Some(id),
            before: (found > 0).then(|| json!({"counts_numbers": before})),
            after: Some(json!({"counts_numbers": self.counts_numbers})),
        });
        Ok(ExtensionPolicy {
            organization_id: id,
            counts_numbers: self.counts_numbers,
            version,
        })
    }
}
