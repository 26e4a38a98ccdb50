//! The pages that show what was sold.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::lifecycle::State as Lifecycle;
use uuid::Uuid;

use super::{
    pages::{SalePage, SalesPage, row, sales_list},
    queries::{self, Filter, From, Sale},
};
use crate::{
    activation::{
        api::budget,
        model::{Budget, Limits},
    },
    api::Id,
    app::App,
    billing,
    console::{
        answer::{html, part_or_page},
        charts::Kpi,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    licenses::{
        model::{License, Status},
        pools,
    },
    notices,
    requests::queries::{Whose, count_waiting},
    scope::{Permission, Scope, queries::check_visible},
};

/// Rows on one page of the list.
const PAGE: i64 = 50;
/// Customers in the filter at most.
const CUSTOMERS: i64 = 500;

/// Whether this person sees prices of what this organization sells.
pub(super) async fn priced(tx: &mut store::Tx<'_>, scope: &Scope, seller_id: Uuid) -> bool {
    let seen = check_visible(tx, scope, Permission::PricesRead, seller_id).await;
    seen.is_ok()
}

/// `/sales`.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let pairs = pairs(query.as_deref());
    let (seller_id, scope) = (frame.visitor.organization_id, frame.caller.scope.clone());
    let limits = Limits::of(&app.settings);
    let (vault, now) = (app.gate.vault().clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            check_visible(tx, &scope, Permission::LicensesSell, seller_id).await?;
            let customers = queries::customers(tx, seller_id, CUSTOMERS).await?;
            let view = sales_list(&customers).read(&pairs);
            let filter = filter(&view, &pairs, seller_id);
            Ok(Desk {
                page: queries::page(tx, &filter, (&vault, now)).await?,
                budget: budget(tx, seller_id, limits).await?,
                redemptions: queries::redemptions(tx, seller_id).await?,
                requests: count_waiting(tx, Whose::For(seller_id)).await?,
                any: queries::any(tx, seller_id).await?,
                priced: priced(tx, &scope, seller_id).await,
                may_bill: check_visible(tx, &scope, Permission::InvoicesSend, seller_id)
                    .await
                    .is_ok(),
                takes_codes: check_visible(tx, &scope, Permission::CodesExport, seller_id)
                    .await
                    .is_ok(),
                most: billing::queries::get(tx, seller_id)
                    .await?
                    .facts
                    .most_licenses,
                view,
            })
        })
    });
    let page = read
        .await?
        .page(&frame, &Moment::new(now, &frame.visitor.time_zone));
    let rendered = match frame.fragment.0 {
        true => page.as_rows().render(),
        false => page.render(),
    };
    Ok(html(StatusCode::OK, rendered))
}

pub(super) fn filter(view: &ListView, pairs: &[(String, String)], seller_id: Uuid) -> Filter {
    let status = match (view.chosen("expired"), view.chosen("soon")) {
        ("", "") => None,
        ("", _) => Some(Status::ExpiringSoon),
        _ => Some(Status::Is(Lifecycle::Expired)),
    };
    Filter {
        seller_id,
        customer_id: view.chosen("customer").parse().ok(),
        status,
        keyword: Some(view.q.clone()).filter(|q| !q.trim().is_empty()),
        from: From::read(value(pairs, "cursor")),
        limit: PAGE,
    }
}

/// What the list needs of the book.
struct Desk {
    page: queries::Page,
    budget: Budget,
    redemptions: i64,
    requests: i64,
    any: bool,
    priced: bool,
    may_bill: bool,
    takes_codes: bool,
    most: i64,
    view: ListView,
}

impl Desk {
    fn page(self, frame: &Frame, moment: &Moment) -> SalesPage {
        let mut list = self.view;
        list.shown = self.page.sales.len() as i64;
        list.previous = self.page.previous.map(From::write);
        list.next = self.page.next.map(From::write);
        if self.takes_codes {
            let codes = "/exports?list=activation_codes";
            list.exports.push(("Codes: ", codes.into()));
        }
        let rows = self.page.sales.iter();
        SalesPage {
            shell: frame.shell("Sales", "sales"),
            kpis: vec![
                codes(&self.budget),
                asked(self.requests),
                redemptions(self.redemptions),
            ],
            rows: rows.map(|sale| row(sale, self.priced, moment)).collect(),
            list,
            none_yet: !self.any,
            may_bill: self.may_bill,
            most: self.most,
        }
    }
}

fn codes(budget: &Budget) -> Kpi {
    Kpi {
        label: "Codes to redeem".into(),
        value: format::number(budget.live_codes),
        note: format!(
            "{} may wait at a time",
            format::number(budget.most_live_codes)
        ),
        tone: "mute",
        part: budget.live_codes,
        whole: budget.most_live_codes,
        ..Kpi::default()
    }
}

fn redemptions(waiting: i64) -> Kpi {
    Kpi {
        label: "Redemptions to approve".into(),
        value: format::number(waiting),
        note: if waiting > 0 {
            "they wait for you"
        } else {
            "nobody waits"
        }
        .into(),
        tone: if waiting > 0 { "warn" } else { "mute" },
        href: "/sales/redemptions".into(),
        ..Kpi::default()
    }
}

fn asked(waiting: i64) -> Kpi {
    Kpi {
        label: "Requests for units".into(),
        value: format::number(waiting),
        note: if waiting > 0 {
            "they wait for you"
        } else {
            "nobody waits"
        }
        .into(),
        tone: if waiting > 0 { "warn" } else { "mute" },
        href: "/sales/requests".into(),
        ..Kpi::default()
    }
}

/// One sale, where this person may sell for its seller, and where its units came from.
pub(super) async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<(Sale, String, bool)> {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let (scope, vault) = (frame.caller.scope.clone(), app.gate.vault().clone());
    let now = app.gate.now();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let sale = queries::of_ids(tx, &[id], (&vault, now)).await?.pop();
            let sale = sale.ok_or_else(Error::not_found)?;
            let seller_id = sale.sold.license.seller_id.ok_or_else(Error::not_found)?;
            check_visible(tx, &scope, Permission::LicensesSell, seller_id).await?;
            let source = match sale.sold.license.source_pool_id {
                None => "Issued for it".to_owned(),
                Some(pool_id) => match pools::find(tx, pool_id).await? {
                    Some(pool) => {
                        format!("Drawn from {}", pool.sales_order.unwrap_or(pool.sku_code))
                    }
                    None => String::new(),
                },
            };
            Ok((sale, source, priced(tx, &scope, seller_id).await))
        })
    });
    read.await
}

/// Who is told of the end of a license when, and whether there was nobody to tell.
async fn notices(app: &App, license: License) -> Result<(String, bool)> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { notices::pages::summary(&mut tx, &license).await })
    });
    read.await
}

/// `/sales/{id}`: its details.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (sale, source, priced) = find(&app, &frame, id).await?;
    let notices = notices(&app, sale.sold.license.clone()).await?;
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let license = &sale.sold.license;
    let row = row(&sale, priced, &moment);
    let page = SalePage {
        shell: frame.shell(row.name.clone(), "sales"),
        code_expires: sale
            .sold
            .expires_at
            .map_or_else(String::new, |at| format::moment(at.get(), &moment.zone)),
        source,
        zone: license.time_zone.clone(),
        start: format::date(license.start_date.0),
        notices,
        row,
    };
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}
