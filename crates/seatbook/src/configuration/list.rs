//! The tab Configuration: every base unit in use, and every license with free ones. The tab Information: what there is of
//! each product.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect},
};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    lines::{self, FIRST_FREE, Filter, Free, GATHERED, Sort},
    pages::{ConfigurationPage, FreeRow, InformationPage, LineRow, StockRow},
};
use crate::{
    api::{Cursor, Id},
    app::App,
    assignments::model::Assignment,
    catalog::model::ProductKind,
    console::{
        answer::html,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        table::{Column, Filter as Choice, FilterOption, ListView},
    },
    error::Result,
    gate::Caller,
    holders,
    organizations::tabs::Place,
    scope::Permission,
};

/// What is said where more licenses have free units than are listed.
const FREE_CUT: &str =
    "More than 100 licenses have free units; narrow by base license, or look for a UUID.";
/// Assignments on one page.
const PAGE: i64 = 50;
const ORDERS: &str = "More than 5,000 units in use are listed in the order in which they were assigned; narrow \
    the list to sort it.";

/// `/configuration?organization=`: to the configuration of one organization, the one acted for unless said.
pub async fn own(frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let chosen = value(&pairs(query.as_deref()), "organization").parse();
    let id: Uuid = chosen.unwrap_or(frame.visitor.organization_id);
    Ok(Redirect::to(&format!("/organizations/{id}/configuration")).into_response())
}

/// `/organizations/{id}/configuration`.
pub async fn list(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let pairs = pairs(query.as_deref());
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let seen = app.read(move |mut tx| {
        Box::pin(async move { Seen::read(&mut tx, &caller, (id, pairs), now).await })
    });
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = seen.await?.page(&frame, &moment);
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

/// The columns, filters and words of the Configuration tab; `bases` are id, name, whether it has extensions.
pub(super) fn configuration_list(id: Uuid, bases: &[(Uuid, String, bool)]) -> ListView {
    let mut product = Choice::new(
        "select",
        "product",
        "Base license",
        &[("", "All base licenses")],
    );
    let options = bases.iter().map(|(id, name, _)| FilterOption {
        value: id.to_string(),
        label: name.clone(),
        count: None,
    });
    product.options.extend(options);
    let telephones = bases.iter().any(|(_, _, has_extensions)| *has_extensions);
    ListView {
        path: format!("/organizations/{id}/configuration"),
        export: format!("/exports?list=assignments&of={id}"),
        search: "User, extension, number, UUID",
        sort: "user".into(),
        noun: ("unit in use", "units in use"),
        columns: vec![
            Column::fixed("license", "License"),
            Column::fixed("user", "User"),
            Column::optional("extension", "Extension", telephones),
            Column::optional("number", "Number", telephones),
            Column::optional("add_ons", "Add-ons", true).unsorted(),
            Column::optional("uuid", "UUID", true).unsorted(),
            Column::optional("since", "Since", true),
        ],
        filters: vec![
            Choice::new(
                "tabs",
                "show",
                "Show",
                &[("", "All"), ("used", "In use"), ("free", "Available")],
            ),
            product,
        ],
        ..ListView::default()
    }
}

/// What an address asks for.
pub(super) fn filter(list: &ListView, id: Uuid, pairs: &[(String, String)]) -> Filter {
    let cursor = Some(value(pairs, "cursor")).filter(|cursor| !cursor.is_empty());
    Filter {
        size: None,
        organization_id: id,
        product_id: list.chosen("product").parse().ok(),
        user_id: value(pairs, "user").parse().ok(),
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        sort: Sort::parse(list.sort.trim_start_matches('-')).unwrap_or_default(),
        descending: list.sort.starts_with('-'),
        // A cursor that this list did not make, such as one of another version, leads to the first page.
        from: cursor.and_then(|cursor| Cursor::read(cursor).ok()),
        limit: PAGE,
    }
}

/// What the page needs of the book, read in one snapshot.
struct Seen {
    place: Place,
    list: ListView,
    free: Vec<Free>,
    free_count: i64,
    page: lines::Page,
    add_ons: HashMap<Uuid, Vec<String>>,
    user: Option<(String, String)>,
    has_extensions: bool,
    none_yet: bool,
}

impl Seen {
    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (id, pairs): (Uuid, Vec<(String, String)>),
        now: Timestamp,
    ) -> Result<Seen> {
        let place = Place::read(tx, caller, id, Permission::AssignmentsRead).await?;
        let bases = lines::bases(tx, id).await?;
        let mut list = configuration_list(id, &bases).read(&pairs);
        let mut filter = filter(&list, id, &pairs);
        let user = match filter.user_id {
            Some(user_id) => holders::queries::of_ids(tx, id, &[user_id]).await?.pop(),
            None => None,
        };
        filter.user_id = user.as_ref().map(|user| user.id);
        list.keep
            .extend(user.as_ref().map(|it| ("user".into(), it.id.to_string())));
        let shown = list.chosen("show").to_owned();
        let mut page = match shown.as_str() {
            "free" => lines::Page::default(),
            _ => lines::page(tx, &filter).await?,
        };
        if page.total > GATHERED && filter.sort != Sort::Since {
            (filter.sort, filter.descending, filter.from) = (Sort::Since, false, None);
            list.sort = Sort::Since.as_str().into();
            list.note = ORDERS;
            page = lines::page(tx, &filter).await?;
        }
        let hidden = shown == "used" || !place.may(Permission::LicensesRead);
        let mut free = match hidden || filter.from.is_some() {
            true => vec![],
            false => lines::free(tx, &filter, (now, lines::Way::Sorted(lines::MOST_FREE))).await?,
        };
        let free_count = free.len() as i64;
        if free_count > lines::MOST_FREE {
            free.truncate(lines::MOST_FREE as usize);
            list.note = FREE_CUT;
        }
        if shown.is_empty() && !page.rows.is_empty() {
            free.truncate(FIRST_FREE);
        }
        let ids: Vec<Uuid> = page.rows.iter().map(|row| row.id).collect();
        Ok(Seen {
            none_yet: free.is_empty() && page.rows.is_empty() && bases.is_empty(),
            add_ons: lines::add_ons(tx, &ids).await?,
            has_extensions: bases.iter().any(|(_, _, has_extensions)| *has_extensions),
            user: user.map(|user| (user.id.to_string(), user.name)),
            place,
            list,
            free,
            free_count,
            page,
        })
    }

    fn page(mut self, frame: &Frame, moment: &Moment) -> ConfigurationPage {
        let (list, page) = (&mut self.list, &self.page);
        list.shown = page.rows.len() as i64;
        list.total = Some(page.total.min(GATHERED));
        list.more = page.total > GATHERED;
        list.previous = page.previous.as_ref().map(Cursor::write);
        list.next = page.next.as_ref().map(Cursor::write);
        for column in &mut list.columns {
            column.sortable &= page.total <= GATHERED || column.key == "since";
        }
        let organization = &self.place.organization;
        let rows = page
            .rows
            .iter()
            .map(|row| line(row, &mut self.add_ons, moment));
        ConfigurationPage {
            shell: frame.shell(
                format!("Configuration · {}", organization.name),
                "configuration",
            ),
            tabs: self.place.tabs("configuration"),
            rows: rows.collect(),
            free: self
                .free
                .iter()
                .map(|free| free_row(free, moment))
                .collect(),
            free_count: self.free_count,
            changes_place: frame.may(Permission::OrganizationsCreate),
            counts_licenses: self.place.counts_licenses(),
            none_yet: self.none_yet,
            user: self.user,
            has_extensions: self.has_extensions && self.place.may(Permission::ImportsRun),
            may_assign: self.place.may(Permission::AssignmentsSet),
            may_end: self.place.may(Permission::SubscriptionsEnd),
            may_edit: self.place.may(Permission::OrganizationsEdit),
            may_allocate: self.place.may(Permission::AllocationsSet),
            list: self.list,
        }
    }
}

