//! The first page: figures of the organization acted for, what ends next, what changed, what to do first.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    changes,
    figures::{self, Begun},
    pages::{ExpiringRow, FirstStep, OverviewPage, RecentChange},
};
use crate::{
    app::App,
    console::{
        answer::html,
        charts::Bar,
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::Result,
    gate::Caller,
    holdings::{
        self,
        figures::{self as totals, Holdings},
        places::{Key, Place},
        pools::{Filter, page},
    },
    licenses::model::{Pool, Status},
    licensing::handlers,
    scope::{self, Permission},
};

/// Rows in each part of the page.
const PRODUCTS: i64 = 8;
const ENDING: i64 = 6;
const CHANGES: i64 = 8;

/// `/`.
pub async fn show(State(app): State<App>, frame: Frame) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let acting = frame.visitor.organization_id;
    let seen = app.read(move |mut tx| {
        Box::pin(async move { Seen::read(&mut tx, &caller, acting, now).await })
    });
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = seen.await?.page(&frame, &moment);
    Ok(html(StatusCode::OK, page.render()))
}

/// What the page needs of the book, read in one snapshot.
#[derive(Default)]
struct Seen {
    /// How far a new book has come, for those who can go on.
    begun: Option<Begun>,
    /// Nothing where licenses are not the reader's to see.
    holdings: Option<Holdings>,
    products: Vec<(String, i64, i64)>,
    ending: Vec<Pool>,
    changes: Vec<changes::Latest>,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, acting: Uuid, now: Timestamp) -> Result<Seen> {
        let may = scope::queries::permissions_at(tx, caller.actor_id, acting).await?;
        let mut seen = Seen::default();
        if may.contains(&Permission::LicensesIssue) && may.contains(&Permission::CatalogEdit) {
            seen.begun = Some(figures::begun(tx).await?);
        }
        if may.contains(&Permission::LicensesRead) {
            let holdings = totals::holdings(tx, acting, now).await?;
            if let Holdings::Few(_) = holdings {
                seen.products = figures::products(tx, acting, now, PRODUCTS).await?;
            }
            seen.holdings = Some(holdings);
            let ending = ending(acting, now);
            seen.ending = page(tx, &caller.scope, &ending, now).await?.pools;
        }
        if may.contains(&Permission::JournalRead) {
            seen.changes = changes::latest(tx, acting, CHANGES).await?;
        }
        Ok(seen)
    }

    fn page(self, frame: &Frame, moment: &Moment) -> OverviewPage {
        let steps = self.begun.map(steps).unwrap_or_default();
        // On a new book the steps stand alone: figures of nothing help nobody.
        let is_new = self.begun.is_some_and(|begun| !begun.licenses);
        let holdings = self.holdings.filter(|_| !is_new);
        let change = |latest: changes::Latest| RecentChange {
            id: latest.id.to_string(),
            what: changes::what(&latest),
            when: format::ago(latest.at.get(), moment.now.get()),
            who: latest.who.unwrap_or_else(|| "Seatbook".into()),
        };
        OverviewPage {
            shell: frame.shell("Overview", "overview"),
            steps,
            kpis: holdings.map(holdings::handlers::kpis).unwrap_or_default(),
            products: self.products.into_iter().map(bar).collect(),
            expiring: self
                .ending
                .iter()
                .filter(|pool| pool.ends_at.is_some())
                .map(|pool| row(pool, moment))
                .collect(),
            changes: self.changes.into_iter().map(change).collect(),
        }
    }
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

fn bar((label, total, used): (String, i64, i64)) -> Bar {
    let q: String = form_urlencoded::byte_serialize(label.as_bytes()).collect();
    Bar {
        href: format!("/licenses?q={q}&group=sku"),
        label,
        used,
        total,
    }
}

/// The first steps, until all of them are done.
fn steps(begun: Begun) -> Vec<FirstStep> {
    if begun.organizations && begun.catalog && begun.licenses {
        return vec![];
    }
    let link = |label: &str, place: &str| (label.to_owned(), place.to_owned());
    vec![
        FirstStep {
            title: "Add your organizations".into(),
            text: "The partners and customers that receive licenses from you, one below the other."
                .into(),
            action: link("New organization", "/organizations/new"),
            other: link(
                "Import from a spreadsheet",
                "/imports/new?kind=organizations",
            ),
            done: begun.organizations,
        },
        FirstStep {
            title: "Fill the catalog".into(),
            text: "What can be licensed, in which unit, for how long: products and their SKUs."
                .into(),
            action: link("Go to the catalog", "/catalog"),
            other: link("Import a catalog", "/imports/new?kind=catalog"),
            done: begun.catalog,
        },
        FirstStep {
            title: "Issue a license".into(),
            text: "Units come into being here, and pass from you down to those who use them."
                .into(),
            action: link("Issue license", "/licenses/new"),
            other: link("Import licenses", "/imports/new?kind=licenses"),
            done: begun.licenses,
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_stay_until_all_are_done() {
        let begun = |organizations, catalog, licenses| Begun {
            organizations,
            catalog,
            licenses,
        };
        assert!(steps(begun(true, true, true)).is_empty());
        let left = steps(begun(true, false, false));
        assert_eq!(
            left.iter().map(|step| step.done).collect::<Vec<_>>(),
            [true, false, false]
        );
    }
}
