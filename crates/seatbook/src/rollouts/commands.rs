//! The verbs of rollouts. Answers of customers travel outside of them: they follow from the book.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{json, to_value};
use uuid::Uuid;

use super::{
    applying, checking,
    customers::{self, Found},
    model::{Action, Counts, Rollout, State, Terms},
    queries, totals,
};
use crate::{
    console::format::count,
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    jobs::{self, NewJob},
    journal::{self, Change},
    organizations,
    plan_subscriptions::commands::{
        order::{check_sources, permit},
        outline,
    },
    scope::Permission,
};

/// Says what is to be done for whom, and queues the job that finds out for whom it is possible.
#[derive(Clone, Debug, Serialize)]
pub struct CreateRollout {
    /// Who sells.
    pub seller_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// What is to be done.
    pub action: Action,
    /// What is ordered for each.
    pub terms: Terms,
    /// The customers, where they are named. They stand in rows, and would make the journal's entry long.
    #[serde(skip)]
    pub organization_ids: Vec<Uuid>,
    /// Else whoever is found.
    pub found: Option<Found>,
}

impl Command for CreateRollout {
    const NAME: &'static str = "rollouts.create";
    type Outcome = Rollout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Rollout> {
        let order = self
            .terms
            .order(self.plan_id, (self.seller_id, self.seller_id));
        permit(tx, &order).await?;
        check_sources(tx, &order).await?;
        let seller = organizations::queries::find(tx, self.seller_id).await?;
        let seller = seller.ok_or_else(Error::not_found)?;
        let whom = (self.organization_ids.as_slice(), self.found.as_ref());
        let (plan, customers): (_, Vec<(Uuid, Option<Uuid>)>) = match self.action {
            Action::Assign => {
                let zone = TimeZone::get(&seller.time_zone).map_err(Error::internal)?;
                let today = tx.today(&zone);
                let (plan, _) = outline(tx, &order, today).await?;
                let customers = customers::meant(tx, seller.id, whom).await?;
                (plan, customers.into_iter().map(|id| (id, None)).collect())
            }
            Action::Approve | Action::Decline => customers::locked(tx, self).await?,
        };
        let id = tx.new_id();
        let row_count = customers.len() as i64;
        let mut new = Rollout {
            id,
            seller_id: seller.id,
            plan_id: plan.id,
            composition: Some(plan.composition).filter(|_| self.action != Action::Assign),
            plan_code: plan.code,
            plan_name: plan.name,
            action: self.action,
            terms: self.terms.clone(),
            state: State::Checking,
            only_if_all_fit: false,
            row_count,
            check_job_id: id,
            apply_job_id: None,
            actor_id: tx.actor_id(),
            created_at: tx.now(),
            ended_at: None,
            version: 1,
        };
        let job = NewJob {
            kind: checking::JOB,
            title: format!("Check: {}", new.title(row_count)),
            payload: json!({"id": id}),
            organization_id: seller.id,
            rows_total: row_count,
        };
        new.check_job_id = jobs::enqueue(tx, job).await?;
        queries::insert(tx, &new, &customers).await?;
        tx.changed(Change {
            noun: "rollout",
            row_id: id,
            version: 1,
            organization_id: Some(new.seller_id),
            before: None,
            after: Some(to_value(&new)?),
        });
        Ok(new)
    }
}

/// Says that every customer has an answer: once it was checked, or where not all of them fit when it should be done.
#[derive(Clone, Debug, Serialize)]
pub struct ReadyRollout {
    /// Which rollout.
    pub id: Uuid,
}

impl Command for ReadyRollout {
    const NAME: &'static str = "rollouts.ready";
    type Outcome = Rollout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Rollout> {
        let before = asked(tx, self.id, None).await?;
        if before.state.is_over() {
            return Err(wrong_state(&before));
        }
        let after = Rollout {
            state: State::Ready,
            ..before.clone()
        };
        moved(tx, before, after).await
    }
}

/// Queues the job that does it for each customer that fits. Refused at once where it could not be done as it was asked.
#[derive(Clone, Debug, Serialize)]
pub struct ApplyRollout {
    /// Which rollout.
    pub id: Uuid,
    /// The version the caller saw; any where there is none.
    pub version: Option<i64>,
    /// For all or for nobody.
    pub only_if_all_fit: bool,
}

