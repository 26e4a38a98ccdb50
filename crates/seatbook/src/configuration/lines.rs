//! The lines of the Configuration tab: pools with free units, and base assignments with their add-ons.
//!
//! Up to [`GATHERED`] assignments are sorted in any way. More are walked in the order in which they were made,
//! which an index has; a cursor is the place of a row, never a number of rows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use store::{Param, Select, Timestamp, Tx, placeholders};
use uuid::Uuid;

use crate::{
    assignments::{self, model::Assignment},
    error::Result,
    holders::{self, model::Holder},
};

pub use super::export::{Free, Way, free};

/// Assignments up to which a list is sorted in any way.
pub const GATHERED: i64 = 5_000;
/// Pools with free units shown at most.
pub const MOST_FREE: i64 = 100;
/// Pools with free units shown above the units in use.
pub const FIRST_FREE: usize = 6;

/// What the lines are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The person behind it, or the device or extension that nobody has.
    #[default]
    User,
    /// The product's name.
    License,
    /// The extension's digits.
    Extension,
    /// The direct number.
    Number,
    /// When it was assigned.
    Since,
}

impl Sort {
    const ALL: [(&'static str, Sort); 5] = [
        ("user", Sort::User),
        ("license", Sort::License),
        ("extension", Sort::Extension),
        ("number", Sort::Number),
        ("since", Sort::Since),
    ];

    /// The sort a word of the address names.
    pub fn parse(word: &str) -> Option<Sort> {
        let found = Self::ALL.iter().find(|(name, _)| *name == word);
        found.map(|(_, sort)| *sort)
    }

    /// Its word in the address.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, sort)| *sort == self);
        found.map_or("user", |(name, _)| name)
    }

    /// Ids are drawn in the order of time, so the id alone says since when.
    const fn key(self) -> &'static str {
        match self {
            Sort::User => "coalesce(u.name, h.name)",
            Sort::License => "p.name",
            Sort::Extension => "coalesce(h.extension, '')",
            Sort::Number => "coalesce(h.did, '')",
            Sort::Since => "''",
        }
    }
}

/// A place in the list: behind this row, or before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// Whether the page lies before the row.
    pub back: bool,
    /// What the row is sorted by.
    pub key: String,
    /// The row.
    pub id: Uuid,
}

/// What the lines are narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Whose.
    pub organization_id: Uuid,
    /// Of this product.
    pub product_id: Option<Uuid>,
    /// Of this user and what belongs to them.
    pub user_id: Option<Uuid>,
    /// Any part of what a holder or the user behind it is called, or a whole UUID.
    pub keyword: Option<String>,
    /// By what.
    pub sort: Sort,
    /// From Z to A.
    pub descending: bool,
    /// Where the page begins.
    pub from: Option<Spot>,
    /// Rows at most.
    pub limit: i64,
    /// How many there are, where a page before has counted them.
    pub size: Option<i64>,
}

/// What a keyword is: the id of something, or a part of a name.
pub(super) enum Word {
    Id(Uuid),
    Like(String),
}

impl Filter {
    pub(super) fn word(&self) -> Option<Word> {
        let keyword = self.keyword.as_deref()?.trim();
        Some(match keyword.parse() {
            Ok(id) => Word::Id(id),
            Err(_) => Word::Like(holders::queries::pattern(keyword)),
        })
    }
}

/// One page of assignments.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The assignments.
    pub rows: Vec<Assignment>,
    /// Where the page before begins.
    pub previous: Option<Spot>,
    /// Where the next page begins.
    pub next: Option<Spot>,
    /// How many match, up to one more than [`GATHERED`].
    pub total: i64,
}

