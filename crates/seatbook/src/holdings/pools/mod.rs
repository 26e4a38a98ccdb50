//! What one organization holds, page by page.

mod reading;

use std::collections::HashMap;

use jiff::{ToSpan, civil::Date};
use store::{Param, Select, Timestamp, Tx};
use uuid::Uuid;

use self::reading::Reading;
use super::{
    places::{COUNTED, Key, Kind, Place, Turned, padded},
    sort::Sort,
};
use crate::{
    error::{Error, Result},
    licenses::{
        model::{Keyed, Pool, Status},
        pools,
    },
    scope::{
        self, Permission, Scope,
        queries::{count_to, within_any},
    },
};

/// What a list of pools is narrowed to, its order, and which page of it.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Pools at this organization.
    pub organization_id: Uuid,
    /// Any part of name, order, reference, SKU or product.
    pub keyword: Option<String>,
    /// Whose license is in this state.
    pub status: Option<Status>,
    /// Of this license.
    pub license_id: Option<Uuid>,
    /// Of this product.
    pub product_id: Option<Uuid>,
    /// Whose license has its last day in this month.
    pub month: Option<Month>,
    /// By what.
    pub sort: Sort,
    /// The largest first.
    pub descending: bool,
    /// The place this page begins behind.
    pub from: Option<Place>,
    /// [`Page::size`], where a page before has counted it: who goes through a whole list need not count for each page.
    pub size: Option<i64>,
    /// Rows at most.
    pub limit: i64,
}

impl Filter {
    /// Everything an organization holds, in the order in which it ends.
    pub fn of(organization_id: Uuid, limit: i64) -> Filter {
        Filter {
            organization_id,
            keyword: None,
            status: None,
            license_id: None,
            product_id: None,
            month: None,
            sort: Sort::End,
            descending: false,
            from: None,
            size: None,
            limit,
        }
    }
}

/// A month of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub first: Date,
    /// The first day of the next one.
    pub after: Date,
}

impl Month {
    /// Reads “2026-11”.
    pub fn parse(word: &str) -> Option<Month> {
        let first: Date = format!("{word}-01").parse().ok()?;
        let after = first.checked_add(1.month()).ok()?;
        (word.len() == 7).then_some(Month { first, after })
    }

    /// The instants between which a last day of this month is over, wherever in the world that is.
    fn instants(self) -> Option<(Timestamp, Timestamp)> {
        let utc = |day: Date| rules::term::first_instant(day, &jiff::tz::TimeZone::UTC).ok();
        let (first, after) = (
            Timestamp::new(utc(self.first)?),
            Timestamp::new(utc(self.after)?),
        );
        Some((first, after.plus_seconds(86_400)))
    }
}

/// One page of a list of pools.
#[derive(Debug, Default)]
pub struct Page {
    /// The rows, in order.
    pub pools: Vec<Pool>,
    /// How many rows there are, as far as that was counted.
    pub total: Total,
    /// Whether it is short enough to be sorted in any way.
    pub sortable: bool,
    /// How many pools the organization has, filters aside, no further than [`COUNTED`] and one more.
    pub size: i64,
    /// The page before.
    pub previous: Option<Place>,
    /// The page after.
    pub next: Option<Place>,
}

/// How long a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    /// So many rows.
    Exactly(i64),
    /// More than so many.
    MoreThan(i64),
    /// Nobody counted: filters are tested row by row.
    #[default]
    Uncounted,
}

