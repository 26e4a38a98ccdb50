//! Numbers committed entries, so that followers have one order: one sealer at a time, by a lease.
//!
//! Entries commit in any order and several servers write them. A follower that read "everything after
//! the last id" would miss one that commits late; one that reads by `seq` cannot.

use std::time::Duration;

use store::{BoxFuture, Db, Place, Timestamp, Tx};
use uuid::Uuid;

use crate::clock;

/// How often an idle sealer looks: the most that a follower waits.
const PERIOD: Duration = Duration::from_millis(250);
/// How long a sealer that died keeps others out.
const LEASE_SECONDS: i64 = 5;
const ENTRIES_AT_ONCE: i64 = 500;

/// Seals until the task is dropped. `now` is the machine's clock: a lease is no business date.
pub async fn run(db: Db, holder: Uuid, now: impl Fn() -> Timestamp + Send + 'static) {
    let trouble = "the journal could not be sealed";
    clock::keep_looking(PERIOD, trouble, move || {
        let (db, now) = (db.clone(), now());
        async move { Ok::<_, store::Error>(seal_once(&db, holder, now).await? == ENTRIES_AT_ONCE) }
    })
    .await;
}

/// Numbers what stands unnumbered, up to a limit; says how many.
pub async fn seal_once(db: &Db, holder: Uuid, now: Timestamp) -> store::Result<i64> {
    // A look that costs no write: most of the time there is nothing to seal.
    let waiting: Option<(Uuid,)> = db
        .read(|mut tx| -> BoxFuture<'_, store::Result<_>> {
            Box::pin(async move {
                tx.query_opt("SELECT id FROM journal WHERE seq IS NULL LIMIT 1", &[])
                    .await
            })
        })
        .await??;
    if waiting.is_none() {
        return Ok(0);
    }
    let place = Place::BULK;
    db.plumb(place, move |mut tx| {
        Box::pin(async move { number(&mut tx, holder, now).await })
    })
    .await
}

/// Lets another server number at once, where this one did.
pub async fn release(db: &Db, holder: Uuid) -> store::Result<()> {
    db.plumb(Place::ALONE, move |mut tx| {
        Box::pin(async move {
            let sql = "UPDATE seal SET holder = NULL WHERE id = 1 AND holder = $1";
            tx.execute(sql, &[&holder]).await.map(drop)
        })
    })
    .await
}

async fn number(tx: &mut Tx<'_>, holder: Uuid, now: Timestamp) -> store::Result<i64> {
    let held: Option<(i64,)> = tx
        .query_opt(
            "UPDATE seal SET holder = $1, until = $3 WHERE id = 1 AND (holder = $1 OR holder IS NULL OR until < $2)
             RETURNING last_seq",
            &[&holder, &now, &now.plus_seconds(LEASE_SECONDS)],
        )
        .await?;
    let Some((last,)) = held else { return Ok(0) };
    // One statement a batch: the next entries by id, numbered on from the last.
    let sealed = tx
        .execute(
            "UPDATE journal SET seq = waiting.seq FROM
             (SELECT id, $1 + row_number() OVER (ORDER BY id) AS seq FROM
              (SELECT id FROM journal WHERE seq IS NULL ORDER BY id LIMIT $2) unsealed) waiting
             WHERE journal.id = waiting.id",
            &[&last, &ENTRIES_AT_ONCE],
        )
        .await?;
    let sealed = i64::try_from(sealed).unwrap_or(ENTRIES_AT_ONCE);
    tx.execute(
        "UPDATE seal SET last_seq = $1 WHERE id = 1",
        &[&(last + sealed)],
    )
    .await?;
    Ok(sealed)
}
