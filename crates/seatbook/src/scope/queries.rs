//! Rights as rows.

use store::{FromRow, Json, Row, Tx};
use uuid::Uuid;

use super::{BuiltIn, Grant, Permission, Scope};
use crate::error::{Error, Result};

/// A role held somewhere: the columns [`HELD`], then whatever the caller asked for beside them.
#[derive(Clone, Debug)]
pub struct Held {
    /// Where, and below.
    pub organization_id: Uuid,
    /// Steps from the root.
    pub depth: i64,
    /// A built-in role's key, or the custom role's id as text.
    pub role: String,
    /// What people call the role.
    pub label: String,
    custom: Option<Json>,
}

/// The columns of [`Held`], from `membership m JOIN organization_node n ON n.id =
/// m.organization_id LEFT JOIN role r ON r.id = m.role_id`.
pub const HELD: &str = "m.organization_id, m.role, r.name, r.permissions, n.depth";

impl FromRow for Held {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (role, name): (String, Option<String>) = (row.get(1)?, row.get(2)?);
        let built_in = BuiltIn::parse(&role).map(|role| role.label().to_owned());
        Ok(Held {
            organization_id: row.get(0)?,
            depth: row.get(4)?,
            label: built_in.or(name).unwrap_or_default(),
            role,
            custom: row.get(3)?,
        })
    }
}

impl Held {
    /// What the role allows.
    pub fn permissions(&self) -> Vec<Permission> {
        match (BuiltIn::parse(&self.role), &self.custom) {
            (Some(role), _) => role.permissions(),
            (None, Some(words)) => permissions_of(words),
            (None, None) => vec![],
        }
    }
}

/// The permissions a stored list names. A word that this version does not know gives no right.
pub fn permissions_of(words: &Json) -> Vec<Permission> {
    let words = words.0.as_array().into_iter().flatten();
    words
        .filter_map(|word| Permission::parse(word.as_str()?))
        .collect()
}

/// The rights that roles held add up to.
pub fn scope_from<'a>(held: impl IntoIterator<Item = &'a Held>) -> Scope {
    let grants = held.into_iter().map(|held| Grant {
        organization_id: held.organization_id,
        depth: held.depth,
        permissions: held.permissions(),
    });
    Scope::new(grants.collect())
}

/// Everything a person may do, as of this moment.
pub async fn scope_of(tx: &mut Tx<'_>, person_id: Uuid) -> Result<Scope> {
    let sql = format!(
        "SELECT {HELD} FROM membership m
         JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
         LEFT JOIN role r ON r.id = m.role_id
         WHERE m.person_id = $1 AND m.active = TRUE ORDER BY n.depth, m.id"
    );
    let held: Vec<Held> = tx.query(&sql, &[&person_id]).await?;
    Ok(scope_from(&held))
}

/// What a person may do at one organization. Empty where it cannot be seen.
pub async fn permissions_at(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    organization_id: Uuid,
) -> Result<Vec<Permission>> {
    let sql = format!(
        "SELECT {HELD} FROM membership m
         JOIN organization_closure c ON c.ancestor_id = m.organization_id AND c.descendant_id = $2
         JOIN organization_node n ON n.id = m.organization_id AND n.blocked = FALSE
         LEFT JOIN role r ON r.id = m.role_id
         WHERE m.person_id = $1 AND m.active = TRUE"
    );
    let held: Vec<Held> = tx.query(&sql, &[&person_id, &organization_id]).await?;
    Ok(held.iter().flat_map(Held::permissions).collect())
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

/// How many rows a statement finds, no further than `most` and one more.
pub async fn count_to(
    tx: &mut Tx<'_>,
    select: &store::Select<'_>,
    head: &str,
    most: i64,
) -> Result<i64> {
    let inner = select.sql(&format!(" LIMIT {}", most + 1));
    let sql = format!("SELECT count(*) FROM ({head}{inner}) counted");
    Ok(tx.query_one::<(i64,)>(&sql, select.params()).await?.0)
}

/// Rows below somebody's organizations that are gathered and sorted, at most.
pub const SORTED: i64 = 20_000;

/// Whether more rows than are gathered lie below one of the roots. `rows` is the table as the list has it, such as
/// `holder h`, and `counted` has what else is asked of each: of many rows that can be seen few may be meant, for which
/// a walk would go through everybody's.
pub async fn are_many<'a>(
    tx: &mut Tx<'_>,
    mut counted: store::Select<'a>,
    (rows, column): (&str, &str),
    roots: &'a [Uuid],
) -> Result<bool> {
    below_any(&mut counted, column, roots);
    let head = format!("SELECT 1 AS one FROM {rows}");
    Ok(count_to(tx, &counted, &head, SORTED).await? > SORTED)
}

/// Adds the same to a list over very many organizations, so that its first rows are found soon. Few rows are gathered;
/// who has [many](are_many) meets them soon where the list is walked in its own order, and each row is asked where it
/// belongs.
pub fn below_any_of_many<'a>(
    select: &mut store::Select<'a>,
    are_many: bool,
    column: &str,
    roots: &'a [Uuid],
) {
    if !are_many {
        below_any(select, column, roots);
        return;
    }
    let places: Vec<String> = roots.iter().map(|root| select.bind(root)).collect();
    // A subquery for each row: as IN or EXISTS it would be taken for the way in, and all rows sorted.
    select.and_raw(&format!(
        "(SELECT 1 FROM organization_closure c WHERE c.descendant_id = {column} AND c.ancestor_id IN ({}) LIMIT 1) = 1",
        places.join(", ")
    ));
}
