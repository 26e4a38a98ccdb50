//! The journal against its chains: each entry as it is now, hashed again.

use std::collections::{BTreeMap, HashMap};

use store::Tx;
use uuid::Uuid;

use super::{Check, head};
use crate::{
    chain::{
        links::{BEGINNING, Told},
        queries::{self, Link, is_hash},
    },
    error::Result,
    secrets::hex,
};

/// Entries are chained within seconds. Later ones than so much after an entry that is not are past explaining.
const LATE_SECONDS: i64 = 3_600;

/// What is known half way through the numbers.
#[derive(Default)]
struct Walk {
    /// Where each chain ends so far, by its links.
    ends: HashMap<Uuid, (i64, Vec<u8>)>,
    /// Heads that were kept elsewhere and not come to yet.
    kept: HashMap<Uuid, (i64, String)>,
    entries: Vec<String>,
    links: Vec<String>,
    outside: Vec<String>,
    seen: i64,
}

/// Walks through all numbers once.
pub(super) async fn prove(tx: &mut Tx<'_>, kept: Option<head::File>) -> Result<Vec<Check>> {
    let place = queries::place(tx).await?;
    let mut walk = Walk::default();
    let lines = kept.iter().flat_map(|file| &file.chains);
    let lines = lines.map(|line| (line.organization_id, (line.seq, line.hash.clone())));
    walk.kept = lines.collect();
    let heads_kept = walk.kept.len() as i64;
    let last = place.seq.min(queries::last_number(tx).await?);
    walk.entries.extend(cut_off(place.seq, last));
    let waiting = queries::waiting_seconds(tx, &place).await?;
    if waiting > LATE_SECONDS {
        let (first, last) = (place.seq + 1, place.last);
        let what = format!(
            "entries {first} to {last} wait for their links, the first for {waiting} seconds of work"
        );
        walk.links.push(what);
    }
    let strays = queries::strays(tx, &place).await?;
    let stray = |(what, seq): (&str, i64)| format!("{what} {seq} has a number that nobody gave");
    walk.entries.extend(strays.into_iter().map(stray));
    let mut after = 0;
    while after < last {
        let up_to = queries::portion(tx, (after, last)).await?;
        let told = queries::told(tx, (after, up_to)).await?;
        let links = queries::links(tx, (after, up_to)).await?;
        walk.portion((after, up_to), (told, links));
        after = up_to;
    }
    walk.compare_heads(&queries::heads(tx).await?);
    let cut = walk.kept.drain().collect::<BTreeMap<_, _>>();
    for (chain, (seq, _)) in cut {
        let what = format!("{chain}: its chain was cut off before entry {seq}");
        walk.outside.push(what);
    }
    let mut checks = vec![
        Check::new(
            "every entry of the journal is as it was chained",
            walk.seen,
            walk.entries,
        ),
        Check::new(
            "every link of a chain follows the one before it",
            walk.seen,
            walk.links,
        ),
    ];
    if kept.is_some() {
        let holds = "the chains lead through the heads that were kept elsewhere";
        checks.push(Check::new(holds, heads_kept, walk.outside));
    }
    Ok(checks)
}

fn cut_off(chained: i64, last: i64) -> Option<String> {
    let what = format!("the journal was chained up to entry {chained}, and ends with {last}");
    (chained > last).then_some(what)
}

impl Walk {
    /// Looks at each number of a portion: each has an entry and a link.
    fn portion(&mut self, (after, up_to): (i64, i64), (told, links): (Vec<Told>, Vec<Link>)) {
        let mut told: HashMap<i64, Told> = told.into_iter().map(|it| (it.seq, it)).collect();
        let mut links: HashMap<i64, Link> = links.into_iter().map(|it| (it.seq, it)).collect();
        for seq in after + 1..=up_to {
            match (told.remove(&seq), links.remove(&seq)) {
                (Some(entry), Some(link)) => self.both(&entry, &link),
                (None, Some(link)) => {
                    let chain = link.organization_id;
                    self.entries
                        .push(format!("entry {seq} of {chain} was removed"));
                    self.follow(&link);
                }
                (Some(entry), None) => self.entries.push(format!(
                    "entry {seq} ({} {}) has no link: it was inserted, or its link was removed",
                    entry.id, entry.words[1]
                )),
                (None, None) => self
                    .entries
                    .push(format!("entry {seq} was removed, and its link with it")),
            }
        }
    }

    fn both(&mut self, entry: &Told, link: &Link) {
        self.seen += 1;
        let same = is_hash(&link.hash, &entry.hash(&link.prev_hash));
        if !same || entry.chain() != link.organization_id {
            self.entries.push(format!(
                "entry {} ({} {}) is not what was chained: it was changed",
                entry.seq, entry.id, entry.words[1]
            ));
        }
        self.follow(link);
    }

    /// Goes on by the link as it is kept, so that one finding is not followed by one for each entry behind it.
    fn follow(&mut self, link: &Link) {
        let beginning = (0, BEGINNING.to_vec());
        let chain = link.organization_id;
        let (before, end) = self.ends.get(&chain).unwrap_or(&beginning);
        if *end != link.prev_hash {
            let what = format!("link {} of {chain} does not follow link {before}", link.seq);
            self.links.push(what);
        }
        if let Some((seq, hash)) = self.kept.get(&chain)
            && *seq == link.seq
        {
            if *hash != hex(&link.hash) {
                let what = format!("{chain}: its chain up to entry {seq} was written anew");
                self.outside.push(what);
            }
            self.kept.remove(&chain);
        }
        self.ends.insert(chain, (link.seq, link.hash.clone()));
    }

    fn compare_heads(&mut self, heads: &[queries::Head]) {
        let mut ends = self.ends.clone();
        for head in heads {
            let chain = head.organization_id;
            let found = ends.remove(&chain);
            if found.as_ref() != Some(&(head.seq, head.hash.clone())) {
                let found = found.map_or(0, |(seq, _)| seq);
                self.links.push(format!(
                    "{chain}: its chain ends with link {found}, and ended with {}",
                    head.seq
                ));
            }
        }
        for (chain, (seq, _)) in ends {
            let what = format!("{chain}: nobody knows that its chain ends with link {seq}");
            self.links.push(what);
        }
    }
}
