//! Every statement that reads assignments.

use std::sync::LazyLock;

use rules::picking::Pool;
use store::{FromRow, Param, Row, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Assignment, Binding};
use crate::{
    catalog::{model::Product, queries::PRODUCT_COLUMNS},
    error::Result,
    holders::{model::Holder, queries::HOLDER_COLUMNS},
    scope::{
        Permission, Scope,
        queries::{are_many, below_any, below_any_of_many},
    },
};

const ASSIGNMENT: &str = "SELECT a.id, a.license_id, a.pool_id, a.organization_id, a.product_id, p.code, p.name,
    a.holder_id, h.name, h.kind, h.extension, h.did, a.user_id, u.name, a.base_id, a.units, a.add_ons,
    a.assigned_at, a.ended_at, a.ending, a.follows_id, l.ends_at, a.version
    FROM assignment a JOIN product p ON p.id = a.product_id JOIN holder h ON h.id = a.holder_id
    LEFT JOIN holder u ON u.id = a.user_id JOIN license l ON l.id = a.license_id";

const BINDING: &str =
    "SELECT a.id, a.license_id, a.pool_id, a.organization_id, a.product_id, a.holder_id, a.user_id,
    a.base_id, a.units, a.single, a.add_ons, a.follows_id, a.ended_at, a.version FROM assignment a";

/// The assignment, where the scope can see its organization.
pub async fn find_visible(tx: &mut Tx<'_>, scope: &Scope, id: Uuid) -> Result<Option<Assignment>> {
    let roots = scope.roots(Permission::AssignmentsRead);
    let mut select = Select::new(ASSIGNMENT);
    select.and("a.id = ?", &id);
    below_any(&mut select, "a.organization_id", &roots);
    Ok(tx.query_opt(&select.sql(""), select.params()).await?)
}

/// The assignments of these ids with names, in their order, for callers that have found them visible.
pub async fn of_ids(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Assignment>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let mut select = Select::new(ASSIGNMENT);
        let places: Vec<String> = chunk.iter().map(|id| select.bind(id)).collect();
        select.and_raw(&format!("a.id IN ({})", places.join(", ")));
        found.extend(
            tx.query::<Assignment>(&select.sql(""), select.params())
                .await?,
        );
    }
    let place = |id: Uuid| ids.iter().position(|it| *it == id);
    found.sort_by_cached_key(|it| place(it.id));
    Ok(found)
}

