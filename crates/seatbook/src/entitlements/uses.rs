//! When units were last used: written once an hour for each, beside the book.

use std::sync::Arc;

use store::{Place, Timestamp};
use uuid::Uuid;

use crate::{app::App, assignments::records};

const HOUR_SECONDS: i64 = 3_600;

/// Remembers that these assignments were used, and writes it behind the answer where it is new this hour. A write that
/// is lost is no loss: the next hour tells again.
pub(super) fn remember(app: &App, ids: Vec<Uuid>) {
    let now = app.gate.now();
    let micros = HOUR_SECONDS * 1_000_000;
    let hour = Timestamp::from_micros(now.as_micros() / micros * micros);
    let new = app.recent.first(hour.as_micros(), ids);
    if new.is_empty() {
        return;
    }
    let (gate, new) = (app.gate.clone(), Arc::new(new));
    tokio::spawn(async move {
        let done = gate.db().plumb(Place::BULK, move |mut tx| {
            let new = Arc::clone(&new);
            Box::pin(async move { Ok(records::set_used(&mut tx, &new, hour).await) })
        });
        if let Err(error) = done.await {
            tracing::debug!(%error, "uses were not written");
        }
    });
}
