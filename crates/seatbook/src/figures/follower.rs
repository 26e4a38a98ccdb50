//! Follows the book: what the journal has numbered since the last look, and what the clock has begun and ended.
//!
//! The balance of a pool is taken from the changes, in their order, so that a book that was there before gets its weeks
//! as they were; everything else is taken from the book as it is now, which is what the last change made of it. Sums get
//! what a pool is counted otherwise, at the time at which it happened, so that it does not matter how late that is.
//! Statements of the hot path know nothing of this: a counter that each assignment had to update would be one row that
//! all of them wait for.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use store::{BoxFuture, Db, Json, Param, Place, Result, Timestamp, Tx};
use uuid::Uuid;

use super::{
    counting::{Counted, Facts, Moves},
    writes::{self, Spot},
};
use crate::{clock, holdings::places::padded, journal::queries::portion};

/// How often an idle follower looks: the most that figures are late, beside the sealer's own wait.
const PERIOD: Duration = Duration::from_millis(750);
/// Entries of the journal in one transaction.
const ENTRIES: i64 = 500;
/// Changes in one transaction, but for an entry that has more by itself.
const CHANGES: i64 = 1_000;
/// Licenses that begin or end, in one transaction.
const LICENSES: i64 = 500;
/// Ids in one list.
const IDS: usize = 1_024;

/// Follows until the task is dropped.
pub async fn run(db: Db, now: impl Fn() -> Timestamp + Send + 'static) {
    let trouble = "the figures could not follow the book";
    clock::keep_looking(PERIOD, trouble, move || {
        let (db, now) = (db.clone(), now());
        async move { follow_once(&db, now).await }
    })
    .await;
}

/// Counts what there is to count, up to a limit; says whether there was anything. All of it is read and worked out
/// beside the writers, who are kept only for what is written; of two who follow at once, one writes.
pub async fn follow_once(db: &Db, now: Timestamp) -> Result<bool> {
    let gathered = db
        .read_aside(move |mut tx| -> BoxFuture<'_, Result<Option<Batch>>> {
            Box::pin(async move {
                match is_due(&mut tx, now).await? {
                    true => gather(&mut tx, now).await.map(Some),
                    false => Ok(None),
                }
            })
        })
        .await??;
    let Some(batch) = gathered.map(Arc::new) else {
        return Ok(false);
    };
    let place = Place::BULK;
    db.plumb(place, move |mut tx| {
        let batch = Arc::clone(&batch);
        Box::pin(async move { write(&mut tx, &batch).await })
    })
    .await?;
    Ok(true)
}

/// Whether there is anything that is not counted yet, as far as the journal is numbered.
pub(super) async fn is_due(tx: &mut Tx<'_>, now: Timestamp) -> Result<bool> {
    let sql =
        "SELECT p.seq < s.last_seq, p.clock_at, p.clock_id FROM figure_place p CROSS JOIN seal s
        WHERE p.id = 1 AND s.id = 1";
    let (behind, at, id): (bool, Timestamp, Option<Uuid>) = tx.query_one(sql, &[]).await?;
    if behind {
        return Ok(true);
    }
    let id = id.unwrap_or(Uuid::nil());
    // The order asks for the index, whatever the engine believes of how many there are.
    let sql = "SELECT (SELECT l.starts_at FROM license l WHERE (l.starts_at, l.id) > ($1, $2)
          ORDER BY l.starts_at, l.id LIMIT 1),
        (SELECT l.ends_at FROM license l WHERE (l.ends_at, l.id) > ($1, $2) ORDER BY l.ends_at, l.id LIMIT 1)";
    let (begins, ends): (Option<Timestamp>, Option<Timestamp>) =
        tx.query_one(sql, &[&at, &id]).await?;
    Ok([begins, ends].into_iter().flatten().any(|next| next <= now))
}

/// A pool that may have to be counted otherwise, since when, and what its balance became.
struct Touch {
    pool_id: Uuid,
    /// When that was.
    at: Timestamp,
    /// The pool's new version, and what it changed.
    balance: Option<(i64, Json)>,
}

/// What was worked out: what pools count now, what that adds to the sums, and how far it goes.
struct Batch {
    pools: HashMap<Uuid, Counted>,
    gone: Vec<Uuid>,
    moves: Moves,
    from: Spot,
    to: Spot,
}

async fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<()> {
    if !writes::set_place(tx, &batch.from, &batch.to).await? {
        return Ok(());
    }
    writes::put_pools(tx, &batch.pools).await?;
    writes::forget_pools(tx, &batch.gone).await?;
    writes::add(tx, &batch.moves).await
}

async fn gather(tx: &mut Tx<'_>, now: Timestamp) -> Result<Batch> {
    let from = writes::place(tx).await?;
    let (last,): (i64,) = tx
        .query_one("SELECT last_seq FROM seal WHERE id = 1", &[])
        .await?;
    let seq = portion(tx, (from.seq, last), (ENTRIES, CHANGES)).await?;
    let mut touched = told(tx, (from.seq, seq)).await?;
    // While the journal is behind, the clock waits for it, so that weeks long past are told in their order.
    let up_to = match seq < last {
        true => last_told(tx, (from.seq, seq)).await?.min(now),
        false => now,
    };
    let up_to = up_to.max(from.clock_at);
    let (turned, (clock_at, clock_id)) = turned(tx, &from, up_to).await?;
    touched.extend(turned);
    let to = Spot {
        seq,
        clock_at,
        clock_id,
        ..from
    };
    count(tx, &touched, (from, to)).await
}

/// When the last of these entries was made.
async fn last_told(tx: &mut Tx<'_>, (after, up_to): (i64, i64)) -> Result<Timestamp> {
    let sql = "SELECT max(at) FROM journal WHERE seq > $1 AND seq <= $2";
    let (at,): (Option<Timestamp>,) = tx.query_one(sql, &[&after, &up_to]).await?;
    Ok(at.unwrap_or(Timestamp::from_micros(0)))
}

/// A change of a pool or license: when, what it is of, which version, what it became.
type Told = (Timestamp, String, Uuid, i64, Option<Json>);

/// The pools that these entries of the journal changed, each in the order of its versions. A license is what its own pool is worth.
async fn told(tx: &mut Tx<'_>, (after, up_to): (i64, i64)) -> Result<Vec<Touch>> {
    let sql = "SELECT j.at, c.noun, c.row_id, c.version, c.after FROM journal j
        JOIN change c ON c.journal_id = j.id AND (c.noun IN ('pool', 'license')) = TRUE
        WHERE j.seq > $1 AND j.seq <= $2 ORDER BY c.noun, c.row_id, c.version";
    let changes: Vec<Told> = tx.query(sql, &[&after, &up_to]).await?;
    let licenses: BTreeSet<Uuid> = changes
        .iter()
        .filter(|(_, noun, ..)| noun == "license")
        .map(|(_, _, id, ..)| *id)
        .collect();
    let own = "SELECT l.id, p.id FROM license l
        JOIN pool p ON p.license_id = l.id AND p.organization_id = l.organization_id WHERE l.id IN";
    let own: HashMap<Uuid, Uuid> = of_ids::<(Uuid, Uuid)>(tx, own, &licenses)
        .await?
        .into_iter()
        .collect();
    let touch = |(at, noun, row_id, version, after): Told| match noun.as_str() {
        "pool" => Some(Touch {
            pool_id: row_id,
            at,
            balance: after.map(|after| (version, after)),
        }),
        _ => own.get(&row_id).map(|pool_id| Touch {
            pool_id: *pool_id,
            at,
            balance: None,
        }),
    };
    Ok(changes.into_iter().filter_map(touch).collect())
}

