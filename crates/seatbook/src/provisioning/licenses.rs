//! The tab Licenses of an organization: its service plans, what is left over of others, and what it holds beside them.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use rules::lifecycle::State as Lifecycle;
use store::{Timestamp, Tx};
use uuid::Uuid;

use super::{
    orders::Seller,
    pages::LicensesPage,
    queries::{self, LISTED},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::html,
        badges::{self, Badge},
        form::{pairs, value},
        format::{self, Due, Moment},
        frame::{Frame, PageResult},
        layout::Notice,
    },
    crossgrades,
    error::Result,
    gate::Caller,
    licenses::{
        self,
        model::{License, Pool},
        pools,
    },
    organizations::{self, model::Organization, tabs::Place},
    plan_subscriptions::{
        self,
        model::{Part, PlanSubscription, Standing},
        queries::Filter,
    },
    plans::model::Edition,
    scope::Permission,
};

/// `/organizations/{id}/licenses`; `?given=` names a plan subscription that has just begun, and `?entry=` its journal
/// entry.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let begun = value(&given, "given").parse::<Uuid>().ok();
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let seller_id = frame.visitor.organization_id;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let whose = (id, seller_id);
            Tab::read(&mut tx, &caller, whose, begun, now).await
        })
    });
    let moment = Moment::new(now, &frame.visitor.time_zone);
    let page = read.await?.page(&frame, &given, &moment);
    Ok(html(StatusCode::OK, page.render()))
}

/// What the tab needs of the book, read in one snapshot.
struct Tab {
    place: Place,
    above: Option<Organization>,
    contact: Option<(String, String)>,
    plans: Vec<(PlanSubscription, Vec<Part>)>,
    left_over: Vec<License>,
    others: Vec<Pool>,
    may_assign: bool,
    /// How many units went over and how many licenses were left over, where a crossgrade has just been done.
    moved: Option<(i64, usize)>,
}

