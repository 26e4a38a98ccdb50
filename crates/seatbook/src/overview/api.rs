//! The overview over the API.

use axum::{Json, extract::State};
use jiff::civil::Date as Day;
use serde::{Deserialize, Serialize};
use store::{Date, Timestamp};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::summary::{Asked, Summary};
use crate::{
    api::Params,
    app::App,
    console::format::Moment,
    error::{Error, Result},
    figures::model::{MonthEnding, ProductFigures, Week},
    gate::Caller,
    invoices::status::OpenInvoices,
    notices::queries::LowPool,
    organizations,
    scope::{Permission, queries::check_visible},
};

/// Which overview.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverviewParams {
    /// The organization.
    organization_id: Uuid,
    /// The weeks of this product alone.
    product_id: Option<Uuid>,
}

/// What one organization holds, what ends, and what waits for it. A part that you may not read is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Overview {
    /// The organization.
    organization_id: Uuid,
    /// Of when `products` and `months` are: now, or a moment ago where the organization holds very many licenses.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Units of active licenses by product, the most first.
    products: Vec<ProductFigures>,
    /// What ends in this month and each of the next eleven.
    months: Vec<MonthEnding>,
    /// Units week by week, for a year at most.
    weeks: Vec<WeekFigures>,
    /// Invoices that are not paid, by side, status and currency. Null where you may not read them, and where they are
    /// more than 5,000.
    open_invoices: Option<Vec<OpenInvoices>>,
    /// Licenses with fewer free units than their threshold, the fewest first; 100 at most.
    low_pools: Vec<LowPool>,
    /// Requests for units that wait for this organization.
    waiting_requests: Option<i64>,
    /// Redemptions that wait for this organization.
    waiting_redemptions: Option<i64>,
    /// Jobs at or below it that are under way, counted up to 100.
    open_jobs: Option<i64>,
    /// Jobs at or below it that were refused or failed, counted up to 100.
    failed_jobs: Option<i64>,
}

/// What was held at the end of a week, or now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WeekFigures {
    /// Its Monday.
    #[schema(value_type = String, format = Date)]
    week: Date,
    /// Units committed.
    quantity: i64,
    /// Units passed on to child organizations.
    allocated: i64,
    /// Units bound to its own holders.
    assigned: i64,
}

impl From<Week> for WeekFigures {
    fn from(week: Week) -> Self {
        WeekFigures {
            week: Date(week.monday),
            quantity: week.quantity,
            allocated: week.allocated,
            assigned: week.assigned,
        }
    }
}

/// Shows what an organization holds by product, how that went week by week, what ends in the coming months with its
/// value, and what waits: unpaid invoices, licenses that run low, requests and jobs.
///
/// Units of active licenses are counted. Values are those of the organization's own licenses, and need `prices.read`
/// there. Everything is of this moment, except where an organization holds more than 500 licenses: then `as_of` says of
/// when products and months are, usually less than a second ago.
#[utoipa::path(get, path = "/overview", tag = "overview", params(OverviewParams),
    responses((status = 200, description = "The overview.", body = Overview)))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<OverviewParams>,
) -> Result<Json<Overview>> {
    caller.scope.require(Permission::LicensesRead)?;
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let (tx, scope, id) = (&mut tx, &caller.scope, params.organization_id);
            check_visible(tx, scope, Permission::LicensesRead, id).await?;
            let found = organizations::queries::find(tx, id).await?;
            let zone = found.ok_or_else(Error::not_found)?.time_zone;
            let asked = params.asked(Moment::new(now, &zone).today);
            let summary = Summary::read(tx, scope, &asked, now).await?;
            Ok(Overview::new(&asked, summary, now))
        })
    });
    Ok(Json(read.await?))
}

impl OverviewParams {
    fn asked(&self, today: Day) -> Asked {
        Asked {
            organization_id: self.organization_id,
            product_id: self.product_id,
            today,
        }
    }
}

impl Overview {
    fn new(asked: &Asked, summary: Summary, now: Timestamp) -> Overview {
        let held = summary.figures.unwrap_or_default();
        Overview {
            organization_id: asked.organization_id,
            as_of: held.as_of.unwrap_or(now),
            products: held.products,
            months: held.months,
            weeks: summary.weeks.into_iter().map(WeekFigures::from).collect(),
            open_invoices: summary.open.flatten(),
            low_pools: summary.low.unwrap_or_default(),
            waiting_requests: summary.requests,
            waiting_redemptions: summary.redemptions,
            open_jobs: summary.jobs.map(|it| it.open),
            failed_jobs: summary.jobs.map(|it| it.failed),
        }
    }
}
