//! The page of a license's customers: key metrics, and the table.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    model::{Customer, Metrics, Sort},
    queries::{self, Filter, Page},
    trend::{self, Trend},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::html,
        badges::{self, Badge},
        charts::Kpi,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::Shell,
        table::{Column, ListView},
    },
    error::Result,
    files::{Cell, ColumnKind},
    holdings::places::COUNTED,
    licenses::{model::Pool, pools},
    listings::{self, Field, Lines, Listing, PORTION, Reader, shown, table, text},
    scope::{self, Permission},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// What a page says whose order had to give way.
const ORDERS: &str =
    "More than 5,000 customers cannot be sorted by that column; narrow the list first.";

/// `/licenses/{id}/customers`.
#[derive(Template)]
#[template(path = "customers/list.html", blocks = ["rows"])]
pub struct CustomersPage {
    shell: Shell,
    license_id: String,
    pool_id: String,
    sku: String,
    product: String,
    list: ListView,
    kpis: Vec<Kpi>,
    trend: Trend,
    rows: Vec<CustomerRow>,
    /// Nobody has units of it yet.
    none_yet: bool,
    unit: (String, String),
    may_onboard: bool,
    may_edit: bool,
    may_offboard: bool,
    /// Its customers go out as a workbook, and come back.
    may_workbook: bool,
    /// More units can be had here.
    may_buy: bool,
}

/// One customer in the table.
#[derive(Clone, Debug, Default)]
pub struct CustomerRow {
    id: String,
    name: String,
    kind: Badge,
    quantity: i64,
    in_use: i64,
    changed: String,
    /// The day on which it leaves; empty where it stays.
    leaves: String,
}

/// `/licenses/{id}/customers`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(license_id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    frame.caller.scope.require(Permission::AllocationsRead)?;
    let pairs = pairs(query.as_deref());
    let list = customer_list(license_id).read(&pairs);
    let asked = Asked::read(&list, value(&pairs, "cursor"));
    let (caller, place) = (
        frame.caller.clone(),
        (license_id, frame.visitor.organization_id),
    );
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let (then, is_part) = (moment.clone(), frame.fragment.0);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let pool = queries::pool_of(tx, &caller.scope, place).await?;
            let holder = pool.organization_id;
            let trend = match is_part {
                true => Trend::default(),
                false => trend::read(tx, &pool, &then).await?,
            };
            Ok(Seen {
                found: asked.find(tx, &pool, PAGE).await?,
                metrics: queries::metrics(tx, &caller.scope, &pool).await?,
                may: scope::queries::permissions_at(tx, caller.actor_id, holder).await?,
                pool,
                trend,
            })
        })
    });
    let page = page(&frame, list, &moment, read.await?);
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// What the page needs of the book, read in one snapshot.
struct Seen {
    pool: Pool,
    found: Found,
    metrics: Metrics,
    trend: Trend,
    may: Vec<Permission>,
}

/// What an address asks for. A cursor of another order, such as one in a bookmark, leads to the first page.
struct Asked {
    keyword: Option<String>,
    sort: Sort,
    descending: bool,
    cursor: String,
    /// Customers in all, once they were counted.
    size: Option<i64>,
}

/// A page of customers, its order, and whether that is another than was asked for.
type Found = (Page, (Sort, bool), bool);

impl Asked {
    fn read(list: &ListView, cursor: &str) -> Asked {
        Asked {
            keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
            sort: Sort::parse(list.sort.trim_start_matches('-')).unwrap_or(Sort::Name),
            descending: list.sort.starts_with('-'),
            cursor: cursor.to_owned(),
            size: None,
        }
    }