/// The assignments of these ids as commands see them, whoever asks.
pub async fn bindings(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Binding>> {
    bindings_where(tx, "a.id", ids).await
}

/// The open add-ons bound to these bases, by base and id.
pub async fn open_add_ons(tx: &mut Tx<'_>, base_ids: &[Uuid]) -> Result<Vec<Binding>> {
    let mut found = bindings_where(tx, "a.ended_at IS NULL AND a.base_id", base_ids).await?;
    found.sort_by_key(|binding| (binding.base_id, binding.id));
    Ok(found)
}

/// The open base assignments that these holders have, add-ons left out.
pub async fn open_of_holders(tx: &mut Tx<'_>, holder_ids: &[Uuid]) -> Result<Vec<Binding>> {
    let condition = "a.ended_at IS NULL AND a.base_id IS NULL AND a.holder_id";
    bindings_where(tx, condition, holder_ids).await
}

/// Holder and product of the open base assignments of these products that these holders have.
pub async fn held_among(
    tx: &mut Tx<'_>,
    holder_ids: &[Uuid],
    product_ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>> {
    let mut found = Vec::new();
    for holders in holder_ids.chunks(500) {
        for products in product_ids.chunks(500) {
            let head = "SELECT DISTINCT a.holder_id, a.product_id FROM assignment a";
            let mut select = Select::new(head);
            for (column, ids) in [("a.holder_id", holders), ("a.product_id", products)] {
                let places: Vec<String> = ids.iter().map(|id| select.bind(id)).collect();
                select.and_raw(&format!("{column} IN ({})", places.join(", ")));
            }
            select.and_raw("a.ended_at IS NULL AND a.base_id IS NULL");
            let held: Vec<(Uuid, Uuid)> = tx.query(&select.sql(""), select.params()).await?;
            found.extend(held);
        }
    }
    Ok(found)
}

/// The open assignments of a person: their own, and those of what belongs to them. Add-ons too.
pub async fn open_of_user(tx: &mut Tx<'_>, user_id: Uuid) -> Result<Vec<Binding>> {
    let mut found = bindings_where(tx, "a.ended_at IS NULL AND a.user_id", &[user_id]).await?;
    found.extend(bindings_where(tx, "a.ended_at IS NULL AND a.holder_id", &[user_id]).await?);
    found.sort_by_key(|binding| binding.id);
    found.dedup_by_key(|binding| binding.id);
    Ok(found)
}

async fn bindings_where(tx: &mut Tx<'_>, condition: &str, ids: &[Uuid]) -> Result<Vec<Binding>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(500) {
        let mut select = Select::new(BINDING);
        let places: Vec<String> = chunk.iter().map(|id| select.bind(id)).collect();
        select.and_raw(&format!("{condition} IN ({})", places.join(", ")));
        found.extend(
            tx.query::<Binding>(&select.sql(""), select.params())
                .await?,
        );
    }
    Ok(found)
}

/// A pool that may give units, and what must be known of its license.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// What picking needs.
    pub pool: Pool<Uuid, Uuid>,
    /// Its license.
    pub license_id: Uuid,
    /// The license was used before.
    pub used: bool,
    /// It may give units now.
    pub open: bool,
}

impl FromRow for Source {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (starts_at, ends_at): (Timestamp, Option<Timestamp>) = (row.get(5)?, row.get(4)?);
        Ok(Source {
            pool: Pool {
                pool: row.get(0)?,
                product: row.get(2)?,
                ends: ends_at.map(Timestamp::get),
                starts: starts_at.get(),
                free: row.get(3)?,
            },
            license_id: row.get(1)?,
            used: row.get(6)?,
            open: row.get(7)?,
        })
    }
}

impl Source {
    /// Open only while its term runs, too.
    fn at(self, now: Timestamp) -> Source {
        let now = now.get();
        let runs = self.pool.starts <= now && self.pool.ends.is_none_or(|end| end > now);
        Source {
            open: self.open && runs,
            ..self
        }
    }
}

macro_rules! source_columns {
    () => {
        "s.id, s.license_id, s.product_id, s.quantity - s.allocated - s.assigned, s.ends_at, s.starts_at, l.used,
    s.open = TRUE AND n.blocked = FALSE"
    };
}

macro_rules! source_tables {
    () => {
        " FROM pool s JOIN license l ON l.id = s.license_id JOIN organization_node n ON n.id = s.organization_id"
    };
}

const SOURCE: &str = concat!("SELECT ", source_columns!(), source_tables!());

/// The organization's pools of these products that may give units now, and the named pools whatever their state,
/// in the order in which they are used.
pub async fn sources(
    tx: &mut Tx<'_>,
    (organization_id, now): (Uuid, Timestamp),
    product_ids: &[Uuid],
    pool_ids: &[Uuid],
) -> Result<Vec<Source>> {
    let mut rows: Vec<Source> = Vec::new();
    for chunk in product_ids.chunks(500) {
        let mut select = Select::new(SOURCE);
        select.and("s.organization_id = ?", &organization_id);
        let places: Vec<String> = chunk.iter().map(|id| select.bind(id)).collect();
        select
            .and_raw(&format!("s.product_id IN ({})", places.join(", ")))
            .and_raw("s.open = TRUE AND s.quantity > s.allocated + s.assigned")
            .and("s.starts_at <= ?", &now)
            .and("(s.ends_at IS NULL OR s.ends_at > ?)", &now);
        rows.extend(tx.query::<Source>(&select.sql(""), select.params()).await?);
    }
    for chunk in pool_ids.chunks(500) {
        let mut select = Select::new(SOURCE);
        select.and("s.organization_id = ?", &organization_id);
        let places: Vec<String> = chunk.iter().map(|id| select.bind(id)).collect();
        select.and_raw(&format!("s.id IN ({})", places.join(", ")));
        rows.extend(tx.query::<Source>(&select.sql(""), select.params()).await?);
    }
    let mut found: Vec<Source> = rows.into_iter().map(|row| row.at(now)).collect();
    found.sort_by_key(|source| source.pool.rank());
    found.dedup_by_key(|source| source.pool.pool);
    Ok(found)
}

