//! The customers of a plan that have an earlier composition of it.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    pages::{CustomerRow, CustomersPage, customer_list, state},
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
    files::{Cell, ColumnKind},
    listings::{Field, Found as Rows, Lines, Listing, PORTION, Reader, day, table, text},
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
    let filter = Filter {
        after: after.map(Cursor::read).transpose()?,
        ..filter(id, given, PAGE + 1)
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

/// The customers as a workbook shows them.
const FIELDS: &[Field<PlanSubscription>] = &[
    Field::text("", "Customer", |it: &PlanSubscription, _| {
        text(&it.organization_name)
    })
    .wide(40),
    Field::number("", "Composition", |it, _| Cell::Number(it.composition)),
    Field::new("", "Last day", ColumnKind::Date, |it, _| {
        day(Some(it.end_date))
    }),
    Field::text("", "State", |it, _| {
        text(&state(it).unwrap_or_default().label)
    }),
];

/// Where the list of a plan's customers has got to.
struct Customers(Filter);

/// The customers of a plan that have an earlier composition, as an address describes them.
pub fn listing(plan_id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    table(
        FIELDS.iter().collect(),
        Customers(filter(plan_id, pairs, PORTION)),
    )
}

impl Lines for Customers {
    type Row = PlanSubscription;

    async fn next(&mut self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Rows<PlanSubscription>> {
        let found = subscriptions(tx, &reader.scope, &self.0).await?;
        self.0.after = found.last().map(|last| last.id);
        let is_last = (found.len() as i64) < PORTION;
        Ok((found, is_last))
    }
}

fn filter(plan_id: Uuid, given: &[(String, String)], limit: i64) -> Filter {
    let chosen = value(given, "state");
    Filter {
        plan_id: Some(plan_id),
        earlier: true,
        locked: chosen == "locked",
        declined: chosen == "declined",
        limit,
        ..Filter::default()
    }
}
