//! The page that lists what the organization acted for holds.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    figures::{self, Holdings, Totals},
    pages::{LicenseGroup, LicensesPage, license_list},
    places::COUNTED,
    pools::{Filter, Month, Page, TOO_LONG, Total, page},
    sort::Sort,
};
use crate::{
    app::App,
    catalog,
    console::{
        answer::html,
        charts::Kpi,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::JobBanner,
        table::ListView,
    },
    error::Result,
    jobs,
    licenses::model::{Pool, Status},
    licensing::handlers::row,
    scope::{Permission, Scope},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// What a page says that tested its rows one by one.
const PARTS: &str =
    "This list is long: it is looked through a part at a time, and pages may be short.";
/// What a page says whose order had to give way.
const ORDERS: &str =
    "More than 5,000 licenses cannot be sorted by that column; narrow the list first.";

/// `/licenses`.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let mut list = read(&pairs);
    let filter = filter(&mut list, frame.visitor.organization_id, &pairs);
    list.keep = kept(&filter, &pairs);
    let (scope, now, job) = (
        frame.caller.scope.clone(),
        app.gate.now(),
        value(&pairs, "job").parse().ok(),
    );
    let data = app.read(move |mut tx| {
        Box::pin(async move { List::read(&mut tx, &scope, filter, (now, job)).await })
    });
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = data.await?.page(&frame, list, moment);
    let rendered = if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

/// The list as an address describes it; grouped by SKU it is sorted so, unless somebody said otherwise.
pub(super) fn read(pairs: &[(String, String)]) -> ListView {
    let mut list = license_list().read(pairs);
    if list.chosen("group") == "sku" {
        list.natural_sort = Sort::Sku.as_str().into();
        if value(pairs, "sort").is_empty() {
            list.sort.clone_from(&list.natural_sort);
        }
    }
    list
}

/// What an address asks of the book. A cursor of another order, such as one kept in a bookmark, leads to
/// the first page.
pub(super) fn filter(
    list: &mut ListView,
    organization_id: Uuid,
    pairs: &[(String, String)],
) -> Filter {
    let descending = list.sort.starts_with('-');
    let sort = Sort::parse(list.sort.trim_start_matches('-')).unwrap_or(Sort::Order);
    let cursor = Some(value(pairs, "cursor")).filter(|cursor| !cursor.is_empty());
    Filter {
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        status: Status::parse(list.chosen("status")),
        product_id: value(pairs, "product").parse().ok(),
        month: Month::parse(value(pairs, "ends")),
        sort,
        descending,
        from: cursor.and_then(|cursor| sort.place(descending, cursor).ok()),
        ..Filter::of(organization_id, PAGE)
    }
}

/// What narrows the list besides its own filters: the overview leads to one product, or to one month of end.
pub(super) fn kept(filter: &Filter, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let keep =
        |name: &str, is_set: bool| is_set.then(|| (name.to_owned(), value(pairs, name).to_owned()));
    let product = keep("product", filter.product_id.is_some());
    product
        .into_iter()
        .chain(keep("ends", filter.month.is_some()))
        .collect()
}

/// What the list needs of the book, read in one snapshot.
struct List {
    found: Page,
    /// The order, which may be another than was asked for.
    order: (Sort, bool),
    gave_way: bool,
    holdings: Holdings,
    banner: Option<JobBanner>,
    /// "Endpoint Protection, ending in November 2026", where the list is narrowed so.
    only: String,
}

impl List {
    async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        mut filter: Filter,
        (now, job): (Timestamp, Option<Uuid>),
    ) -> Result<List> {
        let banner = match job {
            Some(job) => jobs::queries::banner(tx, scope, job).await?,
            None => None,
        };
        let mut found = page(tx, scope, &filter, now).await;
        let gave_way = found.as_ref().is_err_and(|error| {
            error.fields.iter().any(|field| field.code == TOO_LONG) || error.code == TOO_LONG
        });
        if gave_way {
            (filter.sort, filter.descending, filter.from) = (Sort::Order, false, None);
            found = page(tx, scope, &filter, now).await;
        }
        let found = found?;
        let product = match filter.product_id {
            Some(id) => catalog::queries::find_product(tx, id).await?,
            None => None,
        };
        let month = filter
            .month
            .map(|month| month.first.strftime("ending in %B %Y").to_string());
        let only = product.map(|product| product.name).into_iter().chain(month);
        let counted = (filter.organization_id, found.size);
        Ok(List {
            order: (filter.sort, filter.descending),
            gave_way,
            holdings: figures::holdings_of(tx, counted, now).await?,
            found,
            banner,
            only: only.collect::<Vec<_>>().join(", "),
        })
    }

    fn page(self, frame: &Frame, mut list: ListView, moment: Moment) -> LicensesPage {
        self.describe(&mut list);
        let by_sku = list.chosen("group") == "sku";
        let mut shell = frame.shell("Licenses", "licenses");
        shell.jobs.extend(self.banner);
        LicensesPage {
            shell,
            kpis: kpis(self.holdings),
            groups: groups(&self.found.pools, by_sku, &moment),
            none_yet: self.found.total == Total::Exactly(0)
                && !list.narrowed()
                && list.keep.is_empty(),
            only: self.only,
            may_issue: frame.may(Permission::LicensesIssue),
            may_allocate: frame.may(Permission::AllocationsSet),
            may_edit: frame.may(Permission::LicensesEdit),
            list,
        }
    }

    fn describe(&self, list: &mut ListView) {
        let (sort, descending) = self.order;
        let cursor = |place: &Option<_>| place.as_ref().map(|place| sort.cursor(descending, place));
        (list.previous, list.next) = (cursor(&self.found.previous), cursor(&self.found.next));
        list.shown = self.found.pools.len() as i64;
        (list.total, list.more) = match self.found.total {
            Total::Exactly(count) => (Some(count), false),
            Total::MoreThan(count) => (Some(count), true),
            Total::Uncounted => (None, true),
        };
        if self.gave_way {
            list.sort = sort.as_str().into();
        }
        list.note = match (self.gave_way, self.found.total) {
            (true, _) => ORDERS,
            (false, Total::Uncounted) => PARTS,
            _ => "",
        };
        for column in &mut list.columns {
            let indexed = Sort::parse(column.key).is_some_and(Sort::any_length);
            column.sortable &= indexed || self.found.sortable;
        }
    }
}