/// What a row is judged by that wants units of a named pool for a holder that is there, and nothing beside.
#[derive(Clone, Debug)]
pub struct Plain {
    /// The product.
    pub product: Product,
    /// The organization's holder, who may have left.
    pub holder: Holder,
    /// The organization's pool, whatever its state and product.
    pub source: Source,
    /// The product allows a holder one unit, and this one has it.
    pub held: bool,
}

impl FromRow for Plain {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let of_holder = row.after(PRODUCT_COLUMNS.1);
        let of_source = of_holder.after(HOLDER_COLUMNS.1);
        Ok(Plain {
            product: Product::from_row(row)?,
            holder: Holder::from_row(&of_holder)?,
            source: Source::from_row(&of_source)?,
            held: of_source.get(8)?,
        })
    }
}

static PLAIN: LazyLock<String> = LazyLock::new(|| {
    let (product, holder) = (PRODUCT_COLUMNS.0, HOLDER_COLUMNS.0);
    format!(
        "SELECT {product}, {holder}, {}, p.many_per_holder = FALSE AND EXISTS (SELECT 1 FROM assignment a
           WHERE a.holder_id = h.id AND a.product_id = p.id AND a.ended_at IS NULL AND a.base_id IS NULL){}
         JOIN product p ON p.id = $2 JOIN holder h ON h.id = $3 AND h.organization_id = s.organization_id
         LEFT JOIN holder o ON o.id = h.owner_id WHERE s.id = $4 AND s.organization_id = $1",
        source_columns!(),
        source_tables!()
    )
});

/// Product, holder and pool of one row in one look; nothing where one of them is not known.
pub async fn plain(
    tx: &mut Tx<'_>,
    (organization_id, now): (Uuid, Timestamp),
    [product_id, holder_id, pool_id]: [Uuid; 3],
) -> Result<Option<Plain>> {
    let params: [&dyn Param; 4] = [&organization_id, &product_id, &holder_id, &pool_id];
    let found: Option<Plain> = tx.query_opt(&PLAIN, &params).await?;
    Ok(found.map(|found| Plain {
        source: found.source.at(now),
        ..found
    }))
}

/// What a list of assignments is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this organization itself.
    pub organization_id: Option<Uuid>,
    /// Of this product.
    pub product_id: Option<Uuid>,
    /// Of this license.
    pub license_id: Option<Uuid>,
    /// Of this holder.
    pub holder_id: Option<Uuid>,
    /// Of this person, and of what belongs to them.
    pub user_id: Option<Uuid>,
    /// Bound to this base.
    pub base_id: Option<Uuid>,
    /// Any part of what the holder, or the person behind it, is called.
    pub keyword: Option<String>,
    /// Base assignments only.
    pub bases_only: bool,
    /// Those that ended, too.
    pub with_ended: bool,
    /// Behind this one.
    pub after: Option<Uuid>,
    /// Rows at most.
    pub limit: i64,
}

impl Filter {
    /// Whether few of all assignments can be meant.
    fn is_narrow(&self) -> bool {
        let places = [
            self.organization_id,
            self.product_id,
            self.license_id,
            self.holder_id,
            self.user_id,
            self.base_id,
        ];
        places.iter().any(Option::is_some) || self.keyword.is_some()
    }
}

