//! Organizations whose names sound like a new one: looked for among those that the caller sees, and nowhere else.

use store::{Select, Tx};
use uuid::Uuid;

use super::model::Alike;
use crate::{
    error::Result,
    scope::{Permission, Scope, queries::below_any_of_many},
};

/// Names looked at for each part of the new one: a word that stands in all of them tells nothing.
const LOOKED_AT: i64 = 200;
/// The same of all names there are, whoever sees them.
const ANYBODYS: i64 = 2_000;
/// Names told.
const TOLD: usize = 5;

/// The organizations that a scope sees whose names are like this one, itself left out.
pub async fn find(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (name, but): (&str, Option<Uuid>),
) -> Result<Vec<Alike>> {
    let roots = scope.roots(Permission::OrganizationsRead);
    let mut found: Vec<Alike> = Vec::new();
    if roots.is_empty() {
        return Ok(found);
    }
    let whole = rules::text::like_pattern(name);
    let parts = rules::names::parts(name);
    let parts = parts.iter().map(|part| rules::text::like_pattern(part));
    // The whole name first, where it is long enough for an index of three letters.
    for pattern in std::iter::once(whole).chain(parts) {
        if found.len() >= TOLD || pattern.chars().count() < 5 {
            continue;
        }
        for (organization_id, other) in holding(tx, &roots, pattern).await? {
            let known = found.iter().any(|it| it.organization_id == organization_id);
            if !known && Some(organization_id) != but && rules::names::alike(name, &other) {
                found.push(Alike {
                    organization_id,
                    name: other,
                });
            }
        }
    }
    found.truncate(TOLD);
    Ok(found)
}

async fn holding(tx: &mut Tx<'_>, roots: &[Uuid], pattern: String) -> Result<Vec<(Uuid, String)>> {
    let mut select = Select::new("");
    let held = select.bind(&pattern);
    select.and_raw("o.id = s.id");
    // Few names hold a part that tells anything: each is asked where it belongs.
    below_any_of_many(&mut select, true, "s.id", roots);
    let seen = select.sql(&format!(" LIMIT {LOOKED_AT}"));
    let sql = format!(
        "SELECT o.id, o.name FROM (SELECT id FROM organization_search WHERE text LIKE {held} LIMIT {ANYBODYS}) s
         CROSS JOIN organization o{seen}"
    );
    Ok(tx.query(&sql, select.params()).await?)
}
