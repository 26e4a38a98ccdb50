//! What time does: statements are forgotten. That is no change to the book.

use store::{Db, Lane, Place, Timestamp};

use super::queries;
use crate::error::Result;

/// A statement is kept this long.
const KEPT_SECONDS: i64 = 90 * 86_400;

/// Forgets statements that were uploaded long ago.
pub async fn forget(db: &Db, now: Timestamp) -> Result<u64> {
    let before = now.plus_seconds(-KEPT_SECONDS);
    let place = Place {
        lane: Lane::Bulk,
        ..Place::ALONE
    };
    let done = db.plumb(place, move |mut tx| {
        Box::pin(async move { queries::forget(&mut tx, before).await })
    });
    Ok(done.await?)
}
