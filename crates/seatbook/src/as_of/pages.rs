//! The pages of another day: what an organization held, and who had units of it.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use jiff::civil;
use store::Timestamp;

use super::{
    api::{held, passed_to, visible},
    customers::CustomerThen,
    day::{Day, Where},
    list::{Cut, Wanted, plain, skipped},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::part_or_page,
        charts::Kpi,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::Shell,
        table::{Column, Filter, ListView},
    },
    error::Result,
    holdings::{pages::license_list, sort::Sort},
    licenses::model::{Pool, Status},
    licensing::handlers::{LicenseRow, row},
    scope::Permission,
};

/// Rows on one page of a list.
const PAGE: usize = 100;

/// What stands above both pages: the day, and the ways to others.
#[derive(Clone, Debug, Default)]
pub struct Dial {
    /// The day, as a date field has it.
    date: String,
    /// “31 Mar 2026”.
    words: String,
    /// What is told of such a day.
    told: &'static str,
    /// The same page a month before, and after: (date, label).
    before: String,
    after: String,
    /// Why it cannot be told.
    error: String,
}

/// `/as-of`.
#[derive(Template)]
#[template(path = "as_of/pools.html", blocks = ["rows"])]
pub struct PoolsPage {
    shell: Shell,
    dial: Dial,
    list: ListView,
    kpis: Vec<Kpi>,
    rows: Vec<LicenseRow>,
    held_any: bool,
    may_see_customers: bool,
}

/// `/as-of`: what the organization acted for held on a day.
pub async fn pools(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let now = app.gate.now();
    let date = asked(&pairs, now, &frame);
    let (scope, organization_id) = (frame.caller.scope.clone(), frame.visitor.organization_id);
    let of = date.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { held(&mut tx, &scope, (organization_id, &of), now).await })
    });
    let page = pools_page(&frame, &pairs, (&date, now), worded(read.await)?);
    let part = || page.as_rows().render();
    Ok(part_or_page(frame.fragment, StatusCode::OK, part, || {
        page.render()
    }))
}

/// The page of what was told, or of why it cannot be.
fn pools_page(
    frame: &Frame,
    pairs: &[(String, String)],
    (date, now): (&str, Timestamp),
    (told, error): (Option<(Day, Vec<Pool>)>, String),
) -> PoolsPage {
    let mut list = pool_list(date).read(pairs);
    let dial = Dial::of(date, told.as_ref().map(|(day, _)| day), error);
    let at = told.as_ref().map_or(now, |(day, _)| day.at);
    let pools = told.map(|(_, pools)| pools).unwrap_or_default();
    let held_any = !pools.is_empty();
    let fitting = wanted(&list).of(pools, at);
    let kpis = kpis(&fitting, at);
    let cut = Cut::of(fitting, rows_before(pairs), PAGE);
    paged(&mut list, &cut);
    let moment = Moment::new(at, &frame.visitor.time_zone);
    PoolsPage {
        shell: frame.shell("As of another day", "licenses"),
        dial,
        list,
        kpis,
        rows: cut.rows.iter().map(|pool| row(pool, &moment)).collect(),
        held_any,
        may_see_customers: frame.may(Permission::AllocationsRead),
    }
}

/// What a list is narrowed to, and its order.
pub(super) fn wanted(list: &ListView) -> Wanted {
    Wanted {
        keyword: list.q.clone(),
        status: Status::parse(list.chosen("status")),
        sort: Sort::parse(list.sort.trim_start_matches('-')).unwrap_or(Sort::Order),
        descending: list.sort.starts_with('-'),
    }
}

/// How many rows stand before the page that an address asks for.
fn rows_before(pairs: &[(String, String)]) -> usize {
    let cursor = Some(value(pairs, "cursor")).filter(|cursor| !cursor.is_empty());
    skipped(cursor).unwrap_or_default()
}

/// `/as-of/pools/{id}`.
#[derive(Template)]
#[template(path = "as_of/customers.html", blocks = ["rows"])]
pub struct CustomersPage {
    shell: Shell,
    dial: Dial,
    list: ListView,
    license_id: String,
    sku: String,
    product: String,
    units: String,
    rows: Vec<CustomerThen>,
    had_any: bool,
}

/// `/as-of/pools/{id}`: who had units of a pool on a day. One that cannot be told leaves the page, with the reason.
pub async fn customers(
    State(app): State<App>,
    frame: Frame,
    Id(pool_id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    frame.caller.scope.require(Permission::AllocationsRead)?;
    let pairs = pairs(query.as_deref());
    let now = app.gate.now();
    let date = asked(&pairs, now, &frame);
    let (scope, of) = (frame.caller.scope.clone(), date.clone());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = visible(&mut tx, &scope, pool_id).await?;
            let told = passed_to(&mut tx, &pool, &of, now).await;
            Ok((pool, told))
        })
    });
    let (pool, told) = read.await?;
    let page = customers_page(&frame, &pairs, (pool, &date), worded(told)?);
    let part = || page.as_rows().render();
    Ok(part_or_page(frame.fragment, StatusCode::OK, part, || {
        page.render()
    }))
}

