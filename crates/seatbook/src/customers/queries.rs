//! Every statement about customers. Up to [`GATHERED`] of them are sorted in any way, up to [`COUNTED`] by name; more
//! are walked along an index: of units, or of all names with a look at each for its share.

use std::collections::HashMap;

use store::{Param, Select, Timestamp, Tx};
use uuid::Uuid;

use super::model::{Customer, Metrics, Sort};
use crate::{
    catalog,
    error::{Error, Result},
    holdings::places::{COUNTED, FENCE, Found, GATHERED, HITS, Key, Kind, Place, padded},
    licenses::{self, model::Pool, pools},
    renewals,
    scope::{Scope, queries::within_any},
};

/// What a list of customers is narrowed to, its order, and which page of it.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The pool that was passed on.
    pub pool_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// Any part of name, reference, web site or tax number.
    pub keyword: Option<String>,
    /// By what.
    pub sort: Sort,
    /// The largest first.
    pub descending: bool,
    /// The place this page begins behind.
    pub from: Option<Place>,
    /// Rows at most.
    pub limit: i64,
    /// Customers in all, where they were counted before.
    pub size: Option<i64>,
}

/// A page of customers.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The rows.
    pub customers: Vec<Customer>,
    /// Where the page before begins.
    pub previous: Option<Place>,
    /// Where the page after begins.
    pub next: Option<Place>,
    /// Customers in all, no further than [`COUNTED`] and one more.
    pub size: i64,
    /// Whether they can be sorted in any way.
    pub gathered: bool,
}

/// How the rows are found.
struct Reading<'a> {
    filter: &'a Filter,
    pattern: Option<String>,
    /// The organizations that the keyword finds, where they are few among many.
    hits: Option<Vec<Uuid>>,
    gathered: bool,
    /// More than are joined to their names: the book's names are walked for them instead.
    many: bool,
}

/// A page of the customers of a pool, for somebody who has found it visible.
pub async fn page(tx: &mut Tx<'_>, filter: &Filter) -> Result<Page> {
    let size = match filter.size {
        Some(size) => size,
        None => count(tx, filter).await?,
    };
    let reading = Reading::begin(tx, filter, size).await?;
    if !reading.gathered && !filter.sort.any_length() {
        let message =
            "A list of more than 5,000 customers is sorted by name or units; narrow it first.";
        return Err(Error::invalid("sort", TOO_LONG, message));
    }
    let found = Found {
        places: reading.find(tx).await?,
        given_up: None,
    };
    let turned = found.page(filter.from.as_ref(), filter.limit);
    Ok(Page {
        customers: of(tx, filter.license_id, turned.ids).await?,
        previous: turned.previous,
        next: turned.next,
        size,
        gathered: reading.gathered,
    })
}

/// What a list is told that is too long for its sort.
pub const TOO_LONG: &str = crate::holdings::pools::TOO_LONG;

async fn count(tx: &mut Tx<'_>, filter: &Filter) -> Result<i64> {
    let sql = format!(
        "SELECT count(*) FROM (SELECT 1 FROM pool WHERE parent_id = $1 AND license_id = $2 AND quantity > 0 LIMIT {}) c",
        COUNTED + 1
    );
    let row: (i64,) = tx
        .query_one(&sql, &[&filter.pool_id, &filter.license_id])
        .await?;
    Ok(row.0)
}

