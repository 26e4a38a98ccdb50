//! What time does: statements are forgotten. That is no change to the book.

use store::{Db, Place, Timestamp};

use super::queries;
use crate::error::Result;

/// A statement is kept this long.
const KEPT_SECONDS: i64 = 90 * 86_400;

/// Forgets statements that were uploaded long ago, one at a time: each has up to 20,000 rows, which others wait for.
pub async fn forget(db: &Db, now: Timestamp) -> Result<u64> {
    let before = now.plus_seconds(-KEPT_SECONDS);
    let mut forgotten = 0;
    loop {
        let done = db.plumb(Place::BULK, move |mut tx| {
            Box::pin(async move { queries::forget_oldest(&mut tx, before).await })
        });
        match done.await? {
            0 => return Ok(forgotten),
            gone => forgotten += gone,
        }
    }
}
