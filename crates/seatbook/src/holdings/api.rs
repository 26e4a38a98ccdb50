//! Lists of licenses and pools over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    licenses,
    pools::{self, Filter},
    sort::Sort,
};
use crate::{
    api::{Cursor, Id, List, Paging, Params, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    licenses::{
        api::LicenseOut,
        model::{Pool, Status},
    },
};

/// Which licenses.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Any part of name, note, order, reference, SKU, product or owner.
    q: Option<String>,
    /// Of this owner.
    organization_id: Option<Uuid>,
    /// On this sales order.
    sales_order: Option<String>,
    /// In this state: `active`, `scheduled`, `paused`, `grace`, `expired`, `terminated`, `expiring_soon` …
    status: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the licenses you can see, the newest first.
#[utoipa::path(get, path = "/licenses", tag = "licenses", params(ListParams),
    responses((status = 200, description = "A page of licenses.", body = List<LicenseOut>)))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Json<List<LicenseOut>>> {
    let paging = Paging::of(params.limit, params.cursor);
    let (limit, now) = (paging.limit()?, app.gate.now());
    let filter = licenses::Filter {
        keyword: params.q,
        organization_id: params.organization_id,
        sales_order: params.sales_order,
        status: status(params.status.as_deref())?,
        after: paging.after()?,
        limit,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { licenses::page(&mut tx, &caller.scope, &filter, now).await })
    });
    let page = read.await?;
    let shown = |license| LicenseOut::new(license, now);
    Ok(Json(List {
        items: page.licenses.into_iter().map(shown).collect(),
        next_cursor: page.next.as_ref().map(Cursor::write),
    }))
}

/// The state that a parameter names.
pub fn status(word: Option<&str>) -> Result<Option<Status>> {
    let Some(word) = word else { return Ok(None) };
    let message = || format!("“{word}” is no state of a license.");
    Status::parse(word)
        .map(Some)
        .ok_or_else(|| Error::invalid("status", "status.unknown", message()))
}

/// Which pools.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PoolParams {
    /// The organization that holds them.
    organization_id: Uuid,
    /// Any part of name, order, reference, SKU or product.
    q: Option<String>,
    /// Of this license.
    license_id: Option<Uuid>,
    /// Whose license is in this state.
    status: Option<String>,
    /// `end` unless said, `order`, `sku`, `start` or `quantity`; up to 5,000 rows also `product`,
    /// `type`, `tier`, `class`, `available` or `assigned`. With a `-` before it the largest come first.
    sort: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

impl PoolParams {
    fn filter(self) -> Result<Filter> {
        let (sort, descending) = sort(self.sort.as_deref())?;
        let cursor = self.cursor.as_deref();
        Ok(Filter {
            keyword: self.q,
            status: status(self.status.as_deref())?,
            license_id: self.license_id,
            sort,
            descending,
            from: cursor
                .map(|cursor| sort.place(descending, cursor))
                .transpose()?,
            ..Filter::of(self.organization_id, Paging::of(self.limit, None).limit()?)
        })
    }
}

/// A pool with its license's state at this moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PoolOut {
    /// The pool.
    #[serde(flatten)]
    pool: Pool,
    /// The license's state now.
    #[schema(value_type = String)]
    status: rules::lifecycle::State,
    /// Units that can be used today: free ones of an active license.
    available: i64,
}

impl PoolOut {
    /// A pool as it is at an instant.
    pub fn new(pool: Pool, now: store::Timestamp) -> Self {
        let (status, available) = (pool.state(now), pool.available(now));
        PoolOut {
            pool,
            status,
            available,
        }
    }
}

/// Lists the pools of an organization: what it holds, in the order in which it ends unless said otherwise.
#[utoipa::path(get, path = "/pools", tag = "pools", params(PoolParams),
    responses((status = 200, description = "A page of pools.", body = List<PoolOut>)))]
pub async fn list_pools(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<PoolParams>,
) -> Result<Json<List<PoolOut>>> {
    let (filter, now) = (params.filter()?, app.gate.now());
    let (sort, descending) = (filter.sort, filter.descending);
    let read = app.read(move |mut tx| {
        Box::pin(async move { pools::page(&mut tx, &caller.scope, &filter, now).await })
    });
    let page = read.await?;
    let shown = |pool| PoolOut::new(pool, now);
    let next = page.next.map(|next| sort.cursor(descending, &next));
    Ok(Json(List {
        items: page.pools.into_iter().map(shown).collect(),
        next_cursor: next,
    }))
}

/// The order that a parameter names: by what, and whether the largest come first.
pub fn sort(word: Option<&str>) -> Result<(Sort, bool)> {
    let Some(word) = word else {
        return Ok((Sort::End, false));
    };
    let (key, descending) = match word.strip_prefix('-') {
        Some(key) => (key, true),
        None => (word, false),
    };
    let message = || format!("A list of pools is not sorted by “{key}”.");
    let sort = Sort::parse(key).ok_or_else(|| Error::invalid("sort", "sort.unknown", message()))?;
    Ok((sort, descending))
}

/// Shows one pool.
#[utoipa::path(get, path = "/pools/{id}", tag = "pools",
    params(("id" = Uuid, Path, description = "The pool.")),
    responses((status = 200, description = "The pool, its version as ETag.", body = PoolOut)))]
pub async fn show_pool(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(
            async move { crate::licenses::pools::find_visible(&mut tx, &caller.scope, id).await },
        )
    });
    let found = read.await?.ok_or_else(Error::not_found)?;
    Ok((
        [("etag", etag(found.version))],
        Json(PoolOut::new(found, now)),
    )
        .into_response())
}