impl<'a> Reading<'a> {
    async fn begin(tx: &mut Tx<'_>, filter: &'a Filter, size: i64) -> Result<Reading<'a>> {
        let keyword = filter.keyword.as_deref().map(str::trim);
        let keyword = keyword.filter(|keyword| !keyword.is_empty());
        let mut reading = Reading {
            filter,
            pattern: keyword.map(rules::text::like_pattern),
            hits: None,
            gathered: size <= GATHERED,
            many: size > COUNTED,
        };
        let Some(pattern) = reading.pattern.as_ref().filter(|_| !reading.gathered) else {
            return Ok(reading);
        };
        // Two letters are in no index of three.
        if pattern.chars().filter(|letter| *letter != '%').count() > 2 {
            let sql = format!(
                "SELECT id FROM organization_search WHERE text LIKE $1 LIMIT {}",
                HITS + 1
            );
            let hits: Vec<(Uuid,)> = tx.query(&sql, &[pattern]).await?;
            if hits.len() as i64 <= HITS {
                reading.hits = Some(padded(hits.into_iter().map(|(id,)| id).collect()));
                reading.gathered = true;
            }
        }
        Ok(reading)
    }

    fn down(&self) -> bool {
        let back = self.filter.from.as_ref().is_some_and(|from| from.back);
        self.filter.descending != back
    }

    /// Tables and conditions of every row. The order in which tables are named is the order in which SQLite reads them.
    fn from<'s>(&'s self, select: &mut Select<'s>) -> &'static str {
        let filter = self.filter;
        if self.many && !self.gathered && filter.sort == Sort::Name {
            // Joined, PostgreSQL would gather all of them for each page: it expects few of any one license. A walk goes
            // over everybody else's names too, so that fewer are sorted sooner.
            let (license, pool) = (
                select.bind(&filter.license_id),
                select.bind(&filter.pool_id),
            );
            select.and_raw(&format!(
                "(SELECT p.quantity FROM pool p WHERE p.license_id = {license} AND p.organization_id = o.id
                  AND (p.parent_id = {pool}) IS TRUE) > 0"
            ));
            self.named(select);
            return "organization o";
        }
        match &self.hits {
            Some(hits) => within_any(select, "p.organization_id", hits),
            None => {
                select.and("p.parent_id = ?", &filter.pool_id);
            }
        }
        select
            .and("p.license_id = ?", &filter.license_id)
            .and_raw("p.quantity > 0")
            .and_raw("o.id = p.organization_id");
        if self.hits.is_some() {
            select.and("(p.parent_id = ?) = TRUE", &filter.pool_id);
        }
        self.named(select);
        "pool p CROSS JOIN organization o"
    }

    /// Adds the keyword, where it is not in the hits already.
    fn named<'s>(&'s self, select: &mut Select<'s>) {
        if let Some(pattern) = &self.pattern {
            let found = "EXISTS (SELECT 1 FROM organization_search_text t WHERE t.id = o.id AND t.text LIKE ?)";
            select.and(found, pattern);
        }
    }

    /// The rows of the page on their way, one more than it holds.
    async fn find(&self, tx: &mut Tx<'_>) -> Result<Vec<Place>> {
        let sort = self.filter.sort;
        let (sign, way) = match self.down() {
            true => ('<', "DESC"),
            false => ('>', "ASC"),
        };
        let value = |from: &Place| (from.key.value(sort.of_kind()), from.id);
        let from = self.filter.from.as_ref().map(value);
        let wanted = self.filter.limit + 1;
        let mut select = Select::new("");
        let tables = self.from(&mut select);
        let key = sort.key();
        let sql = if self.gathered {
            let all = select.sql(&format!(" LIMIT {FENCE}"));
            let inner = format!("SELECT o.id AS id, {key} AS k FROM {tables}{all}");
            let behind = match &from {
                Some((key, id)) => {
                    let (key, id) = (select.bind(&**key), select.bind(id));
                    format!(" WHERE (c.k, c.id) {sign} ({key}, {id})")
                }
                None => String::new(),
            };
            format!(
                "SELECT c.id, c.k FROM ({inner}) c{behind} ORDER BY c.k {way}, c.id {way} LIMIT {wanted}"
            )
        } else {
            let id = match sort {
                Sort::Units => "p.organization_id",
                _ => "o.id",
            };
            if let Some((value, at)) = &from {
                let (value, at) = (select.bind(&**value), select.bind(at));
                select.and_raw(&format!("({key}, {id}) {sign} ({value}, {at})"));
            }
            let rest = select.sql(&format!(" ORDER BY {key} {way}, {id} {way} LIMIT {wanted}"));
            format!("SELECT {id}, {key} FROM {tables}{rest}")
        };
        read(tx, (&sql, select.params()), sort.of_kind()).await
    }
}

async fn read(
    tx: &mut Tx<'_>,
    (sql, params): (&str, &[&dyn Param]),
    kind: Kind,
) -> Result<Vec<Place>> {
    let place = |id, key| Place {
        back: false,
        key,
        id,
    };
    Ok(match kind {
        Kind::Text => {
            let rows: Vec<(Uuid, String)> = tx.query(sql, params).await?;
            rows.into_iter()
                .map(|(id, key)| place(id, Key::Text(key)))
                .collect()
        }
        Kind::Number => {
            let rows: Vec<(Uuid, i64)> = tx.query(sql, params).await?;
            rows.into_iter()
                .map(|(id, key)| place(id, Key::Number(key)))
                .collect()
        }
        Kind::Instant => {
            let rows: Vec<(Uuid, Timestamp)> = tx.query(sql, params).await?;
            let key = |at: Timestamp| Key::Number(at.as_micros());
            rows.into_iter()
                .map(|(id, at)| place(id, key(at)))
                .collect()
        }
    })
}