/// The rows under headings, which follow the order of the rows.
fn groups(pools: &[Pool], by_sku: bool, moment: &Moment) -> Vec<LicenseGroup> {
    let mut groups: Vec<LicenseGroup> = Vec::new();
    for pool in pools {
        let (title, note) = if by_sku {
            (pool.sku_code.clone(), pool.product_name.clone())
        } else {
            let reference = pool
                .support_reference
                .clone()
                .map(|reference| format!("Support reference {reference}"));
            (
                pool.sales_order
                    .clone()
                    .unwrap_or_else(|| "No sales order".into()),
                reference.unwrap_or_default(),
            )
        };
        let row = row(pool, moment);
        if groups.last().is_none_or(|group| group.title != title) {
            groups.push(LicenseGroup {
                title,
                note,
                ..LicenseGroup::default()
            });
        }
        if let Some(group) = groups.last_mut() {
            group.quantity += row.quantity;
            group.available += row.available;
            group.rows.push(row);
        }
    }
    groups
}

/// The figures on top of the list. Where adding up would keep everybody waiting, only what is known.
pub fn kpis(holdings: Holdings) -> Vec<Kpi> {
    match holdings {
        Holdings::Few(totals) => added_up(totals),
        Holdings::Many(count) => vec![Kpi {
            label: "Licenses".into(),
            value: match count {
                counted @ ..=COUNTED => format::number(counted),
                _ => format!("more than {}", format::number(COUNTED)),
            },
            tone: "mute",
            href: "/licenses".into(),
            ..Kpi::default()
        }],
    }
}

fn added_up(totals: Totals) -> Vec<Kpi> {
    let kpi = |label: &str, value: i64, note: &str, tone, href: &str| Kpi {
        label: label.into(),
        value: format::number(value),
        note: note.into(),
        tone,
        href: href.into(),
        ..Kpi::default()
    };
    let soon = if totals.expiring > 0 { "warn" } else { "mute" };
    vec![
        kpi("Licenses", totals.licenses, "", "mute", "/licenses"),
        kpi(
            "Units",
            totals.quantity,
            "",
            "mute",
            "/licenses?sort=-quantity",
        ),
        Kpi {
            part: totals.available,
            whole: totals.quantity,
            ..kpi(
                "Available",
                totals.available,
                "of active licenses",
                "mute",
                "/licenses?status=active",
            )
        },
        kpi(
            "Expiring soon",
            totals.expiring,
            "",
            soon,
            "/licenses?status=expiring_soon",
        ),
    ]
}
