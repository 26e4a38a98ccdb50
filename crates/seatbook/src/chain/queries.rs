//! Entries as they are hashed, links and heads as rows.

use std::collections::{BTreeSet, HashMap};

use store::{FromRow, Json, Param, Result, Row as DbRow, Timestamp, Tx, placeholders};
use uuid::Uuid;

use super::links::{BEGINNING, Hash, Row, Told};
use crate::journal;

/// Entries in one portion.
const ENTRIES: i64 = 500;
/// Changes in one portion, but for an entry that has more by itself.
const CHANGES: i64 = 2_000;

/// How far the journal is chained.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Every entry up to this number is.
    pub seq: i64,
    /// Counts those who went on from here.
    pub turns: i64,
    /// The last number that the journal has given.
    pub last: i64,
}

/// How far the journal is chained, and numbered.
pub async fn place(tx: &mut Tx<'_>) -> Result<Place> {
    let sql = "SELECT p.seq, p.turns, s.last_seq FROM chain_place p CROSS JOIN seal s WHERE p.id = 1 AND s.id = 1";
    let (seq, turns, last): (i64, i64, i64) = tx.query_one(sql, &[]).await?;
    Ok(Place { seq, turns, last })
}

/// The last number of the portion behind `after`, at most `last`.
pub async fn portion(tx: &mut Tx<'_>, place: (i64, i64)) -> Result<i64> {
    journal::queries::portion(tx, place, (ENTRIES, CHANGES)).await
}

/// The entries of a portion, in order, with everything that is hashed of them.
pub async fn told(tx: &mut Tx<'_>, (after, up_to): (i64, i64)) -> Result<Vec<Told>> {
    let sql = "SELECT seq, id, at, actor_id, token_id, organization_id, origin, command, input, outcome, request_id
        FROM journal WHERE seq > $1 AND seq <= $2 ORDER BY seq";
    let mut told: Vec<Told> = tx.query(sql, &[&after, &up_to]).await?;
    let sql =
        "SELECT c.journal_id, c.noun, c.row_id, c.version, c.organization_id, c.before, c.after
        FROM change c JOIN journal j ON j.id = c.journal_id WHERE j.seq > $1 AND j.seq <= $2";
    let mut changes: HashMap<Uuid, Vec<Row>> = HashMap::new();
    for Changed(journal_id, row) in tx.query(sql, &[&after, &up_to]).await? {
        changes.entry(journal_id).or_default().push(row);
    }
    let sql = "SELECT u.by_id, u.journal_id FROM undoing u JOIN journal j ON j.id = u.by_id
        WHERE j.seq > $1 AND j.seq <= $2";
    let mut undoes: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (by_id, journal_id) in tx.query::<(Uuid, Uuid)>(sql, &[&after, &up_to]).await? {
        undoes.entry(by_id).or_default().push(journal_id);
    }
    for entry in &mut told {
        entry.changes = changes.remove(&entry.id).unwrap_or_default();
        entry.undoes = undoes.remove(&entry.id).unwrap_or_default();
    }
    Ok(told)
}

impl FromRow for Told {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        Ok(Told {
            seq: row.get(0)?,
            id: row.get(1)?,
            at: row.get(2)?,
            actor_id: row.get(3)?,
            token_id: row.get(4)?,
            organization_id: row.get(5)?,
            words: [row.get(6)?, row.get(7)?],
            input: row.get(8)?,
            outcome: row.get(9)?,
            request_id: row.get(10)?,
            undoes: vec![],
            changes: vec![],
        })
    }
}

struct Changed(Uuid, Row);

impl FromRow for Changed {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        let states: [Option<Json>; 2] = [row.get(5)?, row.get(6)?];
        let changed = Row {
            noun: row.get(1)?,
            row_id: row.get(2)?,
            version: row.get(3)?,
            organization_id: row.get(4)?,
            states,
        };
        Ok(Changed(row.get(0)?, changed))
    }
}

/// A link as it is kept.
#[derive(Clone, Debug)]
pub struct Link {
    /// The number of its entry.
    pub seq: i64,
    /// The chain it is in.
    pub organization_id: Uuid,
    /// The hash it follows.
    pub prev_hash: Vec<u8>,
    /// Its own.
    pub hash: Vec<u8>,
}

impl FromRow for Link {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        Ok(Link {
            seq: row.get(0)?,
            organization_id: row.get(1)?,
            prev_hash: row.get(2)?,
            hash: row.get(3)?,
        })
    }
}

/// The links of a portion, in order.
pub async fn links(tx: &mut Tx<'_>, (after, up_to): (i64, i64)) -> Result<Vec<Link>> {
    let sql = "SELECT seq, organization_id, prev_hash, hash FROM journal_chain
        WHERE seq > $1 AND seq <= $2 ORDER BY seq";
    tx.query(sql, &[&after, &up_to]).await
}

/// How long, up to the last entry, the one that is to be chained next has waited, in seconds; 0 where none waits.
pub async fn waiting_seconds(tx: &mut Tx<'_>, place: &Place) -> Result<i64> {
    let sql = "SELECT first.at, last.at FROM journal first JOIN journal last ON last.seq = $2 WHERE first.seq = $1";
    let found: Option<(Timestamp, Timestamp)> =
        tx.query_opt(sql, &[&(place.seq + 1), &place.last]).await?;
    Ok(found.map_or(0, |(first, last)| {
        (last.as_micros() - first.as_micros()) / 1_000_000
    }))
}

