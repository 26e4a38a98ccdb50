//! Chains what the journal has numbered since the last look. A chain that each command had to lengthen would be one row
//! that all commands of an organization wait for; this one is lengthened a moment later, many entries at once.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use store::{BoxFuture, Db, Place, Result, Tx};
use uuid::Uuid;

use super::{
    links::BEGINNING,
    queries::{self, Head, Link},
};
use crate::clock;

/// How often an idle follower looks.
const PERIOD: Duration = Duration::from_secs(1);

/// Follows until the task is dropped.
pub async fn run(db: Db) {
    let trouble = "the journal could not be chained";
    clock::keep_looking(PERIOD, trouble, move || {
        let db = db.clone();
        async move { follow_once(&db).await }
    })
    .await;
}

/// Chains what there is to chain, up to a limit; says whether there was anything. Hashing happens beside the writers; of
/// two who follow at once, one writes.
pub async fn follow_once(db: &Db) -> Result<bool> {
    let gathered = db
        .read_aside(|mut tx| -> BoxFuture<'_, Result<Option<Batch>>> {
            Box::pin(async move { gather(&mut tx).await })
        })
        .await??;
    let Some(batch) = gathered.map(Arc::new) else {
        return Ok(false);
    };
    db.plumb(Place::BULK, move |mut tx| {
        let batch = Arc::clone(&batch);
        Box::pin(async move { write(&mut tx, &batch).await })
    })
    .await?;
    Ok(true)
}

/// What was worked out.
struct Batch {
    from: queries::Place,
    up_to: i64,
    links: Vec<Link>,
    heads: Vec<Head>,
}

async fn gather(tx: &mut Tx<'_>) -> Result<Option<Batch>> {
    let from = queries::place(tx).await?;
    if from.seq >= from.last {
        return Ok(None);
    }
    let up_to = queries::portion(tx, (from.seq, from.last)).await?;
    let told = queries::told(tx, (from.seq, up_to)).await?;
    let chains: BTreeSet<Uuid> = told.iter().map(|entry| entry.chain()).collect();
    let mut ends = queries::heads_of(tx, &chains).await?;
    let mut heads: BTreeMap<Uuid, Head> = BTreeMap::new();
    let mut links = Vec::with_capacity(told.len());
    for entry in told {
        let chain = entry.chain();
        let prev_hash = ends.remove(&chain).unwrap_or(BEGINNING.to_vec());
        let hash = entry.hash(&prev_hash).to_vec();
        ends.insert(chain, hash.clone());
        let head = Head {
            organization_id: chain,
            seq: entry.seq,
            hash: hash.clone(),
        };
        heads.insert(chain, head);
        links.push(Link {
            seq: entry.seq,
            organization_id: chain,
            prev_hash,
            hash,
        });
    }
    Ok(Some(Batch {
        from,
        up_to,
        links,
        heads: heads.into_values().collect(),
    }))
}

async fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<()> {
    if !queries::set_place(tx, &batch.from, batch.up_to).await? {
        return Ok(());
    }
    queries::insert_links(tx, &batch.links).await?;
    queries::put_heads(tx, &batch.heads).await
}