/// Assignments the scope can see, the oldest first.
pub async fn list(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Vec<Assignment>> {
    let roots = scope.require(Permission::AssignmentsRead)?;
    let pattern = filter
        .keyword
        .as_deref()
        .map(crate::holders::queries::pattern);
    // What stands beside them is read for those alone that are listed.
    let mut select = Select::new("SELECT a.id FROM assignment a");
    if !scope.sees_everything(Permission::AssignmentsRead) {
        let rows = ("assignment a", "a.organization_id");
        let many = !filter.is_narrow() && are_many(tx, Select::new(""), rows, &roots).await?;
        below_any_of_many(&mut select, many, "a.organization_id", &roots);
    }
    for (column, value) in [
        ("a.organization_id", &filter.organization_id),
        ("a.product_id", &filter.product_id),
        ("a.license_id", &filter.license_id),
        ("a.holder_id", &filter.holder_id),
        ("a.user_id", &filter.user_id),
        ("a.base_id", &filter.base_id),
    ] {
        if let Some(value) = value {
            select.and(&format!("{column} = ?"), value);
        }
    }
    if let Some(pattern) = &pattern {
        select.and_all(
            "(a.holder_id IN (SELECT id FROM holder_search WHERE text LIKE ?)
              OR a.user_id IN (SELECT id FROM holder_search WHERE text LIKE ?))",
            &[pattern, pattern],
        );
    }
    if filter.bases_only {
        select.and_raw("a.base_id IS NULL");
    }
    if !filter.with_ended {
        select.and_raw("a.ended_at IS NULL");
    }
    if let Some(after) = &filter.after {
        select.and("a.id > ?", after);
    }
    let limit = select.bind(&filter.limit);
    let listed = select.sql(&format!(" ORDER BY a.id LIMIT {limit}"));
    let sql = format!("{ASSIGNMENT} WHERE a.id IN ({listed}) ORDER BY a.id");
    Ok(tx.query(&sql, select.params()).await?)
}

/// The open base assignments of a pool whose holders have a unit of another product too, as a base: they would have two
/// of it if the pool became one of that product.
pub async fn doubled(tx: &mut Tx<'_>, pool_id: Uuid, product_id: Uuid) -> Result<Vec<Binding>> {
    let sql = format!(
        "{BINDING} WHERE a.pool_id = $1 AND a.ended_at IS NULL AND a.base_id IS NULL AND EXISTS
         (SELECT 1 FROM assignment o WHERE o.holder_id = a.holder_id AND o.product_id = $2 AND o.pool_id <> $1
          AND o.ended_at IS NULL AND o.base_id IS NULL) ORDER BY a.id"
    );
    Ok(tx.query(&sql, &[&pool_id, &product_id]).await?)
}

/// Open add-ons bound to bases of a pool that are not made for another base: assignment and product's name.
pub async fn misfits(
    tx: &mut Tx<'_>,
    pool_id: Uuid,
    base_id: Uuid,
    limit: i64,
) -> Result<Vec<(Uuid, String)>> {
    let sql = "SELECT a.id, r.name FROM assignment b JOIN assignment a ON a.base_id = b.id AND a.ended_at IS NULL
        JOIN product r ON r.id = a.product_id
        WHERE b.pool_id = $1 AND b.ended_at IS NULL AND NOT EXISTS
          (SELECT 1 FROM product_fit f WHERE f.add_on_id = a.product_id AND f.base_id = $2)
        ORDER BY a.id LIMIT $3";
    Ok(tx.query(sql, &[&pool_id, &base_id, &limit]).await?)
}

/// How many open assignments of a pool bind more than one unit.
pub async fn count_many(tx: &mut Tx<'_>, pool_id: Uuid) -> Result<i64> {
    let sql =
        "SELECT count(*) FROM assignment WHERE pool_id = $1 AND ended_at IS NULL AND units > 1";
    Ok(tx.query_one::<(i64,)>(sql, &[&pool_id]).await?.0)
}
