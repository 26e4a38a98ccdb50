//! The job that finds out for whom it is possible: the gate's own preview for each customer, which keeps nothing.

use std::sync::Arc;

use store::Place;
use uuid::Uuid;

use super::{
    commands::{ReadyRollout, Task, WRONG_STATE},
    model::{Action, Counts, Rollout, RolloutRow, RowState, State},
    queries,
};
use crate::{
    app::App,
    console::format::count,
    error::{Error, Kind as ErrorKind, Result},
    gate::Caller,
    jobs::{Ended, Kind, Work},
    plan_subscriptions::commands::AssignPlan,
    provisioning::orders::foresee,
};

/// The name of the job.
pub const JOB: &str = "rollouts.check";
/// Customers whose answers are written together.
pub const STEP: i64 = 50;

/// How the runner checks a rollout. Begun again after a crash, it goes on with whoever has no answer.
pub const KIND: Kind = Kind {
    name: JOB,
    run: |app, work| Box::pin(run(app, work)),
};

async fn run(app: App, work: Work) -> Result<Ended> {
    let Task { id } = work.payload()?;
    let rollout = read(&app, id).await?;
    if rollout.state == State::Checking {
        if !check(&app, &work, &rollout, RowState::Waiting).await? {
            return Ok(stopped(
                "It was stopped before every customer was checked.",
                id,
            ));
        }
        let done = work.key("ready");
        let ready = app.gate.submit(&work.caller, done, ReadyRollout { id });
        match ready.await {
            Err(error) if is_over(&error) => {}
            ready => drop(ready?),
        }
    }
    let rollout = read(&app, id).await?;
    if rollout.state == State::Canceled {
        return Ok(stopped("The rollout was canceled.", id));
    }
    let counts = counts(&app, id).await?;
    let message = format!(
        "{} of {} fit.",
        crate::console::format::number(counts.fits),
        count(rollout.row_count, "customer", "customers")
    );
    Ok(shown(Ended::done(message), counts, id))
}

/// Looks at every customer whose row is so; `false` where somebody stopped it in between.
pub async fn check(app: &App, work: &Work, rollout: &Rollout, of: RowState) -> Result<bool> {
    let (id, mut after, mut done) = (rollout.id, 0, 0);
    let counts = counts(app, id).await?;
    let total = match of {
        RowState::Waiting => rollout.row_count,
        _ => counts.fits,
    };
    if of == RowState::Waiting {
        done = total - counts.waiting;
    }
    loop {
        if work.canceled().await? || read(app, id).await?.state.is_over() {
            return Ok(false);
        }
        let rows = rows(app, id, of, after).await?;
        let Some(last) = rows.last() else {
            return Ok(true);
        };
        after = last.position;
        let mut answers = Vec::with_capacity(rows.len());
        for row in &rows {
            let answered = rehearse(app, &work.caller, rollout, row).await;
            answers.push(Answer::of(rollout.action, row.position, answered)?);
        }
        done += rows.len() as i64;
        write(app, id, answers).await?;
        work.progress(done, total).await?;
    }
}

/// What it would come to for one customer.
async fn rehearse(app: &App, caller: &Caller, rollout: &Rollout, row: &RolloutRow) -> Result<()> {
    match rollout.action {
        Action::Assign => {
            let order = rollout.order(row.organization_id);
            foresee(app, caller, &AssignPlan { order }).await.map(drop)
        }
        Action::Approve => foresee(app, caller, &rollout.approval(row)?)
            .await
            .map(drop),
        Action::Decline => foresee(app, caller, &rollout.refusal(row)?).await.map(drop),
    }
}

/// The rollout as it is now.
pub async fn read(app: &App, id: Uuid) -> Result<Rollout> {
    let read = app.read(move |mut tx| Box::pin(async move { queries::get(&mut tx, id).await }));
    read.await
}

/// Its customers by their answer.
pub async fn counts(app: &App, id: Uuid) -> Result<Counts> {
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::counts_of(&mut tx, id).await }));
    read.await
}

/// The next of its customers whose row is so.
pub async fn rows(app: &App, id: Uuid, of: RowState, after: i64) -> Result<Vec<RolloutRow>> {
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::rows(&mut tx, id, Some(of), (after, STEP)).await })
    });
    read.await
}

/// Writes answers beside the gate: they are computed from the book and change nothing in it.
pub async fn write(app: &App, id: Uuid, answers: Vec<Answer>) -> Result<()> {
    let answers = Arc::new(answers);
    let place = Place::BULK;
    let done = app.gate.db().plumb(place, move |mut tx| {
        let answers = Arc::clone(&answers);
        Box::pin(async move { Ok(queries::set_answers(&mut tx, id, &answers).await) })
    });
    done.await?
}

/// What came of it, with the way to the rollout.
pub fn shown(ended: Ended, counts: Counts, id: Uuid) -> Ended {
    [
        ("Fit", counts.fits),
        ("Refused", counts.refused),
        ("Done", counts.done),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .fold(ended, |ended, (label, count)| {
        ended.figure(label, crate::console::format::number(count))
    })
    .link("See the rollout", format!("/rollouts/{id}"))
}

/// Somebody stopped it.
pub fn stopped(message: &str, id: Uuid) -> Ended {
    Ended::canceled(message).link("See the rollout", format!("/rollouts/{id}"))
}

/// Whether an error says that the rollout is not so far, or over.
pub fn is_over(error: &Error) -> bool {
    error.code == WRONG_STATE
}

/// What was found out about one customer: it fits, or the code and sentence by which it was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which: its place.
    pub position: i64,
    /// Why not.
    pub refused: Option<(String, String)>,
}

impl Answer {
    /// What an answer of the gate means for a customer. What says nothing about this one, such as a database that is
    /// away, is an error of the whole; so is a right that is missing at
    /// the seller.
    pub fn of<T>(action: Action, position: i64, answered: Result<T>) -> Result<Answer> {
        let error = match answered {
            Ok(_) => {
                return Ok(Answer {
                    position,
                    refused: None,
                });
            }
            Err(error) => error,
        };
        if !is_about_one(action, &error) {
            return Err(error);
        }
        let code = match error.fields.first() {
            Some(field) => field.code.to_string(),
            None => error.code.to_string(),
        };
        Ok(Answer {
            position,
            refused: Some((code, error.in_a_line())),
        })
    }
}

fn is_about_one(action: Action, error: &Error) -> bool {
    let whole = match error.kind {
        ErrorKind::Unauthenticated => true,
        // Whose plan it is may stand elsewhere by now; that concerns it alone.
        ErrorKind::Forbidden | ErrorKind::NotFound => action == Action::Assign,
        _ => error.code == "idempotency.in_flight",
    };
    error.is_refusal() && !whole
}