/// The page of what was told, or of why it cannot be.
fn customers_page(
    frame: &Frame,
    pairs: &[(String, String)],
    (pool, date): (Pool, &str),
    (told, error): (Option<(Day, Vec<CustomerThen>)>, String),
) -> CustomersPage {
    let mut list = customer_list(&pool, date).read(pairs);
    let dial = Dial::of(date, told.as_ref().map(|(day, _)| day), error);
    let found = told.map(|(_, found)| found).unwrap_or_default();
    let had_any = !found.is_empty();
    let cut = Cut::of(fitting(found, &list), rows_before(pairs), PAGE);
    paged(&mut list, &cut);
    CustomersPage {
        shell: frame.shell(format!("Customers of {}", pool.sku_code), "licenses"),
        dial,
        list,
        license_id: pool.license_id.to_string(),
        sku: pool.sku_code,
        product: pool.product_name,
        units: pool.units,
        rows: cut.rows,
        had_any,
    }
}

/// The customers that a list asks for, in its order.
pub(super) fn fitting(mut found: Vec<CustomerThen>, list: &ListView) -> Vec<CustomerThen> {
    let keyword = plain(&list.q);
    found.retain(|it| plain(&it.name).contains(&keyword));
    match list.sort.trim_start_matches('-') {
        "units" => found.sort_by_key(|it| it.quantity),
        "in_use" => found.sort_by_key(|it| it.in_use),
        _ => {}
    }
    if list.sort.starts_with('-') {
        found.reverse();
    }
    found
}

/// The day that an address asks for; without one, the last day of the month before.
fn asked(pairs: &[(String, String)], now: Timestamp, frame: &Frame) -> String {
    match value(pairs, "date") {
        "" => last_month(Moment::new(now, &frame.visitor.time_zone).today),
        date => date.to_owned(),
    }
}

/// The last day of the month before.
pub(super) fn last_month(today: civil::Date) -> String {
    let last = today.first_of_month().yesterday();
    last.unwrap_or(today).to_string()
}

/// What was told, or why it cannot be: a day that is none, or too much of it. Everything else is an error.
fn worded<T>(told: Result<T>) -> Result<(Option<T>, String)> {
    match told {
        Ok(told) => Ok((Some(told), String::new())),
        Err(error) if error.code == "as_of.too_large" => Ok((None, error.message)),
        Err(error) => match error.fields.first() {
            Some(field) if field.field == "date" => Ok((None, field.message.clone())),
            _ => Err(error),
        },
    }
}

impl Dial {
    fn of(date: &str, day: Option<&Day>, error: String) -> Dial {
        let Some(day) = day else {
            return Dial {
                date: date.to_owned(),
                error,
                ..Dial::default()
            };
        };
        let month = |months: i64| {
            let step = jiff::Span::new().months(months);
            let there = day.date.checked_add(step);
            there.map_or_else(|_| String::new(), |it: civil::Date| it.to_string())
        };
        Dial {
            date: day.date.to_string(),
            words: format::date(day.date),
            told: match day.lies {
                Where::Past => "Told by the journal, as it was when that day was over.",
                Where::Now => "That is today.",
                Where::Ahead => {
                    "What is there today, with everything that is scheduled until then. Nothing else is guessed."
                }
            },
            before: month(-1),
            after: month(1),
            error,
        }
    }
}

fn kpis(pools: &[Pool], at: Timestamp) -> Vec<Kpi> {
    let sum = |of: fn(&Pool) -> i64| -> i64 { pools.iter().map(of).sum() };
    let available: i64 = pools.iter().map(|pool| pool.available(at)).sum();
    let units = sum(|pool| pool.quantity);
    let kpi = |label: &str, value: i64, part: Option<i64>| Kpi {
        label: label.into(),
        value: format::number(value),
        tone: "mute",
        part: part.unwrap_or_default(),
        whole: part.map_or(0, |_| units),
        ..Kpi::default()
    };
    let (passed, bound) = (sum(|pool| pool.allocated), sum(|pool| pool.assigned));
    vec![
        kpi("Licenses", pools.len() as i64, None),
        kpi("Units", units, None),
        kpi("Passed on", passed, Some(passed)),
        kpi("In use here", bound, Some(bound)),
        kpi("Available", available, Some(available)),
    ]
}

fn paged<T>(list: &mut ListView, cut: &Cut<T>) {
    (list.previous, list.next) = (cut.previous(PAGE), cut.next());
    list.shown = cut.rows.len() as i64;
    list.total = Some(cut.total as i64);
}

/// The columns of licenses, in an order and with filters as on their own page.
pub(super) fn pool_list(date: &str) -> ListView {
    let of_today = license_list();
    let filters = of_today.filters.into_iter();
    ListView {
        path: "/as-of".into(),
        export: "/exports?list=licenses_as_of".into(),
        keep: vec![("date".into(), date.into())],
        filters: filters.filter(|filter| filter.name == "status").collect(),
        columns: vec![
            Column::fixed("sku", "SKU"),
            Column::fixed("order", "Sales order"),
            Column::optional("start", "Start", true),
            Column::optional("end", "End", true),
            Column::fixed("quantity", "Quantity").number(),
            Column::fixed("available", "Available").number(),
            Column::fixed("assigned", "Assigned").number(),
            Column::optional("status", "Status", true).unsorted(),
        ],
        ..license_list()
    }
}

pub(super) fn customer_list(pool: &Pool, date: &str) -> ListView {
    ListView {
        path: format!("/as-of/pools/{}", pool.id),
        export: format!("/exports?list=customers_as_of&of={}", pool.id),
        search: "Customer",
        sort: "name".into(),
        noun: ("customer", "customers"),
        keep: vec![("date".into(), date.into())],
        filters: Vec::<Filter>::new(),
        columns: vec![
            Column::fixed("name", "Customer"),
            Column::fixed("units", "Units").number(),
            Column::fixed("in_use", "In use there").number(),
        ],
        ..ListView::default()
    }
}