/// The open base assignments of a page.
pub async fn page(tx: &mut Tx<'_>, filter: &Filter) -> Result<Page> {
    let total = match filter.size {
        Some(counted) => counted,
        None => count(tx, filter).await?,
    };
    // More than can be gathered is walked in one order alone; the caller asks again in that.
    if total > GATHERED && filter.sort != Sort::Since {
        return Ok(Page {
            total,
            ..Page::default()
        });
    }
    let mut places = places(tx, filter).await?;
    let more = places.len() as i64 > filter.limit;
    places.truncate(usize::try_from(filter.limit).unwrap_or_default());
    let back = filter.from.as_ref().is_some_and(|from| from.back);
    if back {
        places.reverse();
    }
    let spot = |back: bool, place: Option<&(Uuid, String)>| {
        place.map(|(id, key)| Spot {
            back,
            key: key.clone(),
            id: *id,
        })
    };
    let ids: Vec<Uuid> = places.iter().map(|(id, _)| *id).collect();
    Ok(Page {
        rows: assignments::queries::of_ids(tx, &ids).await?,
        previous: spot(true, places.first())
            .filter(|_| (back && more) || (!back && filter.from.is_some())),
        next: spot(false, places.last()).filter(|_| back || more),
        total,
    })
}

/// Tables and conditions that every line fulfils.
fn narrowed<'a>(select: &mut Select<'a>, filter: &'a Filter, word: &'a Option<Word>) {
    select
        .and("a.organization_id = ?", &filter.organization_id)
        .and_raw("a.base_id IS NULL AND a.ended_at IS NULL");
    if let Some(product_id) = &filter.product_id {
        select.and("a.product_id = ?", product_id);
    }
    if let Some(user_id) = &filter.user_id {
        select.and("a.user_id = ?", user_id);
    }
    match word {
        Some(Word::Like(pattern)) => {
            _ = select.and_all(
                "(a.holder_id IN (SELECT id FROM holder_search WHERE text LIKE ?)
              OR a.user_id IN (SELECT id FROM holder_search WHERE text LIKE ?))",
                &[pattern, pattern],
            )
        }
        Some(Word::Id(id)) => {
            _ = select.and_all(
                "(a.id = ? OR a.license_id = ? OR a.pool_id = ? OR a.holder_id = ? OR a.user_id = ?
              OR a.id IN (SELECT base_id FROM assignment WHERE id = ?))",
                &[id, id, id, id, id, id],
            )
        }
        None => {}
    }
}

const FROM: &str =
    "assignment a JOIN holder h ON h.id = a.holder_id LEFT JOIN holder u ON u.id = a.user_id
    JOIN product p ON p.id = a.product_id";

async fn count(tx: &mut Tx<'_>, filter: &Filter) -> Result<i64> {
    let word = filter.word();
    let mut select = Select::new("SELECT count(*) FROM (SELECT a.id FROM assignment a");
    narrowed(&mut select, filter, &word);
    let sql = select.sql(&format!(" LIMIT {}) c", GATHERED + 1));
    Ok(tx.query_one::<(i64,)>(&sql, select.params()).await?.0)
}

/// Ids and sort keys of the page, one row more than it holds; towards the front where it lies before its place.
async fn places(tx: &mut Tx<'_>, filter: &Filter) -> Result<Vec<(Uuid, String)>> {
    let word = filter.word();
    let key = filter.sort.key();
    let back = filter.from.as_ref().is_some_and(|from| from.back);
    let falling = filter.descending != back;
    let (sign, turn) = if falling { ("<", " DESC") } else { (">", "") };
    let mut select = Select::new(format!("SELECT a.id, {key} FROM {FROM}"));
    narrowed(&mut select, filter, &word);
    if let Some(from) = &filter.from {
        match filter.sort {
            Sort::Since => select.and(&format!("a.id {sign} ?"), &from.id),
            _ => select.and_all(
                &format!("({key}, a.id) {sign} (?, ?)"),
                &[&from.key, &from.id],
            ),
        };
    }
    let order = match filter.sort {
        Sort::Since => format!(" ORDER BY a.id{turn}"),
        _ => format!(" ORDER BY {key}{turn}, a.id{turn}"),
    };
    let wanted = filter.limit + 1;
    let limit = select.bind(&wanted);
    let sql = select.sql(&format!("{order} LIMIT {limit}"));
    Ok(tx.query(&sql, select.params()).await?)
}

/// The names of the open add-ons of these bases, by base.
pub async fn add_ons(tx: &mut Tx<'_>, base_ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<String>>> {
    let mut names: HashMap<Uuid, Vec<String>> = HashMap::new();
    for chunk in base_ids.chunks(500) {
        let params: Vec<&dyn Param> = chunk.iter().map(|id| id as &dyn Param).collect();
        let sql = format!(
            "SELECT a.base_id, p.name FROM assignment a JOIN product p ON p.id = a.product_id
             WHERE a.ended_at IS NULL AND a.base_id IN {} ORDER BY p.name",
            placeholders(1, chunk.len())
        );
        for (base_id, name) in tx.query::<(Uuid, String)>(&sql, &params).await? {
            names.entry(base_id).or_default().push(name);
        }
    }
    Ok(names)
}