/// These customers, in this order.
async fn of(tx: &mut Tx<'_>, license_id: Uuid, ids: Vec<Uuid>) -> Result<Vec<Customer>> {
    let mut select = Select::new(
        "SELECT o.id, o.name, o.kind, p.id, p.quantity, p.allocated + p.assigned, coalesce(j.at, p.created_at),
         f.leaves_on FROM pool p JOIN organization o ON o.id = p.organization_id
         LEFT JOIN change c ON c.noun = 'pool' AND c.row_id = p.id AND c.version = p.version
         LEFT JOIN journal j ON j.id = c.journal_id
         LEFT JOIN offboarding f ON f.organization_id = o.id AND f.ended_at IS NULL",
    );
    select.and("p.license_id = ?", &license_id);
    within_any(&mut select, "p.organization_id", &ids);
    let rows: Vec<Customer> = tx.query(&select.sql(""), select.params()).await?;
    let mut found: HashMap<Uuid, Customer> = rows
        .into_iter()
        .map(|row| (row.organization_id, row))
        .collect();
    Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
}

/// The key metrics of a pool; the money where the scope may see it.
pub async fn metrics(tx: &mut Tx<'_>, scope: &Scope, pool: &Pool) -> Result<Metrics> {
    let license = licenses::queries::get(tx, pool.license_id).await?;
    let sku = catalog::queries::find_sku(tx, license.sku_id).await?;
    let renewal = renewals::queries::renewal(tx, scope, pool).await?;
    let price = match renewal.own {
        true => licenses::queries::find_price(tx, scope, &license).await?,
        false => None,
    };
    let validity = sku.and_then(|sku| sku.validity);
    let monthly = price
        .as_ref()
        .zip(validity)
        .and_then(|((minor, _), every)| every.per_month(minor.checked_mul(pool.quantity)?));
    let (price_minor, currency) = price.unzip();
    Ok(Metrics {
        pool_id: pool.id,
        license_id: pool.license_id,
        quantity: pool.quantity,
        allocated: pool.allocated,
        assigned: pool.assigned,
        unallocated: pool.free,
        customers: pools::count_shares(tx, pool.id).await?,
        end_date: pool.end_date,
        renews_on: renewal
            .next
            .filter(|_| renewal.renews)
            .map(|next| next.start_date),
        price_minor,
        monthly_minor: monthly,
        currency,
    })
}

/// What a license's page shows: the pool of it at this organization, else the license's own where that can be seen.
pub async fn pool_of(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (license_id, organization_id): (Uuid, Uuid),
) -> Result<Pool> {
    if let Some(held) = pools::find_at(tx, scope, license_id, organization_id).await? {
        return Ok(held);
    }
    let license = licenses::queries::find(tx, license_id).await?;
    let license = license.ok_or_else(Error::not_found)?;
    let own = pools::find_visible(tx, scope, license.pool_id).await?;
    own.ok_or_else(Error::not_found)
}

/// A pool of an organization, with the share that one below it has of it.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The pool.
    pub pool: Pool,
    /// Units of it that the one below has.
    pub share: i64,
    /// Units of those in use there.
    pub in_use: i64,
}

/// The pools from which an organization can pass on units, and those from which one below it has some: those that end
/// first before the others.
pub async fn offers(
    tx: &mut Tx<'_>,
    organization_id: Uuid,
    customer_id: Option<Uuid>,
    (now, limit): (Timestamp, i64),
) -> Result<Vec<Offer>> {
    let customer_id = customer_id.unwrap_or_default();
    let sql = "SELECT p.id, coalesce(s.quantity, 0), coalesce(s.allocated + s.assigned, 0) FROM pool p
        LEFT JOIN pool s ON s.license_id = p.license_id AND s.organization_id = $2 AND s.parent_id = p.id
        WHERE p.organization_id = $1 AND (s.quantity > 0 OR p.quantity > p.allocated + p.assigned
          AND p.open = TRUE AND (p.ends_at IS NULL OR p.ends_at > $3))
        ORDER BY (p.ends_at IS NULL), p.ends_at, p.starts_at, p.id LIMIT $4";
    let params: [&dyn Param; 4] = [&organization_id, &customer_id, &now, &limit];
    let rows: Vec<(Uuid, i64, i64)> = tx.query(sql, &params).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let found = pools::of_ids(tx, &ids).await?;
    let mut found: HashMap<Uuid, Pool> = found.into_iter().map(|pool| (pool.id, pool)).collect();
    let offer = |(id, share, in_use): (Uuid, i64, i64)| {
        Some(Offer {
            pool: found.remove(&id)?,
            share,
            in_use,
        })
    };
    Ok(rows.into_iter().filter_map(offer).collect())
}
