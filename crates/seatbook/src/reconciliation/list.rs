//! The page: numbers side by side, what differs first.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    api::Asking,
    gathering::{Page, Setting, page},
    model::{Difference, Line, Question},
    order::{Order, Place, Sort},
};
use crate::{
    app::App,
    console::{
        answer::part_or_page,
        charts::Kpi,
        form::{pairs, value},
        format,
        frame::{Frame, PageResult},
        layout::Shell,
        table::{Column, Filter, FilterOption, ListView},
    },
    error::Result,
    holdings::pools::TOO_LONG,
    scope::Permission,
    statements::model::Month,
};

/// Lines on one page of the list.
const PAGE: usize = 100;
/// The numbers, as their columns are headed.
const PURCHASED: &str = "Purchased";
const ALLOCATED: &str = "Allocated";
const IN_USE: &str = "In use";
const INVOICED: &str = "Invoiced";
const STATED: &str = "Distributor says";
/// What a page says that is laid out customer by customer.
const WALKED: &str =
    "More than 5,000 shares are listed by customer; show differences only, or search";

/// `/reconciliation`.
#[derive(Template)]
#[template(path = "reconciliation/list.html", blocks = ["rows"])]
pub struct ReconciliationPage {
    shell: Shell,
    list: ListView,
    kpis: Vec<Kpi>,
    organization: String,
    month: String,
    month_label: String,
    /// The numbers may still change: the month is not over.
    running: bool,
    rows: Vec<LineRow>,
    billing: bool,
    /// Id, name and rows that match nothing, where a statement is laid beside it.
    statement: Option<(String, String, i64)>,
    may_upload: bool,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct LineRow {
    it: Line,
    differences: Vec<Difference>,
    numbers: Vec<Number>,
}

/// One number of a line.
#[derive(Clone, Debug)]
pub struct Number {
    column: &'static str,
    label: &'static str,
    units: i64,
    /// The list behind it; empty for none.
    href: String,
}

/// `/reconciliation`.
pub async fn show(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    frame.caller.scope.require(Permission::AllocationsRead)?;
    let pairs = pairs(query.as_deref());
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let asking = asking(frame.visitor.organization_id, &pairs);
    let cursor = value(&pairs, "cursor").to_owned();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let setting = Setting::read(tx, &scope, asking.organization_id, now).await?;
            let month = asked_month(&setting, asking.month.as_deref())?;
            let asking = Asking {
                month: Some(month.to_string()),
                ..asking
            };
            let mut question = asking.question(&setting, PAGE)?;
            let order = question.order.unwrap_or(Order::USUAL);
            // A cursor of another order, such as one in a bookmark, leads to the first page.
            question.from = Place::read(&cursor, order).ok();
            let (found, gave_way) = find(tx, &setting, question).await?;
            Ok(Seen {
                setting,
                month,
                found,
                gave_way,
            })
        })
    });
    let page = shown(&frame, &pairs, read.await?);
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_rows().render(),
        || page.render(),
    ))
}

/// A month that is none, such as one in an old bookmark, is the last one that is over.
pub(super) fn asked_month(setting: &Setting, word: Option<&str>) -> Result<Month> {
    match setting.month(word) {
        Ok(month) => Ok(month),
        Err(_) => setting.month(None),
    }
}

/// What the page needs of the book, read in one snapshot.
struct Seen {
    setting: Setting,
    month: Month,
    found: Page,
    /// The order that was asked for is for shorter lists.
    gave_way: bool,
}

/// A page of lines in the order that is asked for, or where they are too many for it, in the one for long lists.
pub(super) async fn find(
    tx: &mut store::Tx<'_>,
    setting: &Setting,
    mut question: Question,
) -> Result<(Page, bool)> {
    let found = page(tx, setting, &question).await;
    let gave_way = found
        .as_ref()
        .is_err_and(|error| error.fields.iter().any(|it| it.code == TOO_LONG));
    if !gave_way {
        return Ok((found?, false));
    }
    (question.order, question.from) = (None, None);
    Ok((page(tx, setting, &question).await?, true))
}

/// What an address asks for.
pub(super) fn asking(organization_id: Uuid, pairs: &[(String, String)]) -> Asking {
    let said = |name: &str| Some(value(pairs, name).to_owned()).filter(|it| !it.is_empty());
    let sort = said("sort").filter(|word| Order::read(word).is_ok_and(|it| it != Order::USUAL));
    Asking {
        organization_id,
        month: said("month"),
        keyword: said("q").map(|q| q.chars().take(200).collect()),
        only_differences: said("differences").is_some(),
        sort,
    }
}

