//! Other days over the API.

use axum::{Json, extract::State};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use store::{Date, Timestamp, Tx};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    coming,
    customers::{self, CustomerThen},
    day::{Day, Where},
    list::{Cut, Wanted, skipped},
    past,
};
use crate::{
    api::{Id, Paging, Params},
    app::App,
    error::{Error, Result},
    gate::Caller,
    holdings::api::{PoolOut, sort, status},
    licenses::{model::Pool, pools as pools_of},
    organizations,
    scope::{self, Permission, Scope},
};

/// Which pools, and of which day.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PoolsParams {
    /// The organization that held them.
    organization_id: Uuid,
    /// The day, as the organization's own zone counts it; up to ten years ahead.
    #[param(value_type = String, format = Date)]
    date: String,
    /// Any part of order, reference, SKU or product.
    q: Option<String>,
    /// Whose license was in this state then.
    status: Option<String>,
    /// `end` unless said, `order`, `sku`, `start`, `quantity`, `product`, `type`, `tier`, `class`, `available` or
    /// `assigned`. With a `-` before it the largest come first.
    sort: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of what was told of a day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AsOf<T> {
    /// The day.
    #[schema(value_type = String, format = Date)]
    date: Date,
    /// The instant whose state is told: the last one of that day, or now where the day is today.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The rows.
    items: Vec<T>,
    /// How many there are in all.
    total: usize,
    /// Send this as `cursor` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

impl<T> AsOf<T> {
    fn new(day: &Day, cut: Cut<T>) -> AsOf<T> {
        AsOf {
            date: Date(day.date),
            at: day.at,
            total: cut.total,
            next_cursor: cut.next(),
            items: cut.rows,
        }
    }
}

/// Shows what an organization held when a day was over, or will hold on a day to come.
///
/// A past day is told from the journal: units, dates and states as they were then, names of products as they are today.
/// A day to come is today with what is scheduled: licenses that begin, end and renew, units that do not renew,
/// organizations that leave. Nothing else is guessed. Up to 5,000 pools can be told at once; beyond that the answer is
/// `as_of.too_large`.
#[utoipa::path(get, path = "/as-of/pools", tag = "as_of", params(PoolsParams),
    responses((status = 200, description = "A page of pools as of that day.", body = AsOf<PoolOut>)))]
pub async fn pools(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<PoolsParams>,
) -> Result<Json<AsOf<PoolOut>>> {
    let now = app.gate.now();
    let wanted = params.wanted()?;
    let (skipped, limit) = (skipped(params.cursor.as_deref())?, rows(params.limit)?);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let of = (params.organization_id, params.date.as_str());
            held(&mut tx, &caller.scope, of, now).await
        })
    });
    let (day, pools) = read.await?;
    let cut = Cut::of(wanted.of(pools, day.at), skipped, limit);
    let shown = |pool| PoolOut::new(pool, day.at);
    Ok(Json(AsOf::new(&day, cut.map(shown))))
}

impl PoolsParams {
    fn wanted(&self) -> Result<Wanted> {
        let (sort, descending) = sort(self.sort.as_deref())?;
        Ok(Wanted {
            keyword: self.q.clone().unwrap_or_default(),
            status: status(self.status.as_deref())?,
            sort,
            descending,
        })
    }
}

/// Rows of a page.
fn rows(limit: Option<i64>) -> Result<usize> {
    let limit = Paging::of(limit, None).limit()?;
    usize::try_from(limit).map_err(Error::internal)
}

/// What an organization held on a day of its own zone, where the scope sees it.
pub(super) async fn held(
    tx: &mut Tx<'_>,
    scope: &Scope,
    (organization_id, date): (Uuid, &str),
    now: Timestamp,
) -> Result<(Day, Vec<Pool>)> {
    scope::queries::check_visible(tx, scope, Permission::LicensesRead, organization_id).await?;
    let day = Day::read(date, now, &zone_of(tx, organization_id).await?)?;
    let pools = match day.lies {
        Where::Past => past::pools(tx, organization_id, &day).await?,
        Where::Now | Where::Ahead => coming::pools(tx, organization_id, &day).await?,
    };
    Ok((day, pools))
}

/// The zone of an organization.
pub(super) async fn zone_of(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<TimeZone> {
    let found = organizations::queries::find(tx, organization_id).await?;
    let zone = found.ok_or_else(Error::not_found)?.time_zone;
    Ok(TimeZone::get(&zone).unwrap_or(TimeZone::UTC))
}

/// Which customers, and of which day.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CustomersParams {
    /// The day, as the zone of the pool's organization counts it; up to ten years ahead.
    #[param(value_type = String, format = Date)]
    date: String,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Shows who had units of a pool when a day was over, or will have on a day to come; by name.
///
/// Told as `GET /as-of/pools` tells pools. The pool must be there today.
#[utoipa::path(get, path = "/as-of/pools/{id}/customers", tag = "as_of", params(CustomersParams,
    ("id" = Uuid, Path, description = "The pool whose units were passed on.")),
    responses((status = 200, description = "A page of customers as of that day.", body = AsOf<CustomerThen>)))]
pub async fn customers(
    State(app): State<App>,
    caller: Caller,
    Id(pool_id): Id,
    Params(params): Params<CustomersParams>,
) -> Result<Json<AsOf<CustomerThen>>> {
    caller.scope.require(Permission::AllocationsRead)?;
    let now = app.gate.now();
    let (skipped, limit) = (skipped(params.cursor.as_deref())?, rows(params.limit)?);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = visible(&mut tx, &caller.scope, pool_id).await?;
            passed_to(&mut tx, &pool, &params.date, now).await
        })
    });
    let (day, found) = read.await?;
    Ok(Json(AsOf::new(&day, Cut::of(found, skipped, limit))))
}

/// The pool today, where the scope sees it.
pub(super) async fn visible(tx: &mut Tx<'_>, scope: &Scope, pool_id: Uuid) -> Result<Pool> {
    let pool = pools_of::find_visible(tx, scope, pool_id).await?;
    pool.ok_or_else(Error::not_found)
}

/// Who had units of a pool on a day of its organization's zone.
pub(super) async fn passed_to(
    tx: &mut Tx<'_>,
    pool: &Pool,
    date: &str,
    now: Timestamp,
) -> Result<(Day, Vec<CustomerThen>)> {
    let day = Day::read(date, now, &zone_of(tx, pool.organization_id).await?)?;
    let found = customers::read(tx, pool, &day).await?;
    Ok((day, found))
}
