//! The job that does it, customer by customer. Each is a command that settles its row in the same step, so it is done
//! once whatever crashes; one that is refused holds up nobody.

use serde::Serialize;
use store::Place;
use uuid::Uuid;

use super::{
    checking::{Answer, check, counts, is_over, read, rows, shown, stopped, write},
    commands::{FinishRollout, ReadyRollout, Task, all_fit, asked, wrong_state},
    model::{Action, Rollout, RolloutRow, RowState, State},
    queries, totals,
};
use crate::{
    app::App,
    compositions::commands::{ApproveComposition, DeclineComposition},
    console::format::count,
    error::{Error, Result},
    gate::{Command, Tx},
    jobs::{Ended, Kind, Work},
    plan_subscriptions::commands::AssignPlan,
};

/// The name of the job.
pub const JOB: &str = "rollouts.apply";

/// How the runner does a rollout. Begun again after a crash, it goes on with whoever fits and has nothing yet.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(run(app, work)),
};

async fn run(app: App, work: Work) -> Result<Ended> {
    let Task { id } = work.payload()?;
    let rollout = read(&app, id).await?;
    if rollout.state == State::Applying {
        if rollout.only_if_all_fit && !still_fits(&app, &work, &rollout).await? {
            return Ok(stopped("It was stopped before anything was done.", id));
        }
        let whole = apply(&app, &work, &rollout).await? && finish(&app, &work, &rollout).await?;
        if !whole {
            return Ok(stopped_after(counts(&app, id).await?.done, id));
        }
    }
    let counts = counts(&app, id).await?;
    if rollout.state == State::Canceled {
        return Ok(stopped_after(counts.done, id));
    }
    let message = match counts.refused {
        0 => format!("Done for {}.", count(counts.done, "customer", "customers")),
        refused => format!(
            "Done for {}; {} refused.",
            count(counts.done, "customer", "customers"),
            count(refused, "was", "were")
        ),
    };
    Ok(shown(Ended::done(message), counts, id))
}

fn stopped_after(done: i64, id: Uuid) -> Ended {
    let done = count(done, "customer", "customers");
    let message = format!("It was stopped after {done}. What was done stays.");
    stopped(&message, id)
}

/// Looks at all of them again where it is for all or for nobody: the answers may be old. Where not all fit any more,
/// the rollout is as it was before it was asked for, and the job says why; `false` where somebody stopped it.
async fn still_fits(app: &App, work: &Work, rollout: &Rollout) -> Result<bool> {
    let id = rollout.id;
    if counts(app, id).await?.done > 0 {
        return Ok(true);
    }
    if !check(app, work, rollout, RowState::Fits).await? {
        return Ok(false);
    }
    let (counts, of, now) = (counts(app, id).await?, rollout.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { totals::of(&mut tx, &of, counts.fits, now).await })
    });
    let fit = all_fit(counts, &read.await?);
    if fit.is_err() {
        let back = work.key(&format!("back:{}", rollout.version));
        let ready = ReadyRollout { id };
        app.gate.submit(&work.caller, back, ready).await?;
    }
    fit.map(|()| true)
}

/// Does it for each customer that fits; `false` where somebody stopped it in between.
async fn apply(app: &App, work: &Work, rollout: &Rollout) -> Result<bool> {
    let id = rollout.id;
    let before = counts(app, id).await?;
    let (mut tried, total) = (before.done, before.done + before.fits);
    let mut after = 0;
    loop {
        let rows = rows(app, id, RowState::Fits, after).await?;
        if rows.is_empty() {
            return Ok(true);
        }
        for row in &rows {
            if work.canceled().await? {
                return Ok(false);
            }
            let position = row.position;
            let step = work.key(&format!("row:{position}"));
            let done = match rollout.action {
                Action::Assign => {
                    let one = CarryOut { id, position };
                    app.gate.submit(&work.caller, step, one).await
                }
                Action::Approve | Action::Decline => {
                    let one = Decide { id, position };
                    app.gate.submit(&work.caller, step, one).await
                }
            };
            match done {
                Err(error) if is_over(&error) => return Ok(false),
                Err(error) => {
                    let answer = Answer::of(rollout.action, position, Err::<(), _>(error))?;
                    write(app, id, vec![answer]).await?;
                }
                Ok(_) => {}
            }
            tried += 1;
            after = position;
            work.save_cursor(&after, tried, total).await?;
        }
    }
}

