//! The job that does it, customer by customer. Each is a command that settles its row in the same step, so it is done
//! once whatever crashes; one that is refused holds up nobody.

use super::{
    checking::{Answer, check, counts, is_over, read, rows, shown, stopped, write},
    commands::{CarryOut, FinishRollout, ReadyRollout, Task, all_fit},
    model::{Rollout, RowState, State},
    totals,
};
use crate::{
    app::App,
    console::format::count,
    error::Result,
    jobs::{Ended, Kind, Work},
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
        if !(apply(&app, &work, &rollout).await? && finish(&app, &work, &rollout).await?) {
            let done = counts(&app, id).await?.done;
            let message = format!(
                "It was stopped after {}. What was done stays.",
                count(done, "customer", "customers")
            );
            return Ok(stopped(&message, id));
        }
    }
    let counts = counts(&app, id).await?;
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
            let done = app
                .gate
                .submit(&work.caller, step, CarryOut { id, position });
            match done.await {
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
