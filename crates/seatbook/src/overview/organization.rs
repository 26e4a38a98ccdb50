//! One organization: what is said about it, where it stands, what it holds, who acts for it.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use store::{Date, Timestamp, Tx};
use uuid::Uuid;

use super::counts::{self, Filter};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::html,
        badges,
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    gate::Caller,
    holdings::pools,
    licenses::model::Pool,
    licensing::handlers,
    offboarding,
    organizations::{
        self,
        model::{Organization, PricingModel},
        pages::{Holding, OrganizationPage, OrganizationRow},
        tabs::Tabs,
    },
    scope::{self, Permission},
};

/// Children shown on the page; the tree shows the rest.
const CHILDREN: i64 = 10;
const HOLDINGS: i64 = 50;
const PEOPLE: i64 = 50;

/// `/organizations/{id}`.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let seen = app
        .read(move |mut tx| Box::pin(async move { Seen::read(&mut tx, &caller, id, now).await }));
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = seen.await?.page(&frame, &moment);
    Ok(html(StatusCode::OK, page.render()))
}

/// What the page needs of the book, read in one snapshot.
struct Seen {
    found: Organization,
    row: OrganizationRow,
    may: Vec<Permission>,
    above: Vec<(Uuid, String)>,
    children: Vec<OrganizationRow>,
    holdings: Vec<Pool>,
    people: Vec<(String, String, String)>,
    leaves: Option<Date>,
}

impl Seen {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid, now: Timestamp) -> Result<Seen> {
        let scope = &caller.scope;
        let found = organizations::queries::find_visible(tx, scope, id).await?;
        let found = found.ok_or_else(Error::not_found)?;
        let may = scope::queries::permissions_at(tx, caller.actor_id, id).await?;
        let below = Filter {
            top: id,
            children: true,
            limit: CHILDREN,
            ..Filter::default()
        };
        let children = counts::matching(tx, &below).await?;
        let mut rows = counts::rows(tx, &[&children[..], &[id]].concat()).await?;
        let holdings = match may.contains(&Permission::LicensesRead) {
            true => {
                let held = pools::Filter::of(id, HOLDINGS);
                pools::page(tx, scope, &held, now).await?.pools
            }
            false => vec![],
        };
        let people = match may.contains(&Permission::PeopleRead) {
            true => counts::people(tx, id, PEOPLE).await?,
            false => vec![],
        };
        let leaves = match may.contains(&Permission::OrganizationsSuspend) {
            true => offboarding::queries::open(tx, id).await?,
            false => None,
        };
        Ok(Seen {
            leaves: leaves.map(|leaves| leaves.leaves_on),
            above: counts::above(tx, scope, id).await?,
            row: rows.remove(&id).unwrap_or_default(),
            children: children
                .iter()
                .filter_map(|child| rows.remove(child))
                .collect(),
            found,
            may,
            holdings,
            people,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment) -> OrganizationPage {
        let may = |permission| self.may.contains(&permission);
        let is_root = self.found.kind == organizations::model::Kind::Provider;
        let text = |(id, name): (Uuid, String)| (id.to_string(), name);
        OrganizationPage {
            shell: frame.shell(self.found.name.clone(), "organizations"),
            tabs: Tabs::of(&self.found, &self.may, ""),
            facts: facts(&self.found, moment),
            may_create: may(Permission::OrganizationsCreate),
            may_edit: may(Permission::OrganizationsEdit),
            may_move: may(Permission::OrganizationsMove) && !is_root,
            may_suspend: may(Permission::OrganizationsSuspend) && !is_root,
            shows_people: may(Permission::PeopleRead),
            shows_licenses: may(Permission::LicensesRead),
            suspended: self.found.suspended,
            leaves: self
                .leaves
                .map_or_else(String::new, |day| format::date(day.0)),
            row: self.row,
            ancestors: self.above.into_iter().map(text).collect(),
            children: self.children,
            holdings: self
                .holdings
                .iter()
                .map(|pool| holding(pool, moment))
                .collect(),
            people: self.people,
        }
    }
}

fn holding(pool: &Pool, moment: &Moment) -> Holding {
    let row = handlers::row(pool, moment);
    Holding {
        license_id: row.id,
        sku: row.sku,
        product: row.product,
        quantity: pool.quantity,
        in_use: pool.allocated + pool.assigned,
        end: row.end,
        status: row.marks.into_iter().next().unwrap_or(row.status),
    }
}

/// What is said about it; what nobody said is left out.
fn facts(found: &Organization, moment: &Moment) -> Vec<(String, String)> {
    let pays = match found.pricing_model {
        PricingModel::License => "by licenses it bought",
        PricingModel::Usage => "by what it used",
    };
    let created = found.created_at.get().to_zoned(moment.zone.clone()).date();
    let facts = [
        ("Kind", Some(badges::kind(found.kind.as_str()).label)),
        ("Reference", found.reference.clone()),
        ("Web site", found.website.clone()),
        ("Tax number", found.tax_id.clone()),
        ("Time zone", Some(found.time_zone.clone())),
        ("Pays", Some(pays.to_owned())),
        ("Added", Some(format::date(created))),
        (
            "Note",
            Some(found.note.clone()).filter(|note| !note.is_empty()),
        ),
    ];
    let said = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.collect()
}