    async fn find(&self, tx: &mut Tx<'_>, pool: &Pool, limit: i64) -> Result<Found> {
        let mut filter = Filter {
            pool_id: pool.id,
            license_id: pool.license_id,
            keyword: self.keyword.clone(),
            sort: self.sort,
            descending: self.descending,
            from: self.sort.place(self.descending, &self.cursor).ok(),
            limit,
            size: self.size,
        };
        let found = queries::page(tx, &filter).await;
        let gave_way = found
            .as_ref()
            .is_err_and(|error| error.fields.iter().any(|it| it.code == queries::TOO_LONG));
        if !gave_way {
            return Ok((found?, (self.sort, self.descending), false));
        }
        (filter.sort, filter.descending, filter.from) = (Sort::Name, false, None);
        Ok((queries::page(tx, &filter).await?, (Sort::Name, false), true))
    }
}

fn page(frame: &Frame, mut list: ListView, moment: &Moment, seen: Seen) -> CustomersPage {
    let Seen {
        pool,
        found: (found, (sort, descending), gave_way),
        metrics,
        trend,
        may,
    } = seen;
    let holds = |permission| may.contains(&permission);
    let cursor = |place: &Option<_>| place.as_ref().map(|place| sort.cursor(descending, place));
    (list.previous, list.next) = (cursor(&found.previous), cursor(&found.next));
    list.shown = found.customers.len() as i64;
    if !list.narrowed() {
        list.total = Some(found.size.min(COUNTED));
    }
    list.more = found.size > COUNTED || (list.narrowed() && list.next.is_some());
    if gave_way {
        list.sort = sort.as_str().into();
        list.note = ORDERS;
    }
    for column in &mut list.columns {
        let indexed = Sort::parse(column.key).is_some_and(Sort::any_length);
        column.sortable &= indexed || found.gathered;
    }
    CustomersPage {
        shell: frame.shell(format!("Customers of {}", pool.sku_code), "licenses"),
        license_id: pool.license_id.to_string(),
        pool_id: pool.id.to_string(),
        kpis: kpis(&pool, &metrics, moment),
        trend,
        none_yet: found.size == 0,
        rows: found.customers.iter().map(|it| row(it, moment)).collect(),
        list,
        may_onboard: holds(Permission::OrganizationsCreate) && holds(Permission::AllocationsSet),
        may_edit: holds(Permission::OrganizationsEdit) && holds(Permission::AllocationsSet),
        may_offboard: holds(Permission::OrganizationsSuspend),
        may_workbook: holds(Permission::ImportsRun) && holds(Permission::AllocationsSet),
        may_buy: pool.parent_id.is_none() && holds(Permission::LicensesEdit),
        unit: (pool.unit, pool.units),
        sku: pool.sku_code,
        product: pool.product_name,
    }
}

fn row(it: &Customer, moment: &Moment) -> CustomerRow {
    CustomerRow {
        id: it.organization_id.to_string(),
        name: it.name.clone(),
        kind: badges::kind(&it.kind),
        quantity: it.quantity,
        in_use: it.in_use,
        changed: format::ago(it.changed_at.get(), moment.now.get()),
        leaves: it
            .leaves_on
            .map_or_else(String::new, |day| format::date(day.0)),
    }
}

/// The key metrics, the money where it may be seen.
fn kpis(pool: &Pool, it: &Metrics, moment: &Moment) -> Vec<Kpi> {
    let kpi = |label: &str, value: String, note: String| Kpi {
        label: label.into(),
        value,
        note,
        tone: "mute",
        ..Kpi::default()
    };
    let count = |units: i64| format::count(units, &pool.unit, &pool.units);
    let of_all = |part| Kpi {
        part,
        whole: it.quantity,
        ..kpi("", format::number(part), String::new())
    };
    let mut kpis = vec![
        kpi("Commitment", count(it.quantity), String::new()),
        Kpi {
            label: "Allocated".into(),
            ..of_all(it.allocated)
        },
        Kpi {
            label: "Unallocated".into(),
            ..of_all(it.unallocated)
        },
        kpi("Customers", format::number(it.customers), String::new()),
        match (it.renews_on, it.end_date) {
            (Some(day), _) => kpi(
                "Renewal date",
                format::date(day.0),
                format::relative(day.0, moment.today),
            ),
            (None, Some(end)) => kpi(
                "Ends",
                format::date(end.0),
                "does not renew by itself".into(),
            ),
            (None, None) => kpi("Ends", "–".into(), "no end".into()),
        },
    ];
    if let (Some(price), Some(currency)) = (it.price_minor, &it.currency) {
        let label = format!("Price per {}", pool.unit);
        kpis.push(kpi(&label, format::money(price, currency), String::new()));
        kpis.extend(it.monthly_minor.map(|monthly| {
            let note = format!("for all {}", pool.units);
            kpi("Monthly value", format::money(monthly, currency), note)
        }));
    }
    kpis
}