/// The pools of licenses that began or ended since the last look, and how far that goes.
async fn turned(
    tx: &mut Tx<'_>,
    spot: &Spot,
    up_to: Timestamp,
) -> Result<(Vec<Touch>, (Timestamp, Uuid))> {
    let sql = "SELECT id, turn FROM (
        SELECT * FROM (SELECT l.id AS id, l.starts_at AS turn FROM license l
          WHERE (l.starts_at, l.id) > ($1, $2) AND l.starts_at <= $3 ORDER BY l.starts_at, l.id LIMIT $4) begun
        UNION ALL
        SELECT * FROM (SELECT l.id AS id, l.ends_at AS turn FROM license l
          WHERE (l.ends_at, l.id) > ($1, $2) AND l.ends_at <= $3 ORDER BY l.ends_at, l.id LIMIT $4) ended) due
        ORDER BY turn, id LIMIT $4";
    let params: [&dyn Param; 4] = [&spot.clock_at, &spot.clock_id, &up_to, &LICENSES];
    let due: Vec<(Uuid, Timestamp)> = tx.query(sql, &params).await?;
    let reached = match due.last() {
        Some((id, at)) if due.len() as i64 == LICENSES => (*at, *id),
        _ => (up_to, Uuid::max()),
    };
    let ids: BTreeSet<Uuid> = due.iter().map(|(id, _)| *id).collect();
    let pools = "SELECT p.license_id, p.id FROM pool p WHERE p.license_id IN";
    let mut by_license: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (license_id, pool_id) in of_ids::<(Uuid, Uuid)>(tx, pools, &ids).await? {
        by_license.entry(license_id).or_default().push(pool_id);
    }
    let mut touched = Vec::new();
    for (license_id, at) in due {
        let pools = by_license.get(&license_id).into_iter().flatten();
        touched.extend(pools.map(|pool_id| Touch {
            pool_id: *pool_id,
            at,
            balance: None,
        }));
    }
    Ok((touched, reached))
}

/// Counts these pools anew. What the clock has ended before is judged no earlier than that: it stays ended.
async fn count(tx: &mut Tx<'_>, touched: &[Touch], (from, to): (Spot, Spot)) -> Result<Batch> {
    let ids: BTreeSet<Uuid> = touched.iter().map(|touch| touch.pool_id).collect();
    let known = "SELECT pool_id, organization_id, product_id, version, quantity, allocated, assigned, active, month,
        worth_minor, currency FROM figure_pool WHERE pool_id IN";
    let known = of_ids::<Keyed<Counted>>(tx, known, &ids).await?;
    let mut pools: HashMap<Uuid, Counted> = known.into_iter().map(|it| (it.0, it.1)).collect();
    let facts = "SELECT p.id, p.organization_id, l.product_id, p.open, p.starts_at, p.ends_at, l.end_date,
        CASE WHEN p.organization_id = l.organization_id THEN l.price_minor END, l.currency,
        p.version, p.quantity, p.allocated, p.assigned FROM pool p JOIN license l ON l.id = p.license_id WHERE p.id IN";
    let facts = of_ids::<Keyed<Facts>>(tx, facts, &ids).await?;
    let facts: HashMap<Uuid, Facts> = facts.into_iter().map(|it| (it.0, it.1)).collect();
    let mut moves = Moves::default();
    for touch in touched {
        let was = pools.remove(&touch.pool_id).unwrap_or_default();
        let mut told = was.clone();
        let facts = facts.get(&touch.pool_id);
        if let Some((version, Json(after))) = &touch.balance {
            told.take((*version, after), facts);
        }
        let is = told.judge(facts, touch.at.max(from.clock_at));
        moves.count((&was, &is), touch.at);
        pools.insert(touch.pool_id, is);
    }
    let gone: Vec<Uuid> = ids
        .into_iter()
        .filter(|id| !facts.contains_key(id))
        .collect();
    gone.iter().for_each(|id| drop(pools.remove(id)));
    Ok(Batch {
        pools,
        gone,
        moves,
        from,
        to,
    })
}

/// A row behind its id.
struct Keyed<T>(Uuid, T);

impl<T: store::FromRow> store::FromRow for Keyed<T> {
    fn from_row(row: &store::Row<'_>) -> Result<Self> {
        Ok(Keyed(row.get(0)?, T::from_row(row)?))
    }
}

/// What a statement that ends in IN finds of these ids.
async fn of_ids<T: store::FromRow + Send + 'static>(
    tx: &mut Tx<'_>,
    sql: &str,
    ids: &BTreeSet<Uuid>,
) -> Result<Vec<T>> {
    let ids: Vec<Uuid> = ids.iter().copied().collect();
    let mut found = Vec::new();
    for some in ids.chunks(IDS) {
        let some = padded(some.to_vec());
        let params: Vec<&dyn Param> = some.iter().map(|id| id as &dyn Param).collect();
        let sql = format!("{sql} {}", store::placeholders(1, some.len()));
        found.extend(tx.query::<T>(&sql, &params).await?);
    }
    Ok(found)
}
