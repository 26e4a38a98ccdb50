//! Every statement about allocations that reads. The rows are pools, which `licenses` owns and writes.

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Allocation, Child, Source};
use crate::error::Result;

/// The pool's facts.
pub async fn find_source(tx: &mut Tx<'_>, pool_id: Uuid) -> Result<Option<Source>> {
    let row: Option<(Uuid, Uuid, i64, i64, i64, bool)> = tx
        .query_opt(
            "SELECT p.organization_id, p.license_id, p.quantity, p.allocated, p.assigned, l.used
             FROM pool p JOIN license l ON l.id = p.license_id WHERE p.id = $1",
            &[&pool_id],
        )
        .await?;
    Ok(row.map(
        |(organization_id, license_id, quantity, allocated, assigned, used)| Source {
            organization_id,
            license_id,
            quantity,
            allocated,
            assigned,
            used,
        },
    ))
}

/// Whether a pool passes units on now, as [`pools::take`](crate::licenses::pools::take) asks when it does.
pub async fn is_open(tx: &mut Tx<'_>, pool_id: Uuid, now: Timestamp) -> Result<bool> {
    let sql = "SELECT 1 FROM pool p JOIN organization_node n ON n.id = p.organization_id
        WHERE p.id = $1 AND p.open = TRUE AND (p.ends_at IS NULL OR p.ends_at > $2) AND n.blocked = FALSE";
    let found: Option<(i32,)> = tx.query_opt(sql, &[&pool_id, &now]).await?;
    Ok(found.is_some())
}

/// Organization, pool, parent pool, units, units in use, suspended.
type ChildRow = (Uuid, Option<Uuid>, Option<Uuid>, i64, i64, bool);

/// The named organizations, where they are direct children of the pool's, with their pools of its license.
pub async fn find_children(tx: &mut Tx<'_>, source: &Source, named: &[Uuid]) -> Result<Vec<Child>> {
    let mut found = Vec::with_capacity(named.len());
    for some in named.chunks(500) {
        let mut select = Select::new("");
        let license = select.bind(&source.license_id);
        let parent = select.bind(&source.organization_id);
        let places: Vec<String> = some.iter().map(|id| select.bind(id)).collect();
        let sql = format!(
            "SELECT n.id, p.id, p.parent_id, coalesce(p.quantity, 0), coalesce(p.allocated + p.assigned, 0), n.blocked
             FROM organization_node n LEFT JOIN pool p ON p.organization_id = n.id AND p.license_id = {license}
             WHERE n.parent_id = {parent} AND n.id IN ({})",
            places.join(", ")
        );
        let rows: Vec<ChildRow> = tx.query(&sql, select.params()).await?;
        found.extend(rows.into_iter().map(
            |(organization_id, pool_id, parent_id, quantity, in_use, blocked)| Child {
                organization_id,
                pool_id,
                parent_id,
                quantity,
                in_use,
                blocked,
            },
        ));
    }
    Ok(found)
}

/// What a list of shares is narrowed to.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The pool they came from.
    pub pool_id: Uuid,
    /// Any part of the child's name, reference, web site or tax number.
    pub keyword: Option<String>,
    /// Behind this place: name and id of the last child seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

/// The children that have units of a pool, by name.
pub async fn list(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<Allocation>> {
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(
        "SELECT p.id, o.id, o.name, o.kind, p.quantity, p.allocated + p.assigned
         FROM pool p JOIN organization o ON o.id = p.organization_id",
    );
    select
        .and("p.parent_id = ?", &filter.pool_id)
        .and(
            "p.license_id = (SELECT license_id FROM pool WHERE id = ?)",
            &filter.pool_id,
        )
        .and_raw("p.quantity > 0");
    if let Some(keyword) = &keyword {
        select.and(
            "o.id IN (SELECT id FROM organization_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some((name, id)) = &filter.after {
        select.and_all("(o.name, o.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    Ok(tx
        .query(
            &select.sql(&format!(" ORDER BY o.name, o.id LIMIT {limit}")),
            select.params(),
        )
        .await?)
}

/// Children of a pool's organization to pick from, by name, with what they have of it already.
pub async fn candidates(
    tx: &mut Tx<'_>,
    source: &Source,
    keyword: &str,
    limit: i64,
) -> Result<Vec<Allocation>> {
    let pattern = rules::text::like_pattern(keyword);
    let mut select = Select::new("");
    let license = select.bind(&source.license_id);
    let mut select_head = format!(
        "SELECT p.id, o.id, o.name, o.kind, coalesce(p.quantity, 0), coalesce(p.allocated + p.assigned, 0)
         FROM organization_node n JOIN organization o ON o.id = n.id
         LEFT JOIN pool p ON p.organization_id = n.id AND p.license_id = {license}"
    );
    select
        .and("n.parent_id = ?", &source.organization_id)
        .and_raw("n.blocked = FALSE");
    if !keyword.trim().is_empty() {
        select.and(
            "o.id IN (SELECT id FROM organization_search WHERE text LIKE ?)",
            &pattern,
        );
    }
    let limit = select.bind(&limit);
    select_head += &select.sql(&format!(" ORDER BY o.name, o.id LIMIT {limit}"));
    Ok(tx.query(&select_head, select.params()).await?)
}

/// Pools of a branch whose units came from organizations that are not above `new_parent_id`: what must be
/// returned before the branch moves there. Gives how many pools and units.
pub async fn held_from_left_ancestors(
    tx: &mut Tx<'_>,
    branch_id: Uuid,
    new_parent_id: Uuid,
) -> Result<(i64, i64)> {
    let row: (i64, i64) = tx
        .query_one(
            "SELECT count(*), CAST(coalesce(sum(p.quantity), 0) AS BIGINT)
             FROM pool p JOIN pool up ON up.id = p.parent_id
             WHERE p.quantity > 0 AND p.organization_id = $1
               AND up.organization_id <> $2",
            &[&branch_id, &new_parent_id],
        )
        .await?;
    Ok(row)
}
