//! The first page: what the organization acted for holds, what ends, what waits, what changed, what to do first.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    changes,
    pages::{Begun, ExpiringRow, OverviewPage, RecentChange, Task, bar, low_row, month, steps},
    summary::{Asked, LOOKED_AT, Open, Summary},
};
use crate::{
    app::App,
    console::{
        answer::html,
        badges::Badge,
        charts::Kpi,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::Result,
    figures::{drawing::Trend, model::ProductFigures, queries::Figures},
    gate::Caller,
    holdings::{
        self,
        figures::{Holdings, Totals, holdings_of},
        places::{Key, Place},
        pools::{Filter, page},
    },
    invoices::status::{Side, Status as InvoiceStatus},
    licenses::model::{Pool, Status},
    licensing::handlers,
    scope::{self, Permission},
};

/// Rows in each part of the page.
const PRODUCTS: usize = 10;
const LOW: usize = 6;
const ENDING: i64 = 6;
const CHANGES: usize = 8;

/// `/`.
pub async fn show(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let asked = Asked {
        organization_id: frame.visitor.organization_id,
        product_id: value(&pairs(query.as_deref()), "product").parse().ok(),
        today: moment.today,
    };
    let seen = app.read(move |mut tx| {
        Box::pin(async move { Seen::read(&mut tx, &caller, &asked, now).await })
    });
    let page = seen.await?.page(&frame, &moment, asked.product_id);
    Ok(html(StatusCode::OK, page.render()))
}

async fn begun(tx: &mut Tx<'_>) -> Result<Begun> {
    let sql = "SELECT EXISTS (SELECT 1 FROM organization_node WHERE parent_id IS NOT NULL),
        EXISTS (SELECT 1 FROM sku), EXISTS (SELECT 1 FROM license)";
    let (organizations, catalog, licenses) = tx.query_one(sql, &[]).await?;
    Ok(Begun {
        organizations,
        catalog,
        licenses,
    })
}

/// What the page needs of the book, read in one snapshot.
#[derive(Default)]
struct Seen {
    /// How far a new book has come, for those who can go on.
    begun: Option<Begun>,
    summary: Summary,
    /// Where the organization holds so little that all of it can be looked at.
    totals: Option<Totals>,
    ending: Vec<Pool>,
    changes: Option<Vec<changes::Latest>>,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, asked: &Asked, now: Timestamp) -> Result<Seen> {
        let acting = asked.organization_id;
        let may = scope::queries::permissions_at(tx, caller.actor_id, acting).await?;
        let mut seen = Seen {
            summary: Summary::read(tx, &caller.scope, asked, now).await?,
            ..Seen::default()
        };
        if may.contains(&Permission::LicensesIssue) && may.contains(&Permission::CatalogEdit) {
            seen.begun = Some(begun(tx).await?);
        }
        if let Some(figures) = &seen.summary.figures {
            if let Some(few) = figures.few
                && let Holdings::Few(totals) = holdings_of(tx, (acting, few), now).await?
            {
                seen.totals = Some(totals);
            }
            let ending = Filter {
                size: Some(figures.few.unwrap_or(i64::MAX)),
                ..ending(acting, now)
            };
            seen.ending = page(tx, &caller.scope, &ending, now).await?.pools;
        }
        if may.contains(&Permission::JournalRead) {
            seen.changes = Some(changes::latest(tx, acting, CHANGES).await?);
        }
        Ok(seen)
    }

    fn page(mut self, frame: &Frame, moment: &Moment, product: Option<Uuid>) -> OverviewPage {
        let steps = self.begun.map(steps).unwrap_or_default();
        // On a new book the steps stand alone: figures of nothing help nobody.
        if self.begun.is_some_and(|begun| !begun.licenses) {
            let shell = frame.shell("Overview", "overview");
            return OverviewPage::of_steps(shell, steps);
        }
        let tasks = tasks(&self.summary);
        let ending = self.ending.iter().filter(|pool| pool.ends_at.is_some());
        let expiring = ending.map(|pool| row(pool, moment)).collect();
        let low = self.summary.low.take().unwrap_or_default();
        let weeks = std::mem::take(&mut self.summary.weeks);
        let held = self.summary.figures.take();
        let as_of = held.as_ref().and_then(|held| held.as_of);
        let told = |at: Timestamp| at.get().to_zoned(moment.zone.clone());
        let figures = held.as_ref().map(|held| kpis(held, self.totals));
        let held = held.unwrap_or_default();
        let name = |it: &ProductFigures| (it.product_id.to_string(), it.product_name.clone());
        let choices: Vec<(String, String)> = held.products.iter().map(name).collect();
        let chosen = product.map(|id| id.to_string()).unwrap_or_default();
        let months = held.months.iter().map(month);
        OverviewPage {
            shell: frame.shell("Overview", "overview"),
            steps,
            kpis: figures.unwrap_or_default(),
            as_of: as_of.map_or_else(String::new, |at| {
                told(at).strftime("as of %H:%M:%S").to_string()
            }),
            tasks,
            products: held.products.iter().take(PRODUCTS).map(bar).collect(),
            trend: Trend::of(weeks),
            choices: (choices, chosen),
            months: match held.months.iter().any(|month| month.licenses > 0) {
                true => months.collect(),
                false => vec![],
            },
            shows_values: held.months.iter().any(|month| !month.values.is_empty()),
            low: low.iter().take(LOW).map(low_row).collect(),
            expiring,
            changes: self
                .changes
                .map(|all| all.into_iter().map(|it| change(it, moment)).collect()),
        }
    }
}