impl Command for ApplyRollout {
    const NAME: &'static str = "rollouts.apply";
    type Outcome = Rollout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Rollout> {
        let before = asked(tx, self.id, self.version).await?;
        if before.state != State::Ready {
            return Err(wrong_state(&before));
        }
        permit(tx, &before.order(before.seller_id)).await?;
        let counts = queries::counts_of(tx, before.id).await?;
        if counts.fits == 0 {
            let message = "There is no customer for whom it can be done.";
            return Err(Error::conflict("rollout.nobody_fits", message));
        }
        if self.only_if_all_fit {
            check_all_fit(tx, &before, counts).await?;
        }
        let job = NewJob {
            kind: applying::JOB,
            title: before.title(counts.fits),
            payload: json!({"id": before.id}),
            organization_id: before.seller_id,
            rows_total: counts.fits,
        };
        let after = Rollout {
            state: State::Applying,
            only_if_all_fit: self.only_if_all_fit,
            apply_job_id: Some(jobs::enqueue(tx, job).await?),
            ..before.clone()
        };
        moved(tx, before, after).await
    }
}

/// Refused unless every customer fits, alone and together.
async fn check_all_fit(tx: &mut Tx<'_>, rollout: &Rollout, counts: Counts) -> Result<()> {
    let now = tx.now();
    let totals = totals::of(tx, rollout, counts.fits, now).await?;
    all_fit(counts, &totals)
}

/// The same for answers and totals that are known.
pub(super) fn all_fit(counts: Counts, totals: &[totals::Total]) -> Result<()> {
    let short = totals::shortages(totals);
    if counts.refused == 0 && short.is_empty() {
        return Ok(());
    }
    let mut why = Vec::new();
    if counts.refused > 0 {
        why.push(format!(
            "{} refused",
            count(counts.refused, "customer is", "customers are")
        ));
    }
    if !short.is_empty() {
        let enough = counts.fits - totals::too_many(totals);
        let enough = count(enough, "customer", "customers");
        why.push(format!("your units are enough for {enough}"));
    }
    let message = format!("Not all of them fit: {}. Nothing was done.", why.join("; "));
    Err(Error::conflict("rollout.not_all_fit", message)
        .with("refused", counts.refused)
        .with("short", json!(short)))
}

/// Says that every customer that fitted was tried.
#[derive(Clone, Debug, Serialize)]
pub struct FinishRollout {
    /// Which rollout.
    pub id: Uuid,
}

impl Command for FinishRollout {
    const NAME: &'static str = "rollouts.finish";
    type Outcome = Rollout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Rollout> {
        let before = asked(tx, self.id, None).await?;
        if before.state != State::Applying {
            return Err(wrong_state(&before));
        }
        ended(tx, before, State::Done).await
    }
}

/// Stops a rollout, between two customers where it is being done. What was done stays.
#[derive(Clone, Debug, Serialize)]
pub struct CancelRollout {
    /// Which rollout.
    pub id: Uuid,
    /// The version the caller saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for CancelRollout {
    const NAME: &'static str = "rollouts.cancel";
    type Outcome = Rollout;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Rollout> {
        let before = asked(tx, self.id, self.version).await?;
        if before.state.is_over() {
            return Err(wrong_state(&before));
        }
        ended(tx, before, State::Canceled).await
    }
}

/// The rollout, for somebody who may sell for its seller.
pub(super) async fn asked(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Rollout> {
    let found = queries::get(tx, id).await?;
    tx.require(Permission::LicensesSell, found.seller_id)
        .await?;
    match version {
        Some(version) if version != found.version => Err(stale(&found)),
        _ => Ok(found),
    }
}

async fn ended(tx: &mut Tx<'_>, before: Rollout, state: State) -> Result<Rollout> {
    let after = Rollout {
        state,
        ended_at: Some(tx.now()),
        ..before.clone()
    };
    moved(tx, before, after).await
}

/// Writes where the rollout is now; the answer is for the caller's eyes.
async fn moved(tx: &mut Tx<'_>, before: Rollout, after: Rollout) -> Result<Rollout> {
    let after = Rollout {
        version: before.version + 1,
        ..after
    };
    if !queries::set_state(tx, &after).await? {
        return Err(stale(&before));
    }
    let (old, new) = journal::difference(&before, &after)?;
    tx.changed(Change {
        noun: "rollout",
        row_id: after.id,
        version: after.version,
        organization_id: Some(after.seller_id),
        before: Some(old),
        after: Some(new),
    });
    let scope = &tx.caller().scope;
    queries::hide_prices(tx, scope, after).await
}

pub(super) fn wrong_state(rollout: &Rollout) -> Error {
    let message = match rollout.state {
        State::Checking => "Its customers are still being checked.",
        State::Ready => "Nobody has asked for it to be done.",
        State::Applying => "It is being done already.",
        State::Done => "It has been done.",
        State::Canceled => "It was canceled.",
    };
    Error::conflict(WRONG_STATE, message).with("state", rollout.state.as_str())
}

/// The rollout is not so far, or farther.
pub(super) const WRONG_STATE: &str = "rollout.state";

fn stale(rollout: &Rollout) -> Error {
    let message = "This rollout changed while you looked at it; please look again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", rollout.version)
}

/// What the jobs are handed in with.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    /// The rollout.
    pub(super) id: Uuid,
}