/// How many pools an organization has, no further than [`COUNTED`] and one more.
pub async fn size(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<i64> {
    let mut select = Select::new("");
    select
        .and("organization_id = ?", &organization_id)
        .and_raw("quantity > 0");
    count_to(tx, &select, "SELECT id FROM pool", COUNTED).await
}

/// How many pools an organization has, whatever it takes: for work that takes longer.
pub async fn count(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<i64> {
    let sql = "SELECT count(*) FROM pool WHERE organization_id = $1 AND (quantity > 0 OR parent_id IS NULL)";
    Ok(tx.query_one::<(i64,)>(sql, &[&organization_id]).await?.0)
}

/// A page of the pools of one organization that the scope can see.
pub async fn page(tx: &mut Tx<'_>, scope: &Scope, filter: &Filter, now: Timestamp) -> Result<Page> {
    scope::queries::check_visible(tx, scope, Permission::LicensesRead, filter.organization_id)
        .await?;
    let reading = Reading::begin(tx, filter, now).await?;
    let (found, mut pools, total) = reading.find(tx).await?;
    let Turned {
        ids,
        previous,
        next,
    } = found.page(filter.from.as_ref(), filter.limit);
    match reading.is_gathered() {
        true => pools = in_order(tx, &ids).await?,
        false => {
            pools.truncate(ids.len());
            if filter.from.as_ref().is_some_and(|from| from.back) {
                pools.reverse();
            }
        }
    }
    Ok(Page {
        pools,
        total,
        sortable: reading.is_gathered(),
        size: reading.size,
        previous,
        next,
    })
}

/// The code by which the console knows to fall back to another order.
pub const TOO_LONG: &str = "sort.list_too_long";

fn too_long() -> Error {
    let message = "A list of more than 5,000 licenses is sorted by order, sku, start, end or quantity; narrow it first.";
    Error::invalid("sort", TOO_LONG, message)
}

/// The pools of these licenses at one organization. Asked in small lists: PostgreSQL plans a long one, once
/// for all organizations, as if each of them were small. Compared with TRUE, the organization is no index
/// that SQLite would prefer.
async fn held(tx: &mut Tx<'_>, organization_id: Uuid, licenses: &[Uuid]) -> Result<Vec<Uuid>> {
    let mut ids = Vec::new();
    for licenses in licenses.chunks(64) {
        let mut select = Select::new("SELECT id FROM pool");
        within_any(&mut select, "license_id", licenses);
        select.and("(organization_id = ?) IS TRUE", &organization_id);
        let found: Vec<(Uuid,)> = tx.query(&select.sql(""), select.params()).await?;
        ids.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(padded(ids))
}

/// The places that a statement finds, their keys being of a kind.
async fn read(
    tx: &mut Tx<'_>,
    (sql, params): (&str, &[&dyn Param]),
    kind: Kind,
) -> Result<Vec<Place>> {
    Ok(match kind {
        Kind::Text => places(tx.query(sql, params).await?, Key::Text),
        Kind::Number => places(tx.query(sql, params).await?, Key::Number),
        Kind::Instant => places(tx.query(sql, params).await?, |at: Timestamp| {
            Key::Number(at.as_micros())
        }),
    })
}

/// The pools that a statement finds, and their places.
async fn read_whole(
    tx: &mut Tx<'_>,
    (sql, params): (&str, &[&dyn Param]),
    kind: Kind,
) -> Result<(Vec<Place>, Vec<Pool>)> {
    Ok(match kind {
        Kind::Text => apart(tx.query(sql, params).await?, Key::Text),
        Kind::Number => apart(tx.query(sql, params).await?, Key::Number),
        Kind::Instant => apart(tx.query(sql, params).await?, |at: Timestamp| {
            Key::Number(at.as_micros())
        }),
    })
}

fn apart<K>(rows: Vec<Keyed<K>>, key: impl Fn(K) -> Key) -> (Vec<Place>, Vec<Pool>) {
    let row = |Keyed { pool, key: value }: Keyed<K>| {
        let place = Place {
            back: false,
            key: value.map_or(Key::Nothing, &key),
            id: pool.id,
        };
        (place, pool)
    };
    rows.into_iter().map(row).unzip()
}

fn places<K>(rows: Vec<(Uuid, Option<K>)>, key: impl Fn(K) -> Key) -> Vec<Place> {
    let place = |(id, value): (Uuid, Option<K>)| Place {
        back: false,
        key: value.map_or(Key::Nothing, &key),
        id,
    };
    rows.into_iter().map(place).collect()
}

async fn in_order(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Pool>> {
    let mut found: HashMap<Uuid, Pool> = HashMap::with_capacity(ids.len());
    for pool in pools::of_ids(tx, ids).await? {
        found.insert(pool.id, pool);
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
