//! Memberships as rows: who holds which role where.

use serde_json::{Value, json};
use store::{FromRow, Row, Tx};
use uuid::Uuid;

use crate::{
    error::{Error, Kind, Result},
    journal::Change,
};

/// A stored membership.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its id.
    pub id: Uuid,
    /// Who.
    pub person_id: Uuid,
    /// Where, and below.
    pub organization_id: Uuid,
    /// A built-in role's key, or the custom role's id as text.
    pub role: String,
    /// The custom role.
    pub role_id: Option<Uuid>,
    /// Whether it gives any right.
    pub active: bool,
    /// Counts its changes.
    pub version: i64,
}

const COLUMNS: &str =
    "SELECT id, person_id, organization_id, role, role_id, active, version FROM membership";

impl FromRow for Member {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Member {
            id: row.get(0)?,
            person_id: row.get(1)?,
            organization_id: row.get(2)?,
            role: row.get(3)?,
            role_id: row.get(4)?,
            active: row.get(5)?,
            version: row.get(6)?,
        })
    }
}

impl Member {
    /// What the journal keeps of it.
    pub fn facts(&self) -> Value {
        json!({"person_id": self.person_id, "organization_id": self.organization_id,
            "role": self.role, "active": self.active})
    }

    /// The step from this state to `after`; `None` removes it.
    pub fn became(&self, after: Option<&Member>) -> Change {
        Change {
            noun: "membership",
            row_id: self.id,
            version: self.version + 1,
            organization_id: Some(self.organization_id),
            before: Some(self.facts()),
            after: after.map(Member::facts),
        }
    }

    /// The first step of a new one.
    pub fn began(&self) -> Change {
        Change {
            noun: "membership",
            row_id: self.id,
            version: 1,
            organization_id: Some(self.organization_id),
            before: None,
            after: Some(self.facts()),
        }
    }
}

/// One membership.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Member>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE id = $1"), &[&id])
        .await?)
}

/// Every membership of a person.
pub async fn of_person(tx: &mut Tx<'_>, person_id: Uuid) -> Result<Vec<Member>> {
    let sql = format!("{COLUMNS} WHERE person_id = $1 ORDER BY id");
    Ok(tx.query(&sql, &[&person_id]).await?)
}

/// Adds a membership; `false` where the same stands already.
pub async fn insert(tx: &mut Tx<'_>, new: &Member) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO membership (id, person_id, organization_id, role, role_id, active, version)
             VALUES ($1, $2, $3, $4, $5, TRUE, 1)
             ON CONFLICT (person_id, organization_id, role) DO NOTHING",
            &[&new.id, &new.person_id, &new.organization_id, &new.role, &new.role_id],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives the membership another role, where the person does not hold that one there already.
pub async fn set_role(
    tx: &mut Tx<'_>,
    before: &Member,
    role: &str,
    role_id: Option<Uuid>,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE membership SET role = $3, role_id = $4, version = version + 1
             WHERE id = $1 AND version = $2 AND NOT EXISTS (SELECT 1 FROM membership twin
               WHERE twin.person_id = $5 AND twin.organization_id = $6 AND twin.role = $3 AND twin.id <> $1)",
            &[
                &before.id, &before.version, &role, &role_id, &before.person_id,
                &before.organization_id,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Lets the membership rest, or wakes it.
pub async fn set_active(tx: &mut Tx<'_>, before: &Member, active: bool) -> Result<Member> {
    let sql =
        "UPDATE membership SET active = $3, version = version + 1 WHERE id = $1 AND version = $2";
    let rows = tx
        .execute(sql, &[&before.id, &before.version, &active])
        .await?;
    let after = Member {
        active,
        version: before.version + 1,
        ..before.clone()
    };
    (rows == 1)
        .then_some(after)
        .ok_or_else(|| stale(before.version))
}

/// Ends the membership.
pub async fn delete(tx: &mut Tx<'_>, before: &Member) -> Result<()> {
    let sql = "DELETE FROM membership WHERE id = $1 AND version = $2";
    match tx.execute(sql, &[&before.id, &before.version]).await? {
        1 => Ok(()),
        _ => Err(stale(before.version)),
    }
}

/// 412: the membership is no longer as it was seen.
pub fn stale(version: i64) -> Error {
    let message = "Somebody changed this membership in the meantime; look at it again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", version)
}
