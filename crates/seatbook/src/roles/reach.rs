//! How far somebody's rights over other people reach.

use serde_json::json;
use uuid::Uuid;

use crate::{
    error::{Error, Kind, Result},
    gate::{Origin, Tx},
    scope::{
        self,
        custom::{self, Role},
    },
};

/// The role a word names, where it can be given at this organization; 422 where it cannot.
pub async fn role_at(tx: &mut Tx<'_>, word: &str, organization_id: Uuid) -> Result<Role> {
    let role = custom::usable(tx, word, organization_id).await?;
    let message = "There is no such role at this organization.";
    role.ok_or_else(|| Error::invalid("role", "role.unknown", message))
}

/// Fails with 403 where the role allows what the caller may not do at this organization: nobody gives,
/// or takes away, more than they hold.
pub async fn check(tx: &mut Tx<'_>, role: &Role, organization_id: Uuid) -> Result<()> {
    check_all(tx, &role.permissions, organization_id).await
}

/// The same for a set of permissions.
pub async fn check_all(
    tx: &mut Tx<'_>,
    wanted: &[scope::Permission],
    organization_id: Uuid,
) -> Result<()> {
    let caller = tx.caller();
    if caller.origin == Origin::System {
        return Ok(());
    }
    let held = scope::queries::permissions_at(tx, caller.actor_id, organization_id).await?;
    let holds = |permission| {
        let limits = caller.limits.as_ref();
        held.contains(permission) && limits.is_none_or(|limits| limits.contains(permission))
    };
    let beyond: Vec<&str> = wanted
        .iter()
        .filter(|permission| !holds(permission))
        .map(|permission| permission.as_str())
        .collect();
    if beyond.is_empty() {
        return Ok(());
    }
    let message = "This role may do more than you may yourself.";
    Err(Error::new(Kind::Forbidden, "role.too_wide", message).with("permissions", json!(beyond)))
}