/// The list's columns and words; complete it with `read` and the page's cursors.
fn customer_list(license_id: Uuid) -> ListView {
    ListView {
        path: format!("/licenses/{license_id}/customers"),
        export: format!("/exports?list=customers&of={license_id}"),
        search: "Customer",
        sort: "name".into(),
        noun: ("customer", "customers"),
        columns: vec![
            Column::fixed("name", "Customer"),
            Column::optional("kind", "Kind", true),
            Column::fixed("units", "Units").number(),
            Column::fixed("in_use", "In use there").number(),
            Column::optional("usage", "Usage", true),
            Column::optional("changed", "Last change", true),
        ],
        ..ListView::default()
    }
}

/// The table as a workbook shows it.
const FIELDS: &[Field<Customer>] = &[
    Field::text("", "Customer", |it: &Customer, _| text(&it.name)).wide(40),
    Field::text("kind", "Kind", |it, _| text(&it.kind)),
    Field::number("", "Units", |it: &Customer, _| Cell::Number(it.quantity)).summed(),
    Field::number("", "In use there", |it: &Customer, _| {
        Cell::Number(it.in_use)
    })
    .summed(),
    Field::number("usage", "Usage, %", |it, _| {
        Cell::Number(it.in_use * 100 / it.quantity.max(1))
    }),
    Field::new(
        "changed",
        "Last change",
        ColumnKind::Instant,
        |it, reader| reader.clock(it.changed_at),
    ),
    Field::new("", "Leaves on", ColumnKind::Date, |it, _| {
        listings::day(it.leaves_on)
    }),
];

/// The customers of a license, on their way into a file.
struct Customers {
    license_id: Uuid,
    asked: Asked,
    is_whole: bool,
}

/// The customers of a license, as an address describes them.
pub fn listing(license_id: Uuid, pairs: &[(String, String)]) -> Box<dyn Listing> {
    let list = customer_list(license_id).read(pairs);
    let customers = Customers {
        license_id,
        asked: Asked::read(&list, ""),
        is_whole: !list.narrowed(),
    };
    table(shown(FIELDS, &list), customers)
}

impl Lines for Customers {
    type Row = Customer;

    async fn next(
        &mut self,
        tx: &mut Tx<'_>,
        reader: &Reader,
    ) -> Result<listings::Found<Customer>> {
        let place = (self.license_id, reader.organization_id);
        let pool = queries::pool_of(tx, &reader.scope, place).await?;
        let (found, (sort, descending), _) = self.asked.find(tx, &pool, PORTION).await?;
        // Where the order gave way, the next portion follows the one it gave way to.
        (self.asked.sort, self.asked.descending) = (sort, descending);
        self.asked.size = Some(found.size);
        let next = found.next.as_ref();
        self.asked.cursor = next.map_or_else(String::new, |place| sort.cursor(descending, place));
        let is_last = next.is_none();
        Ok((found.customers, is_last))
    }

    async fn count(&self, tx: &mut Tx<'_>, reader: &Reader) -> Result<Option<i64>> {
        if !self.is_whole {
            return Ok(None);
        }
        let place = (self.license_id, reader.organization_id);
        let pool = queries::pool_of(tx, &reader.scope, place).await?;
        Ok(Some(pools::count_shares(tx, pool.id).await?))
    }
}