/// The last number that anything in the journal or its chains has.
pub async fn last_number(tx: &mut Tx<'_>) -> Result<i64> {
    let sql = "SELECT coalesce((SELECT max(seq) FROM journal), 0), coalesce((SELECT max(seq) FROM journal_chain), 0)";
    let (entry, link): (i64, i64) = tx.query_one(sql, &[]).await?;
    Ok(entry.max(link))
}

/// Entries and links with numbers that were never given, some of them.
pub async fn strays(tx: &mut Tx<'_>, place: &Place) -> Result<Vec<(&'static str, i64)>> {
    let mut strays = Vec::new();
    for (what, table, last) in [
        ("entry", "journal", place.last),
        ("link", "journal_chain", place.seq),
    ] {
        // One statement for each side: together they would go through all that is between.
        for (side, bound) in [("<", 1), (">", last)] {
            let sql = format!("SELECT seq FROM {table} WHERE seq {side} $1 ORDER BY seq LIMIT 100");
            let found: Vec<(i64,)> = tx.query(&sql, &[&bound]).await?;
            strays.extend(found.into_iter().map(|(seq,)| (what, seq)));
        }
    }
    Ok(strays)
}

/// Where a chain ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The chain.
    pub organization_id: Uuid,
    /// The number of its last entry.
    pub seq: i64,
    /// The hash of its last link.
    pub hash: Vec<u8>,
}

impl Head {
    /// Of a chain without a link.
    pub fn beginning(organization_id: Uuid) -> Head {
        Head {
            organization_id,
            seq: 0,
            hash: BEGINNING.to_vec(),
        }
    }
}

impl FromRow for Head {
    fn from_row(row: &DbRow<'_>) -> Result<Self> {
        Ok(Head {
            organization_id: row.get(0)?,
            seq: row.get(1)?,
            hash: row.get(2)?,
        })
    }
}

/// Where every chain ends, in the order of their ids.
pub async fn heads(tx: &mut Tx<'_>) -> Result<Vec<Head>> {
    let sql = "SELECT organization_id, seq, hash FROM chain_head";
    let mut heads: Vec<Head> = tx.query(sql, &[]).await?;
    heads.sort_by_key(|head| head.organization_id);
    Ok(heads)
}

/// Where one chain ends.
pub async fn head(tx: &mut Tx<'_>, organization_id: Uuid) -> Result<Head> {
    let sql = "SELECT organization_id, seq, hash FROM chain_head WHERE organization_id = $1";
    let found = tx.query_opt(sql, &[&organization_id]).await?;
    Ok(found.unwrap_or(Head::beginning(organization_id)))
}

/// Where these chains end; those without a link are left out.
pub(super) async fn heads_of(
    tx: &mut Tx<'_>,
    chains: &BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Vec<u8>>> {
    if chains.is_empty() {
        return Ok(HashMap::new());
    }
    let mut params: Vec<&dyn Param> = chains.iter().map(|id| id as &dyn Param).collect();
    // Few texts, whatever the number of chains: each is prepared once.
    let last = params[params.len() - 1];
    params.resize(params.len().next_power_of_two(), last);
    let sql = format!(
        "SELECT organization_id, seq, hash FROM chain_head WHERE organization_id IN {}",
        placeholders(1, params.len())
    );
    let heads: Vec<Head> = tx.query(&sql, &params).await?;
    Ok(heads
        .into_iter()
        .map(|head| (head.organization_id, head.hash))
        .collect())
}

/// Says how far the journal is chained now; `false` where somebody else went on from the same place meanwhile.
pub(super) async fn set_place(tx: &mut Tx<'_>, from: &Place, seq: i64) -> Result<bool> {
    let sql = "UPDATE chain_place SET seq = $2, turns = turns + 1 WHERE id = 1 AND turns = $1";
    Ok(tx.execute(sql, &[&from.turns, &seq]).await? == 1)
}

/// Keeps links.
pub(super) async fn insert_links(tx: &mut Tx<'_>, links: &[Link]) -> Result<()> {
    let mut params: Vec<&dyn Param> = Vec::with_capacity(links.len() * 4);
    for link in links {
        let row: [&dyn Param; 4] = [
            &link.seq,
            &link.organization_id,
            &link.prev_hash,
            &link.hash,
        ];
        params.extend_from_slice(&row);
    }
    let head = "INSERT INTO journal_chain (seq, organization_id, prev_hash, hash)";
    tx.insert((head, ""), 4, &params).await.map(drop)
}

/// Says where chains end now.
pub(super) async fn put_heads(tx: &mut Tx<'_>, heads: &[Head]) -> Result<()> {
    let mut params: Vec<&dyn Param> = Vec::with_capacity(heads.len() * 3);
    for head in heads {
        let row: [&dyn Param; 3] = [&head.organization_id, &head.seq, &head.hash];
        params.extend_from_slice(&row);
    }
    let head = "INSERT INTO chain_head (organization_id, seq, hash)";
    let tail =
        "ON CONFLICT (organization_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash";
    tx.insert((head, tail), 3, &params).await.map(drop)
}

/// A kept hash as it is computed.
pub fn is_hash(kept: &[u8], computed: &Hash) -> bool {
    kept == computed.as_slice()
}