impl Tab {
    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (id, seller_id): (Uuid, Uuid),
        begun: Option<Uuid>,
        now: Timestamp,
    ) -> Result<Tab> {
        let place = Place::read(tx, caller, id, Permission::LicensesRead).await?;
        let above = match place.organization.parent_id {
            Some(above) => organizations::queries::find_visible(tx, &caller.scope, above).await?,
            None => None,
        };
        let contact = match place.may(Permission::PeopleRead) {
            true => queries::contact(tx, id).await?,
            false => None,
        };
        let filter = Filter {
            organization_id: Some(id),
            with_ended: true,
            limit: LISTED,
            ..Filter::default()
        };
        let mut plans = Vec::new();
        for it in plan_subscriptions::queries::list(tx, &caller.scope, &filter).await? {
            let parts = plan_subscriptions::queries::parts(tx, it.id).await?;
            plans.push((it, parts));
        }
        let ids = queries::left_over(tx, id, now).await?;
        let mut left_over = licenses::queries::of_ids(tx, &ids).await?;
        left_over.sort_by_key(|it| ids.iter().position(|id| *id == it.id));
        let ids = queries::apart(tx, id, now).await?;
        let mut others = pools::of_ids(tx, &ids).await?;
        others.sort_by_key(|it| ids.iter().position(|id| *id == it.id));
        let moved = match begun.filter(|begun| plans.iter().any(|(it, _)| it.id == *begun)) {
            Some(begun) => crossgrades::queries::find(tx, begun).await?,
            None => None,
        };
        Ok(Tab {
            may_assign: Seller::find(tx, caller, (seller_id, id)).await?.is_some(),
            moved: moved.map(|(record, _)| {
                let bound = record.steps.iter().map(|it| it.bound).sum();
                (bound, record.unbundled.len())
            }),
            place,
            above,
            contact,
            plans,
            left_over,
            others,
        })
    }

    fn page(self, frame: &Frame, given: &[(String, String)], moment: &Moment) -> LicensesPage {
        let name = &self.place.organization.name;
        let mut shell = frame.shell(format!("Licenses · {name}"), "organizations");
        shell.notices.extend(self.told(frame, given));
        let card = |(it, parts): &(PlanSubscription, Vec<Part>)| PlanCard::of(it, parts, moment);
        let (running, earlier): (Vec<_>, Vec<_>) = self
            .plans
            .iter()
            .partition(|(it, _)| it.standing == Standing::Running);
        let ends = self.place.may(Permission::LicensesTerminate);
        let left = |it: &License| UnitsRow {
            deletable: ends && !it.used,
            ..UnitsRow::of_license(it, moment)
        };
        let listed = usize::try_from(LISTED).unwrap_or_default();
        LicensesPage {
            shell,
            tabs: self.place.tabs("licenses"),
            facts: facts(&self.place.organization, self.contact),
            above: self.above.map(|it| (it.id.to_string(), it.name)),
            plans: running.into_iter().map(card).collect(),
            earlier: earlier.into_iter().map(card).collect(),
            left_over: self.left_over.iter().map(left).collect(),
            more: self.others.len() > listed,
            others: self
                .others
                .iter()
                .take(listed)
                .map(|it| UnitsRow::of_pool(it, moment))
                .collect(),
            may_assign: self.may_assign,
        }
    }

    /// What has just happened, and where it can be taken back.
    fn told(&self, frame: &Frame, given: &[(String, String)]) -> Option<Notice> {
        let begun: Uuid = value(given, "given").parse().ok()?;
        let (it, parts) = self.plans.iter().find(|(it, _)| it.id == begun)?;
        let name = &self.place.organization.name;
        let text = match self.moved {
            None => format!(
                "{name} has “{}” now, with {}.",
                it.plan_name,
                format::count(parts.len() as i64, "license", "licenses")
            ),
            Some((bound, left)) => {
                let left = match left {
                    0 => String::new(),
                    left => format!(
                        " {} left over.",
                        format::count(left as i64, "license is", "licenses are")
                    ),
                };
                let bound = format::count(bound, "unit in use", "units in use");
                format!(
                    "{name} moved to “{}”; {bound} went over.{left}",
                    it.plan_name
                )
            }
        };
        let entry = value(given, "entry").parse::<Uuid>().ok();
        let notice = Notice::good(text);
        Some(match entry {
            Some(entry) if frame.may(Permission::JournalRead) => {
                notice.link("Undo", format!("/journal/{entry}"))
            }
            _ => notice,
        })
    }
}

/// What is said about the organization; what nobody said is left out.
fn facts(it: &Organization, contact: Option<(String, String)>) -> Vec<(String, String)> {
    let facts = [
        ("Legal name", Some(it.name.clone())),
        ("Kind", Some(badges::kind(it.kind.as_str()).label)),
        ("Reference", it.reference.clone()),
        ("Tax number", it.tax_id.clone()),
        (
            "Contact",
            contact.map(|(name, email)| format!("{name}, {email}")),
        ),
        ("Time zone", Some(it.time_zone.clone())),
    ];
    let said = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.collect()
}

/// A service plan that a customer has.
#[derive(Clone, Debug, Default)]
pub struct PlanCard {
    /// The plan subscription.
    pub id: String,
    /// The plan's name.
    pub name: String,
    /// The plan's code.
    pub code: String,
    /// Trial or not for resale; none for a full one.
    pub edition: Option<Badge>,
    /// Where it stands.
    pub status: Badge,
    /// The first day.
    pub start: String,
    /// The last day.
    pub end: Due,
    /// Whether it renews, in words.
    pub renews: String,
    /// The plan is made of other parts by now.
    pub locked: bool,
    /// Its licenses.
    pub parts: Vec<UnitsRow>,
}

/// Units of one license.
#[derive(Clone, Debug, Default)]
pub struct UnitsRow {
    /// The license.
    pub license_id: String,
    /// The product's name.
    pub product: String,
    /// The SKU's code.
    pub sku: String,
    /// Units in use or passed on.
    pub in_use: i64,
    /// All units.
    pub quantity: i64,
    /// One unit and several.
    pub unit: (String, String),
    /// The last day.
    pub end: Due,
    /// Lifecycle.
    pub status: Badge,
    /// Whether this person may delete it: nobody has used it.
    pub deletable: bool,
}

