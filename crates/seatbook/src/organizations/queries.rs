//! Every statement about organizations.

use store::{Param, Select, Tx, placeholders};
use uuid::Uuid;

use super::model::{Organization, OrganizationFacts};
use crate::{
    error::Result,
    scope::{
        Permission, Scope,
        queries::{are_many, below_any, below_any_of_many},
    },
};

const COLUMNS: &str =
    "SELECT o.id, n.parent_id, o.kind, o.name, o.reference, o.website, o.tax_id, o.note,
    o.pricing_model, o.time_zone, n.suspended, n.blocked, o.created_at, o.version
    FROM organization o JOIN organization_node n ON n.id = o.id";

/// The organization, whoever asks: for commands that have asked for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Organization>> {
    Ok(tx
        .query_opt(&format!("{COLUMNS} WHERE o.id = $1"), &[&id])
        .await?)
}

/// The organizations of these references, whoever asks: for commands and checks that ask for each.
pub async fn of_references(tx: &mut Tx<'_>, references: &[&str]) -> Result<Vec<Organization>> {
    let mut found = Vec::new();
    for chunk in references.chunks(500) {
        let params: Vec<&dyn Param> = chunk
            .iter()
            .map(|reference| reference as &dyn Param)
            .collect();
        let places = placeholders(1, chunk.len());
        let sql = format!("{COLUMNS} WHERE o.reference IN {places}");
        found.extend(tx.query::<Organization>(&sql, &params).await?);
    }
    Ok(found)
}

/// The organizations of these ids, whoever asks: for checks that have found them another way.
pub async fn of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Organization>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        let places = placeholders(1, chunk.len());
        let sql = format!("{COLUMNS} WHERE o.id IN {places}");
        found.extend(tx.query::<Organization>(&sql, &params).await?);
    }
    Ok(found)
}

/// The organization, where the scope can see it.
pub async fn find_visible(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Uuid,
) -> Result<Option<Organization>> {
    let roots = scope.roots(Permission::OrganizationsRead);
    let mut select = Select::new(COLUMNS);
    select.and("o.id = ?", &id);
    below_any(&mut select, "o.id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// What a list of organizations is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Any part of name, reference, web site or tax number.
    pub keyword: Option<String>,
    /// Direct children of this one.
    pub parent_id: Option<Uuid>,
    /// At any depth below this one.
    pub below: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<&'static str>,
    /// Suspended, or below one that is.
    pub blocked: bool,
    /// From Z to A.
    pub descending: bool,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

impl Filter {
    /// Whether few of all organizations can be meant. Those below one may be many, of whom a rollout takes thousands in
    /// one write: they are gathered, and not looked for among all.
    fn is_narrow(&self) -> bool {
        self.keyword.is_some() || self.parent_id.is_some() || self.below.is_some() || self.blocked
    }

    /// Adds the kind: of many organizations most may be of it.
    fn of_kind<'a>(&'a self, select: &mut Select<'a>) {
        if let Some(kind) = &self.kind {
            select.and("o.kind = ?", kind);
        }
    }
}

/// Organizations the scope can see, by name.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Organization>> {
    let roots = scope.require(Permission::OrganizationsRead)?;
    let keyword = filter.keyword.as_deref().map(rules::text::like_pattern);
    let mut select = Select::new(COLUMNS);
    if !scope.sees_everything(Permission::OrganizationsRead) {
        let mut counted = Select::new("");
        filter.of_kind(&mut counted);
        let rows = ("organization o", "o.id");
        let many = !filter.is_narrow() && are_many(tx, counted, rows, &roots).await?;
        below_any_of_many(&mut select, many, "o.id", &roots);
    }
    if let Some(keyword) = &keyword {
        select.and(
            "o.id IN (SELECT id FROM organization_search WHERE text LIKE ?)",
            keyword,
        );
    }
    if let Some(parent_id) = &filter.parent_id {
        select.and("n.parent_id = ?", parent_id);
    }
    if let Some(top) = &filter.below {
        let below = "o.id IN (SELECT descendant_id FROM organization_closure WHERE ancestor_id = ? AND distance > 0)";
        select.and(below, top);
    }
    filter.of_kind(&mut select);
    if filter.blocked {
        select.and_raw("n.blocked = TRUE");
    }
    let (sign, way) = match filter.descending {
        true => ('<', "DESC"),
        false => ('>', "ASC"),
    };
    if let Some((name, id)) = &filter.after {
        select.and_all(&format!("(o.name, o.id) {sign} (?, ?)"), &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let order = format!(" ORDER BY o.name {way}, o.id {way} LIMIT {limit}");
    Ok(tx.query(&select.sql(&order), select.params()).await?)
}

/// Adds the row; `false` where the reference is taken.
pub async fn insert(tx: &mut Tx<'_>, new: &Organization) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO organization (id, kind, name, reference, website, tax_id, note, pricing_model, time_zone,
             created_at, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) ON CONFLICT DO NOTHING",
            &[
                &new.id, &new.kind.as_str(), &new.name, &new.reference, &new.website, &new.tax_id, &new.note,
                &new.pricing_model.as_str(), &new.time_zone, &new.created_at,
            ],
        )
        .await?;
    if rows == 1 {
        index(
            tx,
            new.id,
            &new.name,
            &[&new.reference, &new.website, &new.tax_id],
        )
        .await?;
    }
    Ok(rows == 1)
}

