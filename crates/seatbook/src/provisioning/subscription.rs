//! One service plan that a customer has: its licenses, its days, and how it came to be.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::{
    licenses::PlanCard,
    orders::Seller,
    pages::{MoneyRows, StepRow, SubscriptionPage},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
        layout::Notice,
    },
    crossgrades::{
        self,
        commands::sees_prices,
        model::{Money, Record},
    },
    error::{Error, Result},
    gate::Caller,
    licenses::{self, model::License},
    organizations,
    plan_subscriptions::{
        model::{Part, PlanSubscription, Standing},
        queries,
    },
    plans::{
        self,
        model::{Edition, ServicePlan},
    },
    scope::Permission,
};

/// `/plan-subscriptions/{id}`; `?composition=` says what has just been decided about its composition.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let caller = frame.caller.clone();
    let read =
        app.read(move |mut tx| Box::pin(async move { One::read(&mut tx, &caller, id).await }));
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let mut page = read.await?.page(&frame, &moment);
    let decided = pairs(query.as_deref());
    page.shell
        .notices
        .extend(told(value(&decided, "composition")));
    Ok(html(StatusCode::OK, page.render()))
}

/// What has just been decided.
fn told(decided: &str) -> Option<Notice> {
    let text = match decided {
        "approved" => "The new composition was approved; the plan is made of it from now on.",
        "declined" => "The new composition was declined; everything stays as it is.",
        _ => return None,
    };
    Some(Notice::good(text))
}

/// What the page needs of the book.
struct One {
    it: PlanSubscription,
    parts: Vec<Part>,
    seller: Option<String>,
    successor: Option<PlanSubscription>,
    predecessors: Vec<PlanSubscription>,
    record: Option<(Record, Option<Money>)>,
    /// The licenses that were carried over, ended or left over.
    olds: Vec<License>,
    /// Whether this person may sell to the customer.
    may_sell: bool,
    /// The plan that a trial becomes.
    full_plan: Option<ServicePlan>,
}

/// The plan that a trial becomes, as the catalog names it.
async fn full_plan(tx: &mut Tx<'_>, trial: &PlanSubscription) -> Result<Option<ServicePlan>> {
    if trial.edition != Edition::Trial || trial.standing != Standing::Running {
        return Ok(None);
    }
    let plan = plans::queries::find(tx, trial.plan_id).await?;
    match plan.and_then(|plan| plan.full_plan_id) {
        Some(id) => plans::queries::find(tx, id).await,
        None => Ok(None),
    }
}

impl One {
    async fn read(tx: &mut Tx<'_>, caller: &Caller, id: Uuid) -> Result<One> {
        let scope = &caller.scope;
        let found = queries::find_visible(tx, scope, id).await?;
        let it = found.ok_or_else(Error::not_found)?;
        let seen = sees_prices(scope, it.seller_id, it.organization_id);
        let record = crossgrades::queries::find(tx, id).await?;
        let record = record.map(|(record, money)| (record, Some(money).filter(|_| seen)));
        let successor = match it.successor_id {
            Some(id) => queries::find_visible(tx, scope, id).await?,
            None => None,
        };
        let (mut predecessors, mut ids) = (Vec::new(), Vec::new());
        if let Some((record, _)) = &record {
            for id in &record.superseded {
                predecessors.extend(queries::find_visible(tx, scope, *id).await?);
            }
            ids.extend(record.steps.iter().map(|step| step.old_license_id));
            ids.extend(&record.unbundled);
        }
        let seller = organizations::queries::find_visible(tx, scope, it.seller_id).await?;
        let whose = (it.seller_id, it.organization_id);
        Ok(One {
            may_sell: Seller::find(tx, caller, whose).await?.is_some(),
            full_plan: full_plan(tx, &it).await?,
            parts: queries::parts(tx, id).await?,
            seller: seller.map(|seller| seller.name),
            olds: licenses::queries::of_ids(tx, &ids).await?,
            successor,
            predecessors,
            record,
            it,
        })
    }

    fn page(self, frame: &Frame, moment: &Moment) -> SubscriptionPage {
        let facts = self.facts(moment);
        let of = |it: PlanSubscription| (it.id.to_string(), it.plan_name);
        let (steps, left_over, money) = match &self.record {
            Some((record, money)) => (
                record.steps.iter().map(|it| self.step(it)).collect(),
                record
                    .unbundled
                    .iter()
                    .filter_map(|id| self.left(*id))
                    .collect(),
                money.as_ref().filter(|it| !it.lines.is_empty()),
            ),
            None => (vec![], vec![], None),
        };
        SubscriptionPage {
            shell: frame.shell(
                format!("{} · {}", self.it.plan_name, self.it.organization_name),
                "organizations",
            ),
            customer: (
                self.it.organization_id.to_string(),
                self.it.organization_name.clone(),
            ),
            card: PlanCard::of(&self.it, &self.parts, moment),
            money: money.map(MoneyRows::of),
            reads_journal: frame.may(Permission::JournalRead),
            declined: self.it.standing == Standing::Running
                && self.it.composition < self.it.newest_composition,
            may_sell: self.may_sell && self.it.standing == Standing::Running,
            may_change: self.may_sell && self.changes(),
            converts: self
                .full_plan
                .as_ref()
                .filter(|_| self.may_sell)
                .map(|plan| (plan.id.to_string(), plan.name.clone())),
            facts,
            steps,
            left_over,
            successor: self.successor.map(of),
            predecessors: self.predecessors.into_iter().map(of).collect(),
        }
    }

    /// Whether there is anything to change: a trial stays as it was given, and so does what waits for a word.
    fn changes(&self) -> bool {
        let it = &self.it;
        it.standing == Standing::Running && it.edition != Edition::Trial && !it.is_locked()
    }

    fn facts(&self, moment: &Moment) -> Vec<(String, String)> {
        let it = &self.it;
        let day = |at: store::Timestamp| format::moment(at.get(), &moment.zone);
        let composition = match it.composition == it.newest_composition {
            true => format::number(it.composition),
            false => format!(
                "{}, the plan has {} by now",
                format::number(it.composition),
                format::number(it.newest_composition)
            ),
        };
        let facts = [
            ("Plan code", Some(it.plan_code.clone())),
            ("Version", Some(it.edition.label().to_owned())),
            ("Composition", Some(composition)),
            ("Sold by", self.seller.clone()),
            ("First day", Some(format::date(it.start_date.0))),
            ("Last day", Some(format::date(it.end_date.0))),
            ("Time zone", Some(it.time_zone.clone())),
            ("Assigned", Some(day(it.created_at))),
            ("Ended", it.ended_at.map(day)),
        ];
        let said = facts
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        said.collect()
    }

    fn step(&self, it: &crossgrades::model::Step) -> StepRow {
        let old = self.olds.iter().find(|old| old.id == it.old_license_id);
        let unit = old.map_or_else(
            || ("unit".to_owned(), "units".to_owned()),
            |old| (old.unit.clone(), old.units.clone()),
        );
        StepRow::of(it, &unit)
    }

    fn left(&self, id: Uuid) -> Option<(String, String)> {
        let found = self.olds.iter().find(|it| it.id == id)?;
        Some((id.to_string(), found.product_name.clone()))
    }
}
