//! Every statement that reads holders.

use std::collections::HashMap;

use store::{Param, Select, Tx, placeholders};
use uuid::Uuid;

use super::model::{Holder, Kind};
use crate::{
    error::Result,
    scope::{
        Permission, Scope,
        queries::{are_many, below_any, below_any_of_many},
    },
};

macro_rules! holder_columns {
    () => {
        "h.id, h.organization_id, h.kind, h.name, h.email, h.extension, h.did, h.serial, h.reference, h.owner_id,
    o.name, h.left_at, h.bindings, h.created_at, h.version"
    };
}

/// The columns of a holder, from `holder h LEFT JOIN holder o ON o.id = h.owner_id`, for rooms that join it; and how
/// many there are.
pub const HOLDER_COLUMNS: (&str, usize) = (holder_columns!(), 15);
const HOLDER: &str = concat!(
    "SELECT ",
    holder_columns!(),
    " FROM holder h LEFT JOIN holder o ON o.id = h.owner_id"
);

/// The holder, whoever asks: for commands that have asked for their permission.
pub async fn find(tx: &mut Tx<'_>, id: Uuid) -> Result<Option<Holder>> {
    Ok(tx
        .query_opt(&format!("{HOLDER} WHERE h.id = $1"), &[&id])
        .await?)
}

/// The holder, where the scope can see it.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Holder>> {
    let roots = scope.roots(Permission::HoldersRead);
    let mut select = Select::new(HOLDER);
    select.and("h.id = ?", &id);
    below_any(&mut select, "h.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// The organization's holders of these ids, in no order.
pub async fn of_ids(tx: &mut Tx<'_>, organization_id: Uuid, ids: &[Uuid]) -> Result<Vec<Holder>> {
    present(tx, organization_id, "h.id", ids).await
}

/// The organization's present holders of these extensions, in no order.
pub async fn of_extensions(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    extensions: &[String],
) -> Result<Vec<Holder>> {
    present(
        tx,
        organization_id,
        "h.left_at IS NULL AND h.extension",
        extensions,
    )
    .await
}

/// The organization's present holders of these direct numbers, in no order.
pub async fn of_dids(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    dids: &[String],
) -> Result<Vec<Holder>> {
    present(tx, organization_id, "h.left_at IS NULL AND h.did", dids).await
}

/// The organization's present users who are called so: by their name as it is written, or by their e-mail address in
/// small letters.
pub async fn users_called(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    (names, emails): (&[String], &[String]),
) -> Result<Vec<Holder>> {
    let user = "h.left_at IS NULL AND h.kind = 'user' AND";
    let mut found = present(tx, organization_id, &format!("{user} h.name"), names).await?;
    found.extend(present(tx, organization_id, &format!("{user} h.email"), emails).await?);
    found.sort_by_key(|holder| holder.id);
    found.dedup_by_key(|holder| holder.id);
    Ok(found)
}

/// What belongs to a user: devices, screens and extensions that are present, by name.
pub async fn owned_by(tx: &mut Tx<'_>, owner_id: Uuid) -> Result<Vec<Holder>> {
    let sql = format!("{HOLDER} WHERE h.owner_id = $1 AND h.left_at IS NULL ORDER BY h.name, h.id");
    Ok(tx.query(&sql, &[&owner_id]).await?)
}

async fn present<P: Param>(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    condition: &str,
    values: &[P],
) -> Result<Vec<Holder>> {
    let mut found = Vec::with_capacity(values.len());
    for chunk in values.chunks(500) {
        let mut select = Select::new(HOLDER);
        select.and("h.organization_id = ?", &organization_id);
        let places: Vec<String> = chunk.iter().map(|value| select.bind(value)).collect();
        select.and_raw(&format!("{condition} IN ({})", places.join(", ")));
        found.extend(tx.query::<Holder>(&select.sql(""), select.params()).await?);
    }
    Ok(found)
}

/// What a list of holders is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this organization itself; of all that can be seen where there is none.
    pub organization_id: Option<Uuid>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Any part of name, e-mail address, extension, direct number, serial number or reference.
    pub keyword: Option<String>,
    /// Belonging to this user.
    pub owner_id: Option<Uuid>,
    /// Those that left, too.
    pub with_left: bool,
    /// With units only, or without only; a user has those of what belongs to them.
    pub bound: Option<bool>,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
    /// Whether more are meant than are gathered, where they were counted before.
    pub many: Option<bool>,
}

impl Filter {
    /// Whether few of all holders can be meant.
    fn is_narrow(&self) -> bool {
        self.organization_id.is_some() || self.owner_id.is_some() || self.keyword.is_some()
    }

    /// Adds what is asked of each row by itself: of many holders most may be like that.
    fn alike<'a>(&self, select: &mut Select<'a>, kind: Option<&'a &'static str>) {
        if let Some(kind) = kind {
            select.and("h.kind = ?", kind);
        }
        if !self.with_left {
            select.and_raw("h.left_at IS NULL");
        }
        match self.bound {
            Some(true) => _ = select.and_raw(&format!("(h.bindings > 0 OR {BELONGINGS})")),
            Some(false) => _ = select.and_raw(&format!("h.bindings = 0 AND NOT {BELONGINGS}")),
            None => {}
        }
    }
}