fn change(latest: changes::Latest, moment: &Moment) -> RecentChange {
    RecentChange {
        id: latest.id.to_string(),
        what: changes::what(&latest),
        when: format::ago(latest.at.get(), moment.now.get()),
        who: latest.who.unwrap_or_else(|| "Seatbook".into()),
    }
}

/// The figures on top. Of very many licenses, those that are kept.
fn kpis(held: &Figures, totals: Option<Totals>) -> Vec<Kpi> {
    if let Some(totals) = totals {
        return holdings::handlers::kpis(Holdings::Few(totals));
    }
    let sum = |of: fn(&ProductFigures) -> i64| held.products.iter().map(of).sum::<i64>();
    let units = sum(|it| it.quantity);
    let kpi = |label: &str, value: i64, note: &str| Kpi {
        label: label.into(),
        value: format::number(value),
        note: note.into(),
        tone: "mute",
        href: "/licenses?status=active".into(),
        ..Kpi::default()
    };
    vec![
        kpi("Active licenses", sum(|it| it.licenses), ""),
        kpi("Units", units, "of active licenses"),
        kpi(
            "Passed on or assigned",
            sum(|it| it.allocated + it.assigned),
            "",
        ),
        Kpi {
            part: sum(|it| it.free),
            whole: units,
            ..kpi("Available", sum(|it| it.free), "of active licenses")
        },
    ]
}

/// What waits, the most pressing first.
fn tasks(summary: &Summary) -> Vec<Task> {
    let mut tasks = summary.open.as_ref().map(money).unwrap_or_default();
    let mut add = |count: Option<i64>, words: [&str; 2], (tone, icon), href: &str| {
        if let Some(count) = count.filter(|count| *count > 0) {
            tasks.push(task(
                counted(count, words),
                String::new(),
                (tone, icon),
                href,
            ));
        }
    };
    let failed = summary.jobs.map(|jobs| jobs.failed);
    add(
        summary.requests,
        ["request for units waits", "requests for units wait"],
        ("warn", "clock"),
        "/sales/requests",
    );
    add(
        summary.redemptions,
        ["redemption waits", "redemptions wait"],
        ("warn", "clock"),
        "/sales/redemptions",
    );
    add(
        failed,
        ["job was refused or failed", "jobs were refused or failed"],
        ("bad", "error"),
        "/jobs?state=failed",
    );
    add(
        summary.jobs.map(|jobs| jobs.open),
        ["job is under way", "jobs are under way"],
        ("info", "running"),
        "/jobs?state=open",
    );
    add(
        summary.asked,
        ["request of yours waits", "requests of yours wait"],
        ("info", "clock"),
        "/portal",
    );
    tasks
}

fn counted(count: i64, [one, many]: [&str; 2]) -> String {
    match count {
        LOOKED_AT.. => format!("{} {many} or more", format::number(count)),
        _ => format::count(count, one, many),
    }
}

fn task(
    label: String,
    note: String,
    (tone, icon): (&'static str, &'static str),
    href: &str,
) -> Task {
    let words = match tone {
        "bad" => "Look at it",
        "warn" => "Decide",
        _ => "For your information",
    };
    Task {
        label,
        note,
        href: href.into(),
        badge: Badge {
            tone,
            icon,
            label: words.into(),
        },
    }
}

/// Unpaid invoices, one line for each side and status; currencies are never summed.
fn money(open: &Open) -> Vec<Task> {
    let Some(rows) = open else {
        let label = "More than 5,000 invoices are not paid".to_owned();
        return vec![task(label, String::new(), ("warn", "clock"), "/invoices")];
    };
    let mut tasks = Vec::new();
    for side in [Side::Issued, Side::Received] {
        for status in [
            InvoiceStatus::Overdue,
            InvoiceStatus::Unpaid,
            InvoiceStatus::Part,
        ] {
            let these = rows
                .iter()
                .filter(|it| it.side == side && it.status == status);
            let count: i64 = these.clone().map(|it| it.invoices).sum();
            if count == 0 {
                continue;
            }
            let amounts: Vec<String> = these
                .map(|it| format::money(it.open_minor, &it.currency))
                .collect();
            let whose = match side {
                Side::Issued => "owed to you",
                Side::Received => "to be paid by you",
            };
            let words = match status {
                InvoiceStatus::Overdue => ["invoice is overdue", "invoices are overdue"],
                InvoiceStatus::Unpaid => ["invoice is not due yet", "invoices are not due yet"],
                _ => ["invoice is paid in part", "invoices are paid in part"],
            };
            let look = match status {
                InvoiceStatus::Overdue => ("bad", "warning"),
                _ => ("info", "clock"),
            };
            let href = format!(
                "/invoices?status={}&side={}",
                status.as_str(),
                side.as_str()
            );
            let note = format!("{} {whose}", amounts.join(" and "));
            tasks.push(task(
                format::count(count, words[0], words[1]),
                note,
                look,
                &href,
            ));
        }
    }
    tasks.sort_by_key(|task| task.badge.tone != "bad");
    tasks
}

/// Licenses in force that end, the one that ends first on top: the walk begins now.
fn ending(organization_id: Uuid, now: Timestamp) -> Filter {
    Filter {
        status: Status::parse("active"),
        from: Some(Place {
            back: false,
            key: Key::Number(now.as_micros()),
            id: Uuid::nil(),
        }),
        ..Filter::of(organization_id, ENDING)
    }
}

fn row(pool: &Pool, moment: &Moment) -> ExpiringRow {
    let row = handlers::row(pool, moment);
    ExpiringRow {
        id: row.id,
        sku: row.sku,
        sales_order: row.sales_order,
        in_use: pool.allocated + pool.assigned,
        quantity: pool.quantity,
        end: row.end,
        status: row.marks.into_iter().next().unwrap_or(row.status),
    }
}
