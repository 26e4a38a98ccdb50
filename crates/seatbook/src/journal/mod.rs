//! The journal: every change, who made it, and what it changed.
//!
//! Owns: entries, the versions of rows they left, and the numbering (`seq`) that readers follow.
//! Does not own: what a change means; the room of the noun knows that.
//! Keeps true: an entry stands in the transaction of its effect, or neither stands; nothing is edited;
//! versions of a row count without gaps; `seq` counts without gaps in an order readers can follow; an entry
//! is taken back once.
//! Others may use: [`Entry`], [`Change`], [`first_id`], `queries`, `reversal`, `words`; only the gate writes.

pub mod queries;
pub mod reversal;
pub mod sealer;
pub mod words;

use serde::Serialize;
use serde_json::Value;
use store::Timestamp;
use uuid::Uuid;

use crate::error::Result;

/// One change to the book, as the gate records it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// When it was decided.
    pub at: Timestamp,
    /// Who.
    pub actor_id: Uuid,
    /// By which API token, if by one.
    pub token_id: Option<Uuid>,
    /// Whose book: what readers of the journal are scoped by.
    pub organization_id: Option<Uuid>,
    /// Through which door.
    pub origin: &'static str,
    /// The command's word.
    pub command: &'static str,
    /// What was asked, without secrets.
    pub input: Value,
    /// What was answered, without secrets.
    pub outcome: Value,
    /// The HTTP request it came with.
    pub request_id: Option<String>,
    /// The entries it takes back.
    pub undoes: Vec<Uuid>,
}

/// One row an entry changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// What the row is, such as `pool`.
    pub noun: &'static str,
    /// Which.
    pub row_id: Uuid,
    /// The version it has now.
    pub version: i64,
    /// Whose it is.
    pub organization_id: Option<Uuid>,
    /// The fields that changed, as they were. `None` for a new row.
    pub before: Option<Value>,
    /// The fields that changed, as they are. `None` for a removed row.
    pub after: Option<Value>,
}

/// The smallest id that an entry of this instant, or of a later one, can have: ids begin with the millisecond at which
/// they are drawn.
pub fn first_id(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_micros() / 1_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

/// The fields that differ between two states of a row, as each had them: what a [`Change`] keeps.
pub fn difference<T: Serialize>(before: &T, after: &T) -> Result<(Value, Value)> {
    let (mut old, mut new) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    if let (Some(old), Some(new)) = (old.as_object_mut(), new.as_object_mut()) {
        old.retain(|name, value| new.get(name) != Some(value));
        new.retain(|name, _| old.contains_key(name));
    }
    Ok((old, new))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_an_instant_are_behind_its_first_one() {
        let at = |micros| first_id(Timestamp::from_micros(micros));
        let later = uuid::Builder::from_unix_timestamp_millis(2_000, &[255; 10]).into_uuid();
        assert!(at(2_000_000) <= later && later < at(2_001_000));
        assert!(at(1_999_999) < at(2_000_000));
    }
}