/// The base products of which an organization has units or assignments, by name.
pub async fn bases(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Vec<(Uuid, String, bool)>> {
    let sql =
        "SELECT r.id, r.name, r.has_extensions FROM product r WHERE r.kind = 'base' AND r.id IN
        (SELECT p.product_id FROM pool p WHERE p.organization_id = $1 AND p.quantity > 0)
        ORDER BY r.name, r.id";
    Ok(tx.query(sql, &[&organization_id]).await?)
}

/// What an organization has of one product: id, name, kind, units of its own in active licenses, units assigned,
/// units available, and units assigned of licenses that are not active.
pub type Stock = (Uuid, String, String, i64, i64, i64, i64);

/// What an organization has of each product, bases first, then by name. Units passed on to others are theirs.
pub async fn stock(tx: &mut Tx<'_>, organization_id: Uuid, now: Timestamp) -> Result<Vec<Stock>> {
    let runs = "p.open = TRUE AND p.starts_at <= $2 AND (p.ends_at IS NULL OR p.ends_at > $2)";
    let sum = |what: &str, only: &str| {
        format!("CAST(coalesce(SUM({what}) FILTER (WHERE {only}), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT r.id, r.name, r.kind, {own}, {assigned}, {free}, {stranded}
         FROM pool p JOIN product r ON r.id = p.product_id
         WHERE p.organization_id = $1 AND p.quantity > 0 AND ({runs} OR p.assigned > 0)
         GROUP BY r.id, r.name, r.kind ORDER BY r.kind DESC, r.name, r.id",
        own = sum("p.quantity - p.allocated", runs),
        assigned = sum("p.assigned", runs),
        free = sum("p.quantity - p.allocated - p.assigned", runs),
        stranded = sum("p.assigned", &format!("NOT ({runs})")),
    );
    Ok(tx.query(&sql, &[&organization_id, &now]).await?)
}

/// Present holders that have no open unit of a product.
#[derive(Clone, Debug)]
pub struct Without {
    /// Whose.
    pub organization_id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// A holder has one unit of it at a time.
    pub single: bool,
    /// Of this kind.
    pub kind: Option<&'static str>,
    /// The pattern of a keyword.
    pub pattern: Option<String>,
    /// Behind this place: name and id of the last row seen.
    pub after: Option<(String, Uuid)>,
    /// Rows at most.
    pub limit: i64,
}

impl Without {
    /// They, by name.
    pub async fn find(&self, tx: &mut Tx<'_>) -> Result<Vec<Holder>> {
        let mut select = Select::new("SELECT h.id FROM holder h");
        select
            .and("h.organization_id = ?", &self.organization_id)
            .and_raw("h.left_at IS NULL");
        if self.single {
            select.and(
                "NOT EXISTS (SELECT 1 FROM assignment a
                 WHERE a.holder_id = h.id AND a.product_id = ? AND a.ended_at IS NULL)",
                &self.product_id,
            );
        }
        if let Some(kind) = &self.kind {
            select.and("h.kind = ?", kind);
        }
        if let Some(pattern) = &self.pattern {
            select.and(
                "h.id IN (SELECT id FROM holder_search WHERE text LIKE ?)",
                pattern,
            );
        }
        if let Some((name, id)) = &self.after {
            select.and_all("(h.name, h.id) > (?, ?)", &[name, id]);
        }
        let limit = select.bind(&self.limit);
        let sql = select.sql(&format!(" ORDER BY h.name, h.id LIMIT {limit}"));
        let ids: Vec<(Uuid,)> = tx.query(&sql, select.params()).await?;
        let ids: Vec<Uuid> = ids.into_iter().map(|(id,)| id).collect();
        let mut found = holders::queries::of_ids(tx, self.organization_id, &ids).await?;
        found.sort_by_cached_key(|holder| ids.iter().position(|id| *id == holder.id));
        Ok(found)
    }
}