fn free_row(free: &Free, moment: &Moment) -> FreeRow {
    let pool = &free.pool;
    let unit = if pool.free == 1 {
        &pool.unit
    } else {
        &pool.units
    };
    let days = i32::try_from(pool.expiring_days).unwrap_or(i32::MAX);
    FreeRow {
        pool_id: pool.id.to_string(),
        license_id: pool.license_id.to_string(),
        product: pool.product_name.clone(),
        sku: pool.sku_code.clone(),
        sales_order: pool.sales_order.clone().unwrap_or_default(),
        is_base: free.kind == ProductKind::Base,
        free: format!("{} {unit}", format::number(pool.free)),
        end: format::due(pool.end_date.map(|end| end.0), moment.today, days),
    }
}

/// One assignment as a line.
pub fn line(
    row: &Assignment,
    add_ons: &mut HashMap<Uuid, Vec<String>>,
    moment: &Moment,
) -> LineRow {
    let user = row.user_id.filter(|user| *user != row.holder_id);
    let is_user = row.holder_kind == "user";
    LineRow {
        id: row.id.to_string(),
        product: row.product_name.clone(),
        units: row.units,
        user: row.user_name.clone().unwrap_or_default(),
        user_id: row.user_id.map(|id| id.to_string()).unwrap_or_default(),
        holder_id: row.holder_id.to_string(),
        // An extension stands in a column of its own.
        through: match (is_user, row.holder_kind.as_str()) {
            (true, _) | (_, "extension") => String::new(),
            _ => row.holder_name.clone(),
        },
        holder: match user {
            Some(_) => row.user_name.clone().unwrap_or_default(),
            None => row.holder_name.clone(),
        },
        extension: row.extension.clone().unwrap_or_default(),
        number: row
            .did
            .as_deref()
            .map(|did| format!("+{did}"))
            .unwrap_or_default(),
        add_ons: add_ons.remove(&row.id).unwrap_or_default(),
        since: format::date(row.assigned_at.get().to_zoned(moment.zone.clone()).date()),
        has_ended: row.ends_at.is_some_and(|end| end <= moment.now),
    }
}

/// `/organizations/{id}/information`.
pub async fn information(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let place = Place::read(&mut tx, &caller, id, Permission::LicensesRead).await?;
            let stock = lines::stock(&mut tx, id, now).await?;
            Ok((place, stock))
        })
    });
    let (place, stock) = read.await?;
    let page = InformationPage {
        shell: frame.shell(
            format!("Information · {}", place.organization.name),
            "organizations",
        ),
        tabs: place.tabs("information"),
        counts_licenses: place.counts_licenses(),
        may_edit: place.may(Permission::OrganizationsEdit),
        may_configure: place.may(Permission::AssignmentsRead),
        rows: stock.into_iter().map(stock_row).collect(),
    };
    Ok(html(StatusCode::OK, page.render()))
}

fn stock_row((id, name, kind, own, assigned, free, stranded): lines::Stock) -> StockRow {
    let kind = ProductKind::parse(&kind).unwrap_or_default();
    StockRow {
        product_id: id.to_string(),
        name,
        is_base: kind == ProductKind::Base,
        kind: kind.label(),
        own,
        assigned,
        free,
        stranded,
    }
}
