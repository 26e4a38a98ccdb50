//! Every statement that reads roles.

use store::{Select, Tx};
use uuid::Uuid;

use super::model::Role;
use crate::{
    error::Result,
    scope::{
        BuiltIn, Permission, Scope,
        custom::{self, CustomRole},
        queries::below_any,
    },
};

/// The roles a caller can see: the built-in ones, those made at or below their organizations, and those
/// made above, which can be given there.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<Role>> {
    let roots = scope.require(Permission::PeopleRead)?;
    let custom = visible(tx, &roots, None).await?;
    let mut roles: Vec<Role> = BuiltIn::ALL.into_iter().map(Role::built_in).collect();
    roles.extend(custom.into_iter().map(Role::custom));
    count(tx, &roots, &mut roles).await?;
    demand(tx, &mut roles).await?;
    Ok(roles)
}

/// One role, where the caller can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, word: &str) -> Result<Option<Role>> {
    let roots = scope.roots(Permission::PeopleRead);
    if roots.is_empty() {
        return Ok(None);
    }
    let found = match (BuiltIn::parse(word), word.parse::<Uuid>()) {
        (Some(role), _) => Some(Role::built_in(role)),
        (None, Ok(id)) => visible(tx, &roots, Some(id)).await?.pop().map(Role::custom),
        (None, Err(_)) => None,
    };
    let mut roles: Vec<Role> = found.into_iter().collect();
    count(tx, &roots, &mut roles).await?;
    demand(tx, &mut roles).await?;
    Ok(roles.pop())
}

async fn visible(tx: &mut Tx<'_>, roots: &[Uuid], id: Option<Uuid>) -> Result<Vec<CustomRole>> {
    let mut select = Select::new(custom::COLUMNS);
    let places: Vec<String> = roots.iter().map(|root| select.bind(root)).collect();
    let places = places.join(", ");
    select.and_raw(&format!(
        "(r.organization_id IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id IN ({places}))
         OR r.organization_id IN (SELECT ancestor_id FROM organization_closure WHERE descendant_id IN ({places})))"
    ));
    if let Some(id) = &id {
        select.and("r.id = ?", id);
    }
    let sql = select.sql(" ORDER BY r.name, r.id LIMIT 500");
    Ok(tx.query(&sql, select.params()).await?)
}

async fn count(tx: &mut Tx<'_>, roots: &[Uuid], roles: &mut [Role]) -> Result<()> {
    let head = "SELECT m.role, count(DISTINCT m.person_id) FROM membership m";
    let mut select = Select::new(head);
    below_any(&mut select, "m.organization_id", roots);
    let sql = select.sql(" GROUP BY m.role");
    let counts: Vec<(String, i64)> = tx.query(&sql, select.params()).await?;
    for role in roles {
        let found = counts.iter().find(|(word, _)| *word == role.role);
        role.people = found.map_or(0, |(_, people)| *people);
    }
    Ok(())
}

/// What the operator demands of built-in roles.
async fn demand(tx: &mut Tx<'_>, roles: &mut [Role]) -> Result<()> {
    let sql = "SELECT role, requires_second_factor, version FROM role_policy";
    let demands: Vec<(String, bool, i64)> = tx.query(sql, &[]).await?;
    for (word, requires, version) in demands {
        if let Some(role) = roles.iter_mut().find(|role| role.role == word) {
            (role.requires_second_factor, role.version) = (requires, version);
        }
    }
    Ok(())
}

/// Whether a person belongs where a role can be given: then they see it, and are told what they lack.
pub async fn is_offered_to(tx: &mut Tx<'_>, role: &CustomRole, person_id: Uuid) -> Result<bool> {
    let sql = "SELECT m.id FROM membership m JOIN organization_closure c
        ON c.descendant_id = m.organization_id AND c.ancestor_id = $2
        WHERE m.person_id = $1 AND m.active = TRUE LIMIT 1";
    let found: Option<(Uuid,)> = tx
        .query_opt(sql, &[&person_id, &role.organization_id])
        .await?;
    Ok(found.is_some())
}
