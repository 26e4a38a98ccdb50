//! What the pages about organizations ask of the book.

use std::collections::HashMap;

use store::{Param, Select, Tx, placeholders};
use uuid::Uuid;

use crate::{
    console::badges,
    error::Result,
    organizations::pages::OrganizationRow,
    scope::{BuiltIn, Permission, Scope, queries::below_any},
};

/// A list counts no further than this.
pub const COUNTED: i64 = 10_000;

/// Which organizations a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Below this one.
    pub top: Uuid,
    /// Directly below it only.
    pub children: bool,
    /// Any part of name, reference, web site or tax number.
    pub keyword: Option<String>,
    /// Of this kind.
    pub kind: Option<String>,
    /// Suspended, or below one that is.
    pub suspended: bool,
    /// From Z to A.
    pub descending: bool,
    /// Rows to leave out.
    pub offset: i64,
    /// Rows at most.
    pub limit: i64,
}

/// Everything below an organization with its parent, by name: what the tree is built from.
pub async fn outline(tx: &mut Tx<'_>, top: Uuid, limit: i64) -> Result<Vec<(Uuid, Uuid)>> {
    let sql = "SELECT n.id, n.parent_id FROM organization_closure c
        JOIN organization_node n ON n.id = c.descendant_id JOIN organization o ON o.id = n.id
        WHERE c.ancestor_id = $1 AND c.distance > 0 ORDER BY o.name, o.id LIMIT $2";
    Ok(tx.query(sql, &[&top, &limit]).await?)
}

