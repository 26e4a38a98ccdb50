//! Rights as rows.

use store::{FromRow, Json, Row, Tx};
use uuid::Uuid;

use super::{BuiltIn, Grant, Permission, Scope};
use crate::error::{Error, Result};

struct Held {
    organization_id: Uuid,
    depth: i64,
    role: String,
    custom: Option<Json>,
}

impl FromRow for Held {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Held {
            organization_id: row.get(0)?,
            depth: row.get(1)?,
            role: row.get(2)?,
            custom: row.get(3)?,
        })
    }
}

impl Held {
    fn permissions(self) -> Vec<Permission> {
        match (BuiltIn::parse(&self.role), self.custom) {
            (Some(role), _) => role.permissions(),
            // A word that this version does not know gives no right.
            (None, Some(Json(words))) => {
                let words = words.as_array().cloned().unwrap_or_default();
                words
                    .iter()
                    .filter_map(|word| Permission::parse(word.as_str()?))
                    .collect()
            }
            (None, None) => vec![],
        }
    }
}

/// Everything a person may do, as of this moment.
pub async fn scope_of(tx: &mut Tx<'_>, person_id: Uuid) -> Result<Scope> {
    let held: Vec<Held> = tx
        .query(
            "SELECT m.organization_id, n.depth, m.role, r.permissions FROM membership m
             JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
             LEFT JOIN role r ON r.id = m.role_id
             WHERE m.person_id = $1 AND m.active = TRUE ORDER BY n.depth, m.id",
            &[&person_id],
        )
        .await?;
    let grants = held.into_iter().map(|held| Grant {
        organization_id: held.organization_id,
        depth: held.depth,
        permissions: held.permissions(),
    });
    Ok(Scope::new(grants.collect()))
}

/// What a person may do at one organization. Empty where it cannot be seen.
pub async fn permissions_at(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    organization_id: Uuid,
) -> Result<Vec<Permission>> {
    let held: Vec<Held> = tx
        .query(
            "SELECT m.organization_id, n.depth, m.role, r.permissions FROM membership m
             JOIN organization_closure c ON c.ancestor_id = m.organization_id AND c.descendant_id = $2
             JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
             LEFT JOIN role r ON r.id = m.role_id
             WHERE m.person_id = $1 AND m.active = TRUE",
            &[&person_id, &organization_id],
        )
        .await?;
    Ok(held.into_iter().flat_map(Held::permissions).collect())
}

/// Fails with 404 where `organization_id` cannot be seen with `permission` held by the scope's roots.
pub async fn check_visible(
    tx: &mut Tx<'_>,
    scope: &Scope,
    permission: Permission,
    organization_id: Uuid,
) -> Result<()> {
    let (within, clause) = (
        scope.roots(permission),
        "SELECT 1 FROM organization_closure",
    );
    let mut select = store::Select::new(clause);
    select.and("descendant_id = ?", &organization_id);
    within_any(&mut select, "ancestor_id", &within);
    let found: Option<(i32,)> = tx
        .query_opt(&select.sql(" LIMIT 1"), select.params())
        .await?;
    found.map(|_| ()).ok_or_else(Error::not_found)
}

/// Adds `column IN (roots)`; with no roots nothing is found.
pub fn within_any<'a>(select: &mut store::Select<'a>, column: &str, roots: &'a [Uuid]) {
    if roots.is_empty() {
        select.and_raw("1 = 0");
        return;
    }
    let places: Vec<String> = roots.iter().map(|root| select.bind(root)).collect();
    select.and_raw(&format!("{column} IN ({})", places.join(", ")));
}

/// Adds "this organization column lies below one of the roots".
pub fn below_any<'a>(select: &mut store::Select<'a>, column: &str, roots: &'a [Uuid]) {
    if roots.is_empty() {
        select.and_raw("1 = 0");
        return;
    }
    let places: Vec<String> = roots.iter().map(|root| select.bind(root)).collect();
    select.and_raw(&format!(
        "{column} IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id IN ({}))",
        places.join(", ")
    ));
}

/// Gives somebody a role somewhere; `false` where the same membership stands already.
pub async fn insert_membership(tx: &mut Tx<'_>, membership: &Membership) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO membership (id, person_id, organization_id, role, role_id, active, version)
             VALUES ($1, $2, $3, $4, $5, TRUE, 1)
             ON CONFLICT (person_id, organization_id, role) DO NOTHING",
            &[
                &membership.id,
                &membership.person_id,
                &membership.organization_id,
                &membership.role,
                &membership.role_id,
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// A role held by a person at an organization.
#[derive(Clone, Debug)]
pub struct Membership {
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
}
