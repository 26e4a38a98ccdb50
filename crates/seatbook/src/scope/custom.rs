//! Roles that somebody made, and any role as it can be given.

use serde_json::{Value, json};
use store::{FromRow, Json, Row, Tx};
use uuid::Uuid;

use super::{BuiltIn, Permission, queries::permissions_of};
use crate::error::Result;

/// A role that can be given at some organization.
#[derive(Clone, Debug)]
pub struct Role {
    /// What memberships store: a built-in role's key, or the custom role's id as text.
    pub word: String,
    /// The custom role.
    pub role_id: Option<Uuid>,
    /// What people call it.
    pub label: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
}

impl From<BuiltIn> for Role {
    fn from(role: BuiltIn) -> Self {
        Role {
            word: role.key().into(),
            role_id: None,
            label: role.label().into(),
            permissions: role.permissions(),
        }
    }
}

impl From<CustomRole> for Role {
    fn from(role: CustomRole) -> Self {
        Role {
            word: role.id.to_string(),
            role_id: Some(role.id),
            label: role.name,
            permissions: role.permissions,
        }
    }
}

/// A role that somebody made, for the subtree of one organization.
#[derive(Clone, Debug)]
pub struct CustomRole {
    /// Its id.
    pub id: Uuid,
    /// Who made it: it can be given there and below.
    pub organization_id: Uuid,
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// Whether its people must bring a second factor.
    pub requires_second_factor: bool,
    /// Counts its changes.
    pub version: i64,
}

/// The columns of [`CustomRole`].
pub const COLUMNS: &str =
    "SELECT r.id, r.organization_id, r.name, r.permissions, r.requires_second_factor, r.version
    FROM role r";

impl FromRow for CustomRole {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(CustomRole {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            name: row.get(2)?,
            permissions: permissions_of(&row.get(3)?),
            requires_second_factor: row.get(4)?,
            version: row.get(5)?,
        })
    }
}

impl CustomRole {
    /// What the journal keeps of it.
    pub fn facts(&self) -> Value {
        json!({"organization_id": self.organization_id, "name": self.name, "permissions": self.permissions,
            "requires_second_factor": self.requires_second_factor})
    }
}

/// The role a word names, where it can be given at this organization.
pub async fn usable(tx: &mut Tx<'_>, word: &str, organization_id: Uuid) -> Result<Option<Role>> {
    if let Some(role) = BuiltIn::parse(word) {
        return Ok(Some(role.into()));
    }
    let Ok(id) = word.parse::<Uuid>() else {
        return Ok(None);
    };
    let sql = format!(
        "{COLUMNS} JOIN organization_closure c ON c.ancestor_id = r.organization_id AND c.descendant_id = $2
         WHERE r.id = $1"
    );
    let found: Option<CustomRole> = tx.query_opt(&sql, &[&id, &organization_id]).await?;
    Ok(found.map(Role::from))
}

/// One custom role, whoever asks.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<CustomRole>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE r.id = $1"), &[&id])
        .await?)
}

/// Adds a role; `false` where the organization has one of this name.
pub async fn insert(tx: &mut Tx<'_>, new: &CustomRole) -> Result<bool> {
    let permissions = Json(json!(new.permissions));
    let rows = tx
        .execute(
            "INSERT INTO role (id, organization_id, name, permissions, requires_second_factor, version)
             VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (organization_id, name) DO NOTHING",
            &[
                &new.id, &new.organization_id, &new.name, &permissions, &new.requires_second_factor,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Whether another role of the organization has this name.
pub async fn name_is_taken(tx: &mut Tx<'_>, role: &CustomRole) -> Result<bool> {
    let sql = "SELECT id FROM role WHERE organization_id = $1 AND name = $2 AND id <> $3";
    let params: [&dyn store::Param; 3] = [&role.organization_id, &role.name, &role.id];
    Ok(tx.query_opt::<(Uuid,)>(sql, &params).await?.is_some())
}

/// Writes a role over the version it carries; `false` where it was another.
pub async fn update(tx: &mut Tx<'_>, role: &CustomRole) -> Result<bool> {
    let permissions = Json(json!(role.permissions));
    let rows = tx
        .execute(
            "UPDATE role SET name = $3, permissions = $4, requires_second_factor = $5, version = version + 1
             WHERE id = $1 AND version = $2",
            &[
                &role.id, &role.version, &role.name, &permissions, &role.requires_second_factor,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes a role that nobody holds; `false` where somebody does, or its version was another.
pub async fn delete(tx: &mut Tx<'_>, role: &CustomRole) -> Result<bool> {
    let sql = "DELETE FROM role WHERE id = $1 AND version = $2
        AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.role_id = $1)";
    Ok(tx.execute(sql, &[&role.id, &role.version]).await? == 1)
}