/// The organizations of a list, by name.
pub async fn matching(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Uuid>> {
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = narrowed("SELECT o.id", filter, &keyword);
    let way = if filter.descending { "DESC" } else { "ASC" };
    let (limit, offset) = (select.bind(&filter.limit), select.bind(&filter.offset));
    let order = format!(" ORDER BY o.name {way}, o.id {way} LIMIT {limit} OFFSET {offset}");
    let found: Vec<(Uuid,)> = tx.query(&select.sql(&order), select.params()).await?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// How many [`matching`] would find in all, up to one more than [`COUNTED`].
pub async fn count(tx: &mut Tx<'_>, filter: &Filter) -> Result<i64> {
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = narrowed("SELECT count(*) FROM (SELECT o.id", filter, &keyword);
    let most = COUNTED + 1;
    let limit = select.bind(&most);
    let sql = select.sql(&format!(" LIMIT {limit}) counted"));
    Ok(tx.query_one::<(i64,)>(&sql, select.params()).await?.0)
}

fn narrowed<'a>(head: &str, filter: &'a Filter, keyword: &'a Option<String>) -> Select<'a> {
    let from = "FROM organization o JOIN organization_node n ON n.id = o.id";
    let mut select = Select::new(format!("{head} {from}"));
    if filter.children {
        select.and("n.parent_id = ?", &filter.top);
    } else {
        let below =
            "SELECT descendant_id FROM organization_closure WHERE ancestor_id = ? AND distance > 0";
        select.and(&format!("o.id IN ({below})"), &filter.top);
    }
    if let Some(keyword) = keyword {
        let found = "SELECT id FROM organization_search WHERE text LIKE ?";
        select.and(&format!("o.id IN ({found})"), keyword);
    }
    if let Some(kind) = &filter.kind {
        select.and("o.kind = ?", kind);
    }
    if filter.suspended {
        select.and_raw("n.blocked = TRUE");
    }
    select
}

/// Id, name, reference, kind, whether it is suspended, children, licenses, units.
type Counted = (Uuid, String, Option<String>, String, bool, i64, i64, i64);

/// These organizations with what stands below them and what they hold.
pub async fn rows(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, OrganizationRow>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    let sql = format!(
        "SELECT o.id, o.name, o.reference, o.kind, n.blocked,
         (SELECT count(*) FROM organization_node c WHERE c.parent_id = o.id),
         (SELECT count(*) FROM pool p WHERE p.organization_id = o.id AND p.quantity > 0),
         (SELECT CAST(coalesce(sum(p.quantity), 0) AS BIGINT) FROM pool p WHERE p.organization_id = o.id)
         FROM organization o JOIN organization_node n ON n.id = o.id WHERE o.id IN {}",
        placeholders(1, ids.len())
    );
    let found: Vec<Counted> = tx.query(&sql, &params).await?;
    Ok(found
        .into_iter()
        .map(|counted| (counted.0, row(counted)))
        .collect())
}

fn row(
    (id, name, reference, kind, blocked, children, licenses, units): Counted,
) -> OrganizationRow {
    OrganizationRow {
        id: id.to_string(),
        name,
        reference: reference.unwrap_or_default(),
        kind: badges::kind(&kind),
        children,
        licenses,
        units,
        status: badges::organization(if blocked { "suspended" } else { "active" }),
        ..OrganizationRow::default()
    }
}

/// Where each of these stands below `top`: "Norvik Networks › Nordlicht Partners"; nothing directly below it.
pub async fn paths(tx: &mut Tx<'_>, top: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    params.push(&top);
    let sql = format!(
        "SELECT c.descendant_id, o.name FROM organization_closure c JOIN organization o ON o.id = c.ancestor_id
         JOIN organization_closure t ON t.descendant_id = c.ancestor_id AND t.ancestor_id = ${}
         WHERE c.descendant_id IN {} AND c.distance > 0 AND t.distance > 0
         ORDER BY c.descendant_id, c.distance DESC",
        params.len(),
        placeholders(1, ids.len())
    );
    let mut paths: HashMap<Uuid, String> = HashMap::new();
    for (id, name) in tx.query::<(Uuid, String)>(&sql, &params).await? {
        let path = paths.entry(id).or_default();
        if !path.is_empty() {
            path.push_str(" › ");
        }
        path.push_str(&name);
    }
    Ok(paths)
}

/// The organizations above this one that the scope can see, the highest first.
pub async fn above(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Vec<(Uuid, String)>> {
    let roots = scope.roots(Permission::OrganizationsRead);
    let head = "SELECT o.id, o.name FROM organization_closure c JOIN organization o ON o.id = c.ancestor_id";
    let mut select = Select::new(head);
    select
        .and("c.descendant_id = ?", &id)
        .and_raw("c.distance > 0");
    below_any(&mut select, "c.ancestor_id", &roots);
    let sql = select.sql(" ORDER BY c.distance DESC");
    Ok(tx.query(&sql, select.params()).await?)
}

/// Who may act for exactly this organization: name, e-mail, role.
pub async fn people(
    tx: &mut Tx<'_>,
    id: Uuid,
    limit: i64,
) -> Result<Vec<(String, String, String)>> {
    let sql = "SELECT p.name, p.email, m.role, r.name FROM membership m JOIN person p ON p.id = m.person_id
        LEFT JOIN role r ON r.id = m.role_id
        WHERE m.organization_id = $1 AND m.active = TRUE AND p.active = TRUE ORDER BY p.name, p.id LIMIT $2";
    let found: Vec<(String, String, String, Option<String>)> =
        tx.query(sql, &[&id, &limit]).await?;
    let told = |(name, email, role, custom): (String, String, String, Option<String>)| {
        let built_in = BuiltIn::parse(&role).map(|role| role.label().to_owned());
        (name, email, built_in.or(custom).unwrap_or_default())
    };
    Ok(found.into_iter().map(told).collect())
}

/// What stands at and below an organization.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// Organizations, itself included.
    pub organizations: i64,
    /// People who act for one of them.
    pub people: i64,
    /// API tokens of these people that work now.
    pub tokens: i64,
    /// Licenses that one of them owns.
    pub licenses: i64,
    /// Licenses that one of them holds units of, owned or received.
    pub held: i64,
}

/// Counts a branch.
pub async fn branch(tx: &mut Tx<'_>, id: Uuid, now: store::Timestamp) -> Result<Branch> {
    let below = "SELECT descendant_id FROM organization_closure WHERE ancestor_id = $1";
    let seats = format!(
        "SELECT person_id FROM membership WHERE active = TRUE AND organization_id IN ({below})"
    );
    let sql = format!(
        "SELECT (SELECT count(*) FROM organization_closure WHERE ancestor_id = $1),
         (SELECT count(*) FROM person WHERE active = TRUE AND id IN ({seats})),
         (SELECT count(*) FROM api_token WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
            AND person_id IN ({seats})),
         (SELECT count(*) FROM license WHERE organization_id IN ({below})),
         (SELECT count(DISTINCT license_id) FROM pool WHERE quantity > 0 AND organization_id IN ({below}))"
    );
    let row: (i64, i64, i64, i64, i64) = tx.query_one(&sql, &[&id, &now]).await?;
    Ok(Branch {
        organizations: row.0,
        people: row.1,
        tokens: row.2,
        licenses: row.3,
        held: row.4,
    })
}

/// Units that an organization holds from one it would leave: SKU, sales order, units, of them in use, giver.
pub type Held = (String, Option<String>, i64, i64, String);

/// What must be returned before an organization moves below `new_parent_id`, the most first.
pub async fn held(tx: &mut Tx<'_>, id: Uuid, new_parent_id: Uuid, limit: i64) -> Result<Vec<Held>> {
    let sql = "SELECT p.sku_code, p.sales_order, p.quantity, p.allocated + p.assigned, o.name
        FROM pool p JOIN pool up ON up.id = p.parent_id JOIN organization o ON o.id = up.organization_id
        WHERE p.organization_id = $1 AND p.quantity > 0 AND up.organization_id <> $2
        ORDER BY p.quantity DESC, p.id LIMIT $3";
    Ok(tx.query(sql, &[&id, &new_parent_id, &limit]).await?)
}