/// Says that all of them were tried; `false` where somebody has stopped it.
async fn finish(app: &App, work: &Work, rollout: &Rollout) -> Result<bool> {
    let (key, finish) = (work.key("finish"), FinishRollout { id: rollout.id });
    match app.gate.submit(&work.caller, key, finish).await {
        Err(error) if is_over(&error) => Ok(false),
        finished => finished.map(|_| true),
    }
}

/// Does it for one customer, and settles its row in the same step: it is done once, however often it is asked for.
#[derive(Clone, Debug, Serialize)]
pub struct CarryOut {
    /// Which rollout.
    pub id: Uuid,
    /// Which of its customers.
    pub position: i64,
}

impl Command for CarryOut {
    const NAME: &'static str = "rollouts.carry_out";
    type Outcome = Uuid;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        step(tx, (self.id, self.position), |it| it == Action::Assign).await
    }
}

/// Approves or declines a changed composition for one customer, in the same way.
#[derive(Clone, Debug, Serialize)]
pub struct Decide {
    /// Which rollout.
    pub id: Uuid,
    /// Which of its customers.
    pub position: i64,
}

impl Command for Decide {
    const NAME: &'static str = "rollouts.decide";
    type Outcome = Uuid;

    fn place(&self) -> Place {
        Place::BULK
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        step(tx, (self.id, self.position), |it| it != Action::Assign).await
    }
}

/// Does it for one customer that fits and has nothing yet.
async fn step(
    tx: &mut Tx<'_>,
    (id, position): (Uuid, i64),
    is_for: fn(Action) -> bool,
) -> Result<Uuid> {
    let rollout = asked(tx, id, None).await?;
    if rollout.state != State::Applying || !is_for(rollout.action) {
        return Err(wrong_state(&rollout));
    }
    let row = queries::find_row(tx, id, position).await?;
    let row = row.filter(|it| it.state == RowState::Fits);
    let row = row.ok_or_else(|| wrong_state(&rollout))?;
    let given = rollout.carry_out(tx, &row).await?;
    match queries::set_done(tx, (id, position), given).await? {
        true => Ok(given),
        false => Err(wrong_state(&rollout)),
    }
}

impl Rollout {
    /// Does it for one customer: the plan subscription that it is about, or led to.
    async fn carry_out(&self, tx: &mut Tx<'_>, row: &RolloutRow) -> Result<Uuid> {
        Ok(match self.action {
            Action::Assign => {
                let order = self.order(row.organization_id);
                AssignPlan { order }.run(tx).await?.subscription.id
            }
            Action::Approve => {
                let approved = self.approval(row)?.run(tx).await?;
                approved.assigned.subscription.id
            }
            Action::Decline => self.refusal(row)?.run(tx).await?.id,
        })
    }

    /// The approval for one customer: of the composition that the plan had when it was asked for.
    pub(super) fn approval(&self, row: &RolloutRow) -> Result<ApproveComposition> {
        let components = self.terms.components.clone();
        Ok(ApproveComposition {
            subscription_id: row.subscription_id.ok_or_else(gone)?,
            version: None,
            composition: self.composition,
            issue: self.terms.issue,
            components,
        })
    }

    /// The refusal for one customer.
    pub(super) fn refusal(&self, row: &RolloutRow) -> Result<DeclineComposition> {
        Ok(DeclineComposition {
            subscription_id: row.subscription_id.ok_or_else(gone)?,
            version: None,
            composition: self.composition,
        })
    }
}

fn gone() -> Error {
    let message = "What this customer had of the plan was taken back.";
    Error::conflict("rollout.gone", message)
}
