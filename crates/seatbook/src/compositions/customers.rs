//! The customers of a plan that have an earlier composition of it.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    pages::{CustomerRow, CustomersPage, customer_list},
    queries::count_earlier,
};
use crate::{
    api::{Cursor, Id, List},
    app::App,
    console::{
        answer::part_or_page,
        form::{pairs, value},
        format::Moment,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    plan_subscriptions::{
        model::PlanSubscription,
        queries::{Filter, list as subscriptions},
    },
    plans::{self, model::WholePlan},
    scope::{Permission, Scope},
};

/// Rows on one page.
const PAGE: i64 = 100;

/// `/catalog/plans/{id}/customers`; `?state=locked` or `declined` narrows it.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let page = page(&app, &frame, id, &pairs(query.as_deref())).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_rows().render(),
        || page.render(),
    ))
}

/// What the page needs of the book.
struct Found {
    plan: WholePlan,
    counts: (i64, i64),
    customers: Vec<PlanSubscription>,
}

impl Found {
    async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &Filter,
        now: store::Timestamp,
    ) -> Result<Found> {
        let id = filter.plan_id.unwrap_or_default();
        let plan = plans::queries::find_visible(tx, scope, (id, None), now).await?;
        Ok(Found {
            plan: plan.ok_or_else(Error::not_found)?,
            counts: count_earlier(tx, scope, id).await?,
            customers: subscriptions(tx, scope, filter).await?,
        })
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    given: &[(String, String)],
) -> Result<CustomersPage> {
    let after = Some(value(given, "cursor")).filter(|cursor| !cursor.is_empty());
    let chosen = value(given, "state");
    let filter = Filter {
        plan_id: Some(id),
        earlier: true,
        locked: chosen == "locked",
        declined: chosen == "declined",
        after: after.map(Cursor::read).transpose()?,
        limit: PAGE + 1,
        ..Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { Found::read(&mut tx, &scope, &filter, now).await })
    });
    let found = read.await?;
    let page = List::page(found.customers, PAGE, |last| last.id);
    let plan = &found.plan.plan;
    let mut list = customer_list(&plan.id.to_string(), found.counts).read(given);
    list.shown = page.items.len() as i64;
    (list.more, list.next) = (page.next_cursor.is_some(), page.next_cursor);
    let moment = Moment::new(now, &frame.visitor.time_zone);
    Ok(CustomersPage {
        shell: frame.shell(format!("Customers · {}", plan.name), "catalog"),
        plan: (plan.id.to_string(), plan.name.clone()),
        newest: plan.composition,
        rows: page
            .items
            .iter()
            .map(|it| CustomerRow::of(it, &moment))
            .collect(),
        none: found.counts.0 == 0,
        may_decide: found.counts.1 > 0
            && !frame.visitor.is_customer
            && frame.may(Permission::LicensesSell),
        list,
    })
}