/// Trial and not for resale; a full plan has no badge.
pub fn edition(edition: Edition) -> Option<Badge> {
    let icon = match edition {
        Edition::Full => return None,
        Edition::Trial => "clock",
        Edition::NotForResale => "tag",
    };
    Some(Badge {
        tone: "info",
        icon,
        label: edition.label().into(),
    })
}

/// Says that a plan is made of other parts by now.
pub fn locked() -> Badge {
    Badge {
        tone: "warn",
        icon: "lock",
        label: "Locked".into(),
    }
}

impl PlanCard {
    /// A plan subscription with its licenses, as it is at a moment.
    pub fn of(it: &PlanSubscription, parts: &[Part], moment: &Moment) -> PlanCard {
        let there = Moment::new(moment.now, &it.time_zone);
        let notice = i32::try_from(it.notice_days).unwrap_or(i32::MAX);
        PlanCard {
            id: it.id.to_string(),
            name: it.plan_name.clone(),
            code: it.plan_code.clone(),
            edition: edition(it.edition),
            status: badges::lifecycle(state(it, parts, &there)),
            start: format::date(it.start_date.0),
            end: format::due(Some(it.end_date.0), there.today, notice),
            renews: match it.auto_renews {
                true => format!(
                    "renews by itself, announced {} before",
                    format::count(it.notice_days, "day", "days")
                ),
                false => "does not renew".into(),
            },
            locked: it.is_locked(),
            parts: parts
                .iter()
                .map(|part| UnitsRow::of_license(&part.license, moment))
                .collect(),
        }
    }
}

/// Where a plan subscription stands: what people decided, else what its licenses are, else what its days say.
fn state(it: &PlanSubscription, parts: &[Part], there: &Moment) -> &'static str {
    match it.standing {
        Standing::Superseded => return "superseded",
        Standing::Ended => return "terminated",
        Standing::Running => {}
    }
    let mut states = parts.iter().map(|part| part.license.state(there.now));
    match states.clone().find(|state| *state == Lifecycle::Active) {
        Some(active) => active.as_str(),
        None => match states.next() {
            Some(first) => first.as_str(),
            None if there.today > it.end_date.0 => "expired",
            None if there.today < it.start_date.0 => "scheduled",
            None => "active",
        },
    }
}

impl UnitsRow {
    /// All units of a license.
    pub fn of_license(it: &License, moment: &Moment) -> UnitsRow {
        UnitsRow {
            license_id: it.id.to_string(),
            product: it.product_name.clone(),
            sku: it.sku_code.clone(),
            in_use: it.allocated + it.assigned,
            quantity: it.quantity,
            unit: (it.unit.clone(), it.units.clone()),
            end: due(it.end_date, it.expiring_days, moment),
            status: badges::lifecycle(it.state(moment.now).as_str()),
            deletable: false,
        }
    }

    /// The units that an organization holds of a license.
    pub fn of_pool(it: &Pool, moment: &Moment) -> UnitsRow {
        UnitsRow {
            license_id: it.license_id.to_string(),
            product: it.product_name.clone(),
            sku: it.sku_code.clone(),
            in_use: it.allocated + it.assigned,
            quantity: it.quantity,
            unit: (it.unit.clone(), it.units.clone()),
            end: due(it.end_date, it.expiring_days, moment),
            status: badges::lifecycle(it.state(moment.now).as_str()),
            deletable: false,
        }
    }

    /// "80 of 80 users in use".
    pub fn usage(&self) -> String {
        let of = format::count(self.quantity, &self.unit.0, &self.unit.1);
        format!("{} of {of} in use", format::number(self.in_use))
    }
}

fn due(end: Option<store::Date>, expiring_days: i64, moment: &Moment) -> Due {
    let days = i32::try_from(expiring_days).unwrap_or(i32::MAX);
    format::due(end.map(|end| end.0), moment.today, days)
}
