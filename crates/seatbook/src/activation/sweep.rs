//! What time asks for: codes whose day has passed end with their licenses, and licenses that are over give their
//! free units back. Nothing is wrong until it is done: the units only wait a little longer.

use store::Timestamp;

use super::{commands::ExpireCode, queries};
use crate::{
    app::App,
    error::Result,
    gate::{Caller, Key},
    licenses::commands::ReturnUnits,
};

/// Licenses looked at in one go.
const AT_ONCE: i64 = 200;

/// Ends what is due, once.
pub async fn run(app: &App, now: Timestamp) -> Result<()> {
    let found = app.read(move |mut tx| {
        Box::pin(async move {
            let lapsed = queries::lapsed(&mut tx, now, AT_ONCE).await?;
            let spent = queries::spent(&mut tx, now, AT_ONCE).await?;
            Ok((lapsed, spent))
        })
    });
    let (lapsed, spent) = found.await?;
    let caller = Caller::system();
    // Another server may be doing the same: what it did is refused here, and that is as good.
    for license_id in lapsed {
        let done = app
            .gate
            .submit(&caller, Key::mint()?, ExpireCode { license_id });
        done.await.map(drop).or_else(answered)?;
    }
    for id in spent {
        let done = app.gate.submit(&caller, Key::mint()?, ReturnUnits { id });
        done.await.map(drop).or_else(answered)?;
    }
    Ok(())
}

fn answered(error: crate::error::Error) -> Result<()> {
    if error.is_refusal() {
        return Ok(());
    }
    Err(error)
}