/// Whether another organization has this reference.
pub async fn reference_is_taken(tx: &mut Tx<'_>, reference: &str, but: Uuid) -> Result<bool> {
    let sql = "SELECT id FROM organization WHERE reference = $1 AND id <> $2";
    Ok(tx
        .query_opt::<(Uuid,)>(sql, &[&reference, &but])
        .await?
        .is_some())
}

/// Writes the facts over version `version`; says the new version, or nothing where it was another.
pub async fn set_facts(
    tx: &mut Tx<'_>,
    id: Uuid,
    version: i64,
    facts: &OrganizationFacts,
) -> Result<Option<i64>> {
    let note = facts.note.clone().unwrap_or_default();
    let row: Option<(i64,)> = tx
        .query_opt(
            "UPDATE organization SET name = $3, reference = $4, website = $5, tax_id = $6, note = $7,
             pricing_model = $8, time_zone = coalesce($9, time_zone), version = version + 1
             WHERE id = $1 AND version = $2 RETURNING version",
            &[
                &id, &version, &facts.name, &facts.reference, &facts.website, &facts.tax_id, &note,
                &facts.pricing_model.as_str(), &facts.time_zone,
            ],
        )
        .await?;
    if row.is_some() {
        index(
            tx,
            id,
            &facts.name,
            &[&facts.reference, &facts.website, &facts.tax_id],
        )
        .await?;
    }
    Ok(row.map(|(version,)| version))
}

/// Counts a change that is kept elsewhere, such as in the tree.
pub async fn touch(tx: &mut Tx<'_>, id: Uuid, version: i64) -> Result<Option<i64>> {
    let sql = "UPDATE organization SET version = version + 1 WHERE id = $1 AND version = $2 RETURNING version";
    Ok(tx
        .query_opt::<(i64,)>(sql, &[&id, &version])
        .await?
        .map(|(version,)| version))
}

/// Removes what is said about an organization.
pub async fn delete(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    tx.execute("DELETE FROM organization_search_text WHERE id = $1", &[&id])
        .await?;
    tx.execute("DELETE FROM organization WHERE id = $1", &[&id])
        .await?;
    Ok(())
}

async fn index(tx: &mut Tx<'_>, id: Uuid, name: &str, others: &[&Option<String>]) -> Result<()> {
    let mut parts = vec![name];
    parts.extend(others.iter().filter_map(|other| other.as_deref()));
    let text = rules::text::search_text(&parts);
    let put = "INSERT INTO organization_search_text (id, text) VALUES ($1, $2)
        ON CONFLICT (id) DO UPDATE SET text = excluded.text";
    tx.execute(put, &[&id, &text]).await?;
    Ok(())
}
