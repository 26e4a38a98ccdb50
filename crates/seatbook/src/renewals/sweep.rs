//! What time renews: terms that are over get the next one, as often as it takes to catch up. What a license is follows
//! from its dates, so until this was done it is over: it runs before the server answers, and every few seconds after.

use store::Timestamp;
use uuid::Uuid;

use super::{
    commands::{RenewLicense, RenewPlan},
    queries,
};
use crate::{
    app::App,
    error::Result,
    gate::{Caller, Command, Key},
};

/// Looked at in one go.
const AT_ONCE: i64 = 200;

/// Renews what is due, until nothing is: a license that was drawn goes on after the one its units come from has, and
/// whoever was not looked at for three terms gets three. What failed is tried the next time, and keeps nothing else.
pub async fn run(app: &App, now: Timestamp) -> Result<()> {
    loop {
        let (plans, first) = plans(app, now).await?;
        let (licenses, second) = licenses(app, now).await?;
        if plans + licenses == 0 {
            return first.or(second).map_or(Ok(()), Err);
        }
    }
}

/// What went well, and the first thing that did not.
type Outcome = (u64, Option<crate::error::Error>);

async fn plans(app: &App, now: Timestamp) -> Result<Outcome> {
    let (mut renewed, mut trouble, mut after) = (0, None, Uuid::nil());
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::due_plans(&mut tx, now, after, AT_ONCE).await })
        });
        let due = read.await?;
        for subscription_id in &due {
            let subscription_id = *subscription_id;
            let done = submit(app, RenewPlan { subscription_id }).await;
            count(done, (&mut renewed, &mut trouble));
        }
        match due.last() {
            Some(last) if due.len() as i64 == AT_ONCE => after = *last,
            _ => return Ok((renewed, trouble)),
        }
    }
}

async fn licenses(app: &App, now: Timestamp) -> Result<Outcome> {
    let (mut renewed, mut trouble) = (0, None);
    let mut after = (Uuid::nil(), Timestamp::from_micros(0));
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::due(&mut tx, now, after, AT_ONCE).await })
        });
        let due = read.await?;
        for (license_id, ends_at) in &due {
            let command = RenewLicense {
                license_id: *license_id,
                ends_at: *ends_at,
            };
            count(submit(app, command).await, (&mut renewed, &mut trouble));
        }
        match due.last() {
            Some(last) if due.len() as i64 == AT_ONCE => after = *last,
            _ => return Ok((renewed, trouble)),
        }
    }
}

fn count(done: Result<bool>, (renewed, trouble): (&mut u64, &mut Option<crate::error::Error>)) {
    match done {
        Ok(true) => *renewed += 1,
        Ok(false) => {}
        Err(error) => {
            trouble.get_or_insert(error);
        }
    }
}

/// `false` where it was refused: another server may be doing the same, and what it did is as good.
async fn submit<C: Command>(app: &App, command: C) -> Result<bool> {
    let caller = Caller::system();
    match app.gate.submit(&caller, Key::mint()?, command).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_refusal() => Ok(false),
        Err(error) => Err(error),
    }
}