fn shown(frame: &Frame, pairs: &[(String, String)], seen: Seen) -> ReconciliationPage {
    let Seen {
        setting,
        month,
        found,
        gave_way,
    } = seen;
    let statement = found.statement.as_ref();
    let about = (setting.billing, found.is_stated());
    let mut list = reconciliation_list(&setting, month, about).read(pairs);
    list.shown = i64::try_from(found.lines.len()).unwrap_or(i64::MAX);
    list.total = found.totals.as_ref().map(|totals| totals.lines);
    let cursor = |place: &Option<Place>| place.as_ref().map(Place::cursor);
    (list.previous, list.next) = (cursor(&found.previous), cursor(&found.next));
    if found.totals.is_none() {
        list.more = list.next.is_some();
        list.note = WALKED;
        list.columns.iter_mut().for_each(|it| it.sortable = false);
    }
    if gave_way {
        list.sort.clone_from(&list.natural_sort);
    }
    let may_upload = frame.may(Permission::ImportsRun);
    let place = statement.filter(|_| may_upload);
    let place = place.map_or_else(String::new, |it| format!("/statements/{}", it.id));
    ReconciliationPage {
        shell: frame.shell("Reconciliation", "reconciliation"),
        kpis: kpis(&found),
        running: month == Month::of(setting.moment.today),
        month: month.to_string(),
        month_label: month.label(),
        billing: setting.billing,
        statement: statement.map(|it| (it.id.to_string(), it.file_name.clone(), it.unmatched())),
        rows: found
            .lines
            .into_iter()
            .map(|line| row(line, &place))
            .collect(),
        organization: setting.organization,
        may_upload,
        list,
    }
}

fn row(it: Line, statement: &str) -> LineRow {
    let name = form_urlencoded::byte_serialize(it.organization_name.as_bytes());
    let name: String = name.collect();
    let own = format!("/organizations/{}", it.organization_id);
    let allocated = match it.license.one() {
        Some(license) => format!("/licenses/{license}/customers?q={name}"),
        None => own.clone(),
    };
    let invoiced = match it.invoice.one() {
        Some(invoice) => format!("/invoices/{invoice}"),
        None => format!("/invoices?q={name}"),
    };
    let number = |sort: Sort, label, units, href: String| Number {
        column: sort.as_str(),
        label,
        units,
        href: if units == 0 { String::new() } else { href },
    };
    let mut numbers = vec![
        number(
            Sort::Purchased,
            PURCHASED,
            it.purchased,
            format!("{own}/licenses"),
        ),
        number(Sort::Allocated, ALLOCATED, it.allocated, allocated),
        number(Sort::InUse, IN_USE, it.in_use, own),
    ];
    numbers.extend(
        it.invoiced
            .map(|units| number(Sort::Invoiced, INVOICED, units, invoiced)),
    );
    numbers.extend(
        it.stated
            .map(|units| number(Sort::Stated, STATED, units, statement.to_owned())),
    );
    LineRow {
        differences: it.differences(),
        numbers,
        it,
    }
}

fn kpis(found: &Page) -> Vec<Kpi> {
    let Some(totals) = &found.totals else {
        return vec![];
    };
    let kpi = |label: &str, units: i64, (note, tone): (&str, &'static str)| Kpi {
        label: label.into(),
        value: format::number(units),
        note: if units == 0 {
            String::new()
        } else {
            note.into()
        },
        tone,
        ..Kpi::default()
    };
    let of_all = format!("of {}", format::count(totals.lines, "line", "lines"));
    let mut kpis = vec![kpi(
        "Differences",
        totals.differences,
        (of_all.as_str(), "mute"),
    )];
    let units = ("units", "mute");
    kpis.extend(
        totals
            .not_billed
            .map(|it| kpi("Held, not billed", it, units)),
    );
    kpis.extend(
        totals
            .billed_too_much
            .map(|it| kpi("Billed, not held", it, units)),
    );
    let lines = totals.stated_otherwise;
    kpis.extend(lines.map(|it| kpi("Distributor says otherwise", it, ("lines", "mute"))));
    kpis
}

/// The list's columns, filters and words; complete it with `read` and the page's cursors.
pub(super) fn reconciliation_list(
    setting: &Setting,
    month: Month,
    (billing, statement): (bool, bool),
) -> ListView {
    let optional = |sort: Sort, label| Column::optional(sort.as_str(), label, true).number();
    let mut columns = vec![
        Column::fixed(Sort::Customer.as_str(), "Customer"),
        Column::fixed(Sort::Product.as_str(), "Product"),
        optional(Sort::Purchased, PURCHASED),
        optional(Sort::Allocated, ALLOCATED),
        optional(Sort::InUse, IN_USE),
    ];
    if billing {
        columns.push(optional(Sort::Invoiced, INVOICED));
    }
    if statement {
        columns.push(optional(Sort::Stated, STATED));
    }
    columns.push(Column::fixed(Sort::Difference.as_str(), "Difference"));
    let mut offered = Month::choices(setting.moment.today);
    if !offered.contains(&month) {
        offered.push(month);
    }
    let options = offered.into_iter().map(|month| FilterOption {
        value: month.to_string(),
        label: month.label(),
        count: None,
    });
    let months = Filter {
        kind: "view",
        name: "month",
        label: "Month",
        value: month.to_string(),
        options: options.collect(),
    };
    ListView {
        path: "/reconciliation".into(),
        export: "/exports?list=reconciliation".into(),
        search: "Customer, product",
        sort: Order::USUAL.word(),
        noun: ("line", "lines"),
        columns,
        filters: vec![
            months,
            Filter::new("toggle", "differences", "Differences only", &[]),
        ],
        ..ListView::default()
    }
}