/// Whether more holders are meant, of those the scope can see, than are gathered.
pub async fn count_many(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<bool> {
    if scope.sees_everything(Permission::HoldersRead) || filter.is_narrow() {
        return Ok(false);
    }
    let roots = scope.require(Permission::HoldersRead)?;
    let kind = filter.kind.map(Kind::as_str);
    let mut counted = Select::new("");
    filter.alike(&mut counted, kind.as_ref());
    are_many(tx, counted, ("holder h", "h.organization_id"), &roots).await
}

/// Holders the scope can see, by name.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Holder>> {
    let roots = scope.require(Permission::HoldersRead)?;
    let pattern = filter.keyword.as_deref().map(pattern);
    let kind = filter.kind.map(Kind::as_str);
    // Their owners are read for those alone that are listed.
    let mut select = Select::new("SELECT h.id FROM holder h");
    if let Some(organization_id) = &filter.organization_id {
        select.and("h.organization_id = ?", organization_id);
    }
    if !scope.sees_everything(Permission::HoldersRead) {
        let many = match filter.many {
            Some(counted) => counted,
            None => count_many(tx, scope, filter).await?,
        };
        below_any_of_many(&mut select, many, "h.organization_id", &roots);
    }
    if let Some(pattern) = &pattern {
        select.and(
            "h.id IN (SELECT id FROM holder_search WHERE text LIKE ?)",
            pattern,
        );
    }
    if let Some(owner_id) = &filter.owner_id {
        select.and("h.owner_id = ?", owner_id);
    }
    filter.alike(&mut select, kind.as_ref());
    if let Some((name, id)) = &filter.after {
        select.and_all("(h.name, h.id) > (?, ?)", &[name, id]);
    }
    let limit = select.bind(&filter.limit);
    let listed = select.sql(&format!(" ORDER BY h.name, h.id LIMIT {limit}"));
    let sql = format!("{HOLDER} WHERE h.id IN ({listed}) ORDER BY h.name, h.id");
    Ok(tx.query(&sql, select.params()).await?)
}

const BELONGINGS: &str =
    "EXISTS (SELECT 1 FROM holder b WHERE b.owner_id = h.id AND b.bindings > 0)";

/// Units' bindings of what belongs to these users, by user.
pub async fn bindings_of_belongings(
    tx: &mut Tx<'_>,
    owner_ids: &[Uuid],
) -> Result<HashMap<Uuid, i64>> {
    if owner_ids.is_empty() {
        return Ok(HashMap::new());
    }
    let params: Vec<&dyn Param> = owner_ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, owner_ids.len());
    let sql = format!(
        "SELECT owner_id, CAST(SUM(bindings) AS BIGINT) FROM holder WHERE owner_id IN {places} GROUP BY owner_id"
    );
    let rows: Vec<(Uuid, i64)> = tx.query(&sql, &params).await?;
    Ok(rows.into_iter().collect())
}

/// The names of organizations, by id.
pub async fn organization_names(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let params: Vec<&dyn Param> = ids.iter().map(|id| id as &dyn Param).collect();
    let places = placeholders(1, ids.len());
    let sql = format!("SELECT id, name FROM organization WHERE id IN {places}");
    let rows: Vec<(Uuid, String)> = tx.query(&sql, &params).await?;
    Ok(rows.into_iter().collect())
}

/// The pattern of a keyword: a number in some spelling is looked for by its digits.
pub fn pattern(keyword: &str) -> String {
    let digits = rules::telephone::searched_digits(keyword);
    rules::text::like_pattern(digits.as_deref().unwrap_or(keyword))
}

/// The first other present holder of the organization that has one of these names, and which name it is.
pub async fn find_clash(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    facts: &super::model::HolderFacts,
    but: Uuid,
) -> Result<Option<&'static str>> {
    for (field, value) in [
        ("email", &facts.email),
        ("extension", &facts.extension),
        ("did", &facts.did),
        ("serial", &facts.serial),
        ("reference", &facts.reference),
    ] {
        let Some(value) = value else { continue };
        let sql = format!(
            "SELECT id FROM holder WHERE organization_id = $1 AND {field} = $2 AND left_at IS NULL AND id <> $3"
        );
        let found: Option<(Uuid,)> = tx.query_opt(&sql, &[&organization_id, value, &but]).await?;
        if found.is_some() {
            return Ok(Some(field));
        }
    }
    Ok(None)
}

/// How many present holders an organization has, by kind.
pub async fn count_by_kind(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT kind, count(*) FROM holder WHERE organization_id = $1 AND left_at IS NULL
        GROUP BY kind ORDER BY kind";
    Ok(tx.query(sql, &[&organization_id]).await?)
}
