//! Rows as the journal knows them at a day: from their changes up to it, and where those do not say, from what the first
//! one after it says was before.

use std::collections::HashMap;

use serde_json::{Map, Value};
use store::{Json, Select, Tx};
use uuid::Uuid;

use super::day::Day;
use crate::{
    error::{Error, Result},
    scope::queries::within_any,
};

/// Rows looked at in one statement.
const AT_ONCE: usize = 200;
/// A row with more changes than this is not read from its first one on.
const SHORT: i64 = 256;
/// Changes of such a row read in one statement, and looked through for all of them together.
const PIECE: i64 = 1_000;
const LOOKED_THROUGH: i64 = 100_000;

/// What is known of one row.
#[derive(Debug, Default)]
pub struct Track {
    /// The fields that were said up to the day.
    state: Map<String, Value>,
    /// Of the fields that were said after it, what they were before.
    later: Map<String, Value>,
    /// Whether the row was there.
    pub exists: bool,
}

impl Track {
    /// A field as it was.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.state.get(name).or_else(|| self.later.get(name))
    }

    /// An id as it was; nothing where it was none, or nobody said.
    pub fn id(&self, name: &str) -> Option<Uuid> {
        self.field(name)?.as_str()?.parse().ok()
    }

    /// A number as it was.
    pub fn number(&self, name: &str) -> i64 {
        self.field(name).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Says over a row of today what was otherwise.
    pub fn over(self, row: &mut Map<String, Value>) {
        row.extend(self.later);
        row.extend(self.state);
    }

    fn said(&mut self, after: Option<Json>) {
        self.exists = after.is_some();
        if let Some(Json(Value::Object(after))) = after {
            self.state.extend(after);
        }
    }

    fn said_later(&mut self, before: Option<Json>) {
        if let Some(Json(Value::Object(before))) = before {
            for (name, value) in before {
                self.later.entry(name).or_insert(value);
            }
        }
    }

    fn knows(&self, fields: &[&str]) -> bool {
        fields.iter().all(|field| self.state.contains_key(*field))
    }
}

/// The rows of a noun as they were when a day was over. `versions` are those they have today, where they still are; of
/// a row with many changes the `fields` are looked for, and others are known only where they happen to stand beside.
pub async fn read(
    tx: &mut Tx<'_>,
    noun: &str,
    (ids, versions): (&[Uuid], &HashMap<Uuid, i64>),
    (day, fields): (&Day, &[&str]),
) -> Result<HashMap<Uuid, Track>> {
    let is_long = |id: &Uuid| versions.get(id).is_some_and(|version| *version > SHORT);
    let (long, short): (Vec<Uuid>, Vec<Uuid>) = ids.iter().partition(|id| is_long(id));
    let mut tracks = HashMap::with_capacity(ids.len());
    for some in short.chunks(AT_ONCE) {
        whole(tx, (noun, some), day, &mut tracks).await?;
    }
    let mut budget = LOOKED_THROUGH;
    for id in long {
        let row = (noun, id);
        let last = last_version(tx, row, (versions[&id], day)).await?;
        let track = looked_back(tx, row, (last, fields), &mut budget).await?;
        tracks.insert(id, track);
    }
    Ok(tracks)
}

/// Rows with few changes: all of them, in order.
async fn whole(
    tx: &mut Tx<'_>,
    (noun, ids): (&str, &[Uuid]),
    day: &Day,
    tracks: &mut HashMap<Uuid, Track>,
) -> Result<()> {
    type Found = (Uuid, Uuid, Option<Json>, Option<Json>);
    let bound = day.bound();
    let mut select = Select::new("SELECT row_id, journal_id, before, after FROM change");
    select.and("noun = ?", &noun);
    within_any(&mut select, "row_id", ids);
    let sql = select.sql(" ORDER BY row_id, version");
    let changes: Vec<Found> = tx.query(&sql, select.params()).await?;
    for (id, journal_id, before, after) in changes {
        let track = tracks.entry(id).or_default();
        match journal_id < bound {
            true => track.said(after),
            false => track.said_later(before),
        }
    }
    Ok(())
}

/// The last version of a row up to a day, found by halving; 0 where it had none.
async fn last_version(
    tx: &mut Tx<'_>,
    (noun, id): (&str, Uuid),
    (mut most, day): (i64, &Day),
) -> Result<i64> {
    let sql = "SELECT journal_id FROM change WHERE noun = $1 AND row_id = $2 AND version = $3";
    let (bound, mut known) = (day.bound(), 0);
    while known < most {
        let middle = known + (most - known + 1) / 2;
        let at: Option<(Uuid,)> = tx.query_opt(sql, &[&noun, &id, &middle]).await?;
        match at {
            Some((at,)) if at < bound => known = middle,
            _ => most = middle - 1,
        }
    }
    Ok(known)
}

/// A row with many changes: from a version back, until the fields are known.
async fn looked_back(
    tx: &mut Tx<'_>,
    (noun, id): (&str, Uuid),
    (last, fields): (i64, &[&str]),
    budget: &mut i64,
) -> Result<Track> {
    let sql = "SELECT version, after FROM change WHERE noun = $1 AND row_id = $2 AND version <= $3
        ORDER BY version DESC LIMIT $4";
    let (mut track, mut next) = (Track::default(), last);
    track.exists = last > 0;
    while next > 0 && !track.knows(fields) {
        if *budget <= 0 {
            return Err(too_large());
        }
        let changes: Vec<(i64, Option<Json>)> = tx.query(sql, &[&noun, &id, &next, &PIECE]).await?;
        *budget -= changes.len() as i64;
        next = changes.last().map_or(0, |(version, _)| version - 1);
        for (_, after) in changes {
            let Some(Json(Value::Object(after))) = after else {
                continue;
            };
            for (name, value) in after {
                track.state.entry(name).or_insert(value);
            }
        }
    }
    Ok(track)
}

/// More than can be told at once.
pub fn too_large() -> Error {
    let message = "This holds too much to be told as of another day at once: up to 5,000 licenses or customers can be.";
    Error::conflict("as_of.too_large", message)
}
