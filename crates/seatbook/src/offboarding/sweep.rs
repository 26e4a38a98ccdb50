//! What time does: organizations leave whose day has come, once, however many servers look and however late.

use store::Timestamp;
use uuid::Uuid;

use super::{commands::Leave, model::State, queries};
use crate::{
    app::App,
    error::{Error, Result},
    gate::{Caller, Key},
};

/// Looked at in one go.
const AT_ONCE: i64 = 200;

/// Lets everybody leave who is due. What failed is tried the next time, and keeps nobody else.
pub async fn run(app: &App, now: Timestamp) -> Result<()> {
    let mut after = (Timestamp::from_micros(0), Uuid::nil());
    let mut trouble = None;
    loop {
        let read = app.read(move |mut tx| {
            Box::pin(async move { queries::due(&mut tx, now, after, AT_ONCE).await })
        });
        let due = read.await?;
        for (_, id) in &due {
            if let Err(error) = leave(app, *id).await {
                trouble.get_or_insert(error);
            }
        }
        match due.last() {
            Some(last) if due.len() as i64 == AT_ONCE => after = *last,
            _ => return trouble.map_or(Ok(()), Err),
        }
    }
}

/// As many steps as it takes. Another server may be doing the same, and what it did is as good.
pub async fn leave(app: &App, id: Uuid) -> Result<()> {
    let caller = Caller::system();
    loop {
        let done = app.gate.submit(&caller, Key::mint()?, Leave { id }).await;
        match done {
            Ok(done) if done.outcome.state == State::Left => return Ok(()),
            Ok(_) => {}
            Err(error) if is_done_by_another(&error) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

fn is_done_by_another(error: &Error) -> bool {
    matches!(&*error.code, "offboarding.none" | "offboarding.changed")
}
