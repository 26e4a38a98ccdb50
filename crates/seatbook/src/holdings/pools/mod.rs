//! What one organization holds, page by page.

mod reading;

use std::collections::HashMap;

use store::{Select, Timestamp, Tx};
use uuid::Uuid;

use self::reading::Reading;
use super::{
    places::{COUNTED, Place, Turned, count_to},
    sort::Sort,
};
use crate::{
    error::{Error, Result},
    licenses::{
        model::{Pool, Status},
        pools,
    },
    scope::{self, Permission, Scope},
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
    /// By what.
    pub sort: Sort,
    /// The largest first.
    pub descending: bool,
    /// The place this page begins behind.
    pub from: Option<Place>,
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
            sort: Sort::End,
            descending: false,
            from: None,
            limit,
        }
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
    let (found, total) = reading.find(tx).await?;
    let Turned {
        ids,
        previous,
        next,
    } = found.page(filter.from.as_ref(), filter.limit);
    Ok(Page {
        pools: in_order(tx, &ids).await?,
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

async fn in_order(tx: &mut Tx<'_>, ids: &[Uuid]) -> Result<Vec<Pool>> {
    let mut found: HashMap<Uuid, Pool> = HashMap::with_capacity(ids.len());
    for pool in pools::of_ids(tx, ids).await? {
        found.insert(pool.id, pool);
    }
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}
