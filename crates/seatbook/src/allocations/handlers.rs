//! The grid that passes units on, and who has how many.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    commands::RequestAllocations,
    grid::{self, Posted},
    model::Allocation,
    pages::{ShareLine, SharesPage, TenantOption, TenantOptions},
    queries::{self, Filter},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        badges,
        form::{Form, pairs, value},
        format::Moment,
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    licenses::{self, model::Pool},
    scope::Permission,
};

/// Tenants shown in the picker at once.
const OPTIONS: i64 = 20;
/// Tenants shown in the drawer at once.
const SHARES: i64 = 100;

/// `/pools/{id}/allocations`: the grid.
pub async fn edit(State(app): State<App>, frame: Frame, Id(pool_id): Id) -> PageResult {
    let page = grid::page(&app, &frame, pool_id, Posted::default(), None).await?;
    Ok(html(StatusCode::OK, page.render()))
}

/// Checks the rows and queues the job that applies them; or shows the grid again with what is wrong.
pub async fn assign(
    State(app): State<App>,
    frame: Frame,
    Id(pool_id): Id,
    form: Form,
) -> PageResult {
    let posted = Posted::read(&form);
    if matches!(form.text("step"), "find" | "add") {
        let page = grid::page(&app, &frame, pool_id, posted.with_new_row(), None).await?;
        return Ok(html(StatusCode::OK, page.render()));
    }
    let done = match posted.rows() {
        Ok(rows) => {
            app.gate
                .submit(
                    &frame.caller,
                    form.key.clone(),
                    RequestAllocations { pool_id, rows },
                )
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/licenses?job={}", done.outcome.job_id),
        )),
        Err(error) if error.is_refusal() => {
            let page = grid::page(&app, &frame, pool_id, posted, Some(&error)).await?;
            Ok(html(StatusCode::CONFLICT, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/pools/{id}/tenants?q=`: tenants to pick from, for the combobox.
pub async fn tenants(
    State(app): State<App>,
    frame: Frame,
    Id(pool_id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let keyword = value(&pairs(query.as_deref()), "q").to_owned();
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            licenses::pools::find_visible(&mut tx, &scope, pool_id)
                .await?
                .ok_or_else(Error::not_found)?;
            let source = queries::find_source(&mut tx, pool_id)
                .await?
                .ok_or_else(Error::not_found)?;
            queries::candidates(&mut tx, &source, &keyword, OPTIONS + 1).await
        })
    });
    let found = read.await?;
    let more = found.len() as i64 > OPTIONS;
    let options = found
        .into_iter()
        .take(OPTIONS as usize)
        .map(option)
        .collect();
    Ok(html(
        StatusCode::OK,
        TenantOptions { options, more }.render(),
    ))
}

fn option(found: Allocation) -> TenantOption {
    TenantOption {
        id: found.organization_id.to_string(),
        name: found.organization_name,
        kind: badges::kind(&found.organization_kind).label,
        seen: found.quantity,
        floor: found.in_use,
    }
}

/// `/pools/{id}/shares`: who received how many, to read.
pub async fn shares(
    State(app): State<App>,
    frame: Frame,
    Id(pool_id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let list = ListView {
        path: format!("/pools/{pool_id}/shares"),
        search: "Tenant",
        noun: ("tenant", "tenants"),
        keep: vec![("part".into(), "rows".into())],
        ..ListView::default()
    }
    .read(&pairs);
    let (pool, rows) = read_shares(&app, &frame, pool_id, list.q.clone()).await?;
    let page = shares_page(&frame, list, pool, rows, app.gate.now());
    let rendered = match (frame.fragment.0, value(&pairs, "part")) {
        (true, "rows") => page.as_rows().render(),
        (true, _) => page.as_sheet().render(),
        _ => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

async fn read_shares(
    app: &App,
    frame: &Frame,
    pool_id: Uuid,
    q: String,
) -> Result<(Pool, Vec<Allocation>)> {
    frame.caller.scope.require(Permission::AllocationsRead)?;
    let scope = frame.caller.scope.clone();
    let keyword = Some(q).filter(|q| !q.trim().is_empty());
    let filter = Filter {
        pool_id,
        keyword,
        after: None,
        limit: SHARES,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = licenses::pools::find_visible(&mut tx, &scope, pool_id).await?;
            Ok((
                pool.ok_or_else(Error::not_found)?,
                queries::list(&mut tx, &filter).await?,
            ))
        })
    });
    read.await
}

fn shares_page(
    frame: &Frame,
    mut list: ListView,
    pool: Pool,
    rows: Vec<Allocation>,
    now: store::Timestamp,
) -> SharesPage {
    let moment = Moment::new(now, &frame.visitor.time_zone);
    list.shown = rows.len() as i64;
    let line = |row: Allocation| ShareLine {
        organization_id: row.organization_id.to_string(),
        name: row.organization_name,
        kind: badges::kind(&row.organization_kind).label,
        quantity: row.quantity,
        in_use: row.in_use,
    };
    SharesPage {
        shell: frame.shell(format!("Tenants of {}", pool.sku_code), "licenses"),
        pool_id: pool.id.to_string(),
        sku: pool.sku_code.clone(),
        sales_order: pool.sales_order.clone().unwrap_or_default(),
        quantity: pool.quantity,
        assigned: pool.allocated,
        available: pool.available(moment.now),
        rows: rows.into_iter().map(line).collect(),
        list,
        may_allocate: frame.may(Permission::AllocationsSet),
        unit: (pool.unit, pool.units),
    }
}
