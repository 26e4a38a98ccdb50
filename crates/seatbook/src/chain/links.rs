//! A link: which bytes of an entry are hashed, in which order. This is a format that others may check: it is told in
//! docs/operations.md, and another one needs another name in `FORMAT`.

use serde_json::{Number, Value};
use sha2::{Digest, Sha256};
use store::{Json, Timestamp};
use uuid::Uuid;

/// Stands before everything else that is hashed.
const FORMAT: &str = "seatbook-journal-1";

/// What the first link of a chain follows.
pub const BEGINNING: Hash = [0; 32];

/// SHA-256 of a link.
pub type Hash = [u8; 32];

/// An entry with everything that is hashed of it.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: Uuid,
    /// When it was decided.
    pub at: Timestamp,
    /// Who decided it.
    pub actor_id: Uuid,
    /// The token it came with.
    pub token_id: Option<Uuid>,
    /// Where it belongs.
    pub organization_id: Option<Uuid>,
    /// The door, and the command.
    pub words: [String; 2],
    /// What was asked.
    pub input: Json,
    /// What was answered.
    pub outcome: Option<Json>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// The entries it took back.
    pub undoes: Vec<Uuid>,
    /// The rows it changed.
    pub changes: Vec<Row>,
}

/// A changed row.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is.
    pub noun: String,
    /// Which.
    pub row_id: Uuid,
    /// The version it got.
    pub version: i64,
    /// Whose it is.
    pub organization_id: Option<Uuid>,
    /// As it was, and as it became.
    pub states: [Option<Json>; 2],
}

impl Told {
    /// The chain it is in: its organization's, or that of the nil id.
    pub fn chain(&self) -> Uuid {
        self.organization_id.unwrap_or(Uuid::nil())
    }

    /// The hash of its link behind another.
    pub fn hash(&self, previous: &[u8]) -> Hash {
        let mut hasher = Hasher(Sha256::new());
        hasher.text(FORMAT);
        hasher.bytes(previous);
        hasher.number(self.seq);
        hasher.id(self.id);
        hasher.number(self.at.as_micros());
        hasher.id(self.actor_id);
        hasher.optional(self.token_id, Hasher::id);
        hasher.optional(self.organization_id, Hasher::id);
        self.words.iter().for_each(|word| hasher.text(word));
        hasher.json(&self.input.0);
        hasher.optional(self.outcome.as_ref(), |it, json| it.json(&json.0));
        hasher.optional(self.request_id.as_deref(), Hasher::text);
        let mut undoes = self.undoes.clone();
        undoes.sort();
        hasher.length(undoes.len());
        undoes.into_iter().for_each(|id| hasher.id(id));
        // Engines sort words in their own ways.
        let mut changes: Vec<&Row> = self.changes.iter().collect();
        changes.sort_by(|a, b| (&a.noun, a.row_id, a.version).cmp(&(&b.noun, b.row_id, b.version)));
        hasher.length(changes.len());
        changes.into_iter().for_each(|row| hasher.row(row));
        hasher.0.finalize().into()
    }
}

/// Every part says how long it is, so that no two entries are the same bytes.
struct Hasher(Sha256);

impl Hasher {
    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn id(&mut self, id: Uuid) {
        self.0.update(id.as_bytes());
    }

    fn number(&mut self, number: i64) {
        self.0.update(number.to_be_bytes());
    }

    fn length(&mut self, length: usize) {
        self.0.update((length as u64).to_be_bytes());
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.0.update([u8::from(value.is_some())]);
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn row(&mut self, row: &Row) {
        self.text(&row.noun);
        self.id(row.row_id);
        self.number(row.version);
        self.optional(row.organization_id, Hasher::id);
        for state in &row.states {
            self.optional(state.as_ref(), |it, json| it.json(&json.0));
        }
    }

    /// One engine keeps JSON as it was written, the other takes it apart: names are sorted, numbers told by their value.
    fn json(&mut self, value: &Value) {
        match value {
            Value::Null => self.0.update(b"n"),
            Value::Bool(false) => self.0.update(b"f"),
            Value::Bool(true) => self.0.update(b"t"),
            Value::Number(number) => {
                self.0.update(b"d");
                self.text(&plain(number));
            }
            Value::String(text) => {
                self.0.update(b"s");
                self.text(text);
            }
            Value::Array(items) => {
                self.0.update(b"a");
                self.length(items.len());
                items.iter().for_each(|item| self.json(item));
            }
            Value::Object(fields) => {
                self.0.update(b"o");
                let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                self.length(fields.len());
                for (name, value) in fields {
                    self.text(name);
                    self.json(value);
                }
            }
        }
    }
}

/// A number by its value: `1`, `1.0` and `1e0` are the same to one of the engines.
fn plain(number: &Number) -> String {
    if let Some(whole) = number.as_i64() {
        return whole.to_string();
    }
    if let Some(whole) = number.as_u64() {
        return whole.to_string();
    }
    let value = number.as_f64().unwrap_or_default();
    match value.fract() == 0.0 && value.abs() < 1e18 {
        true => (value as i64).to_string(),
        false => format!("{value:e}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(input: Value) -> Told {
        Told {
            seq: 7,
            id: Uuid::from_u128(1),
            at: Timestamp::from_micros(1_750_000_000_000_000),
            actor_id: Uuid::from_u128(2),
            token_id: None,
            organization_id: Some(Uuid::from_u128(3)),
            words: ["api".into(), "allocations.set".into()],
            input: Json(input),
            outcome: None,
            request_id: Some("r".into()),
            undoes: vec![],
            changes: vec![row("pool", 1), row("license", 1)],
        }
    }

    fn row(noun: &str, version: i64) -> Row {
        Row {
            noun: noun.into(),
            row_id: Uuid::from_u128(4),
            version,
            organization_id: None,
            states: [None, Some(Json(json!({"quantity": 5})))],
        }
    }

    #[test]
    fn what_an_engine_writes_in_its_own_way_is_the_same() {
        let one: Value = serde_json::from_str(r#"{"b": 100000.0, "a": [1, 1.5]}"#).expect("JSON");
        let other: Value = serde_json::from_str(r#"{"a": [1, 1.50], "b": 1e5}"#).expect("JSON");
        assert_eq!(told(one).hash(&BEGINNING), told(other).hash(&BEGINNING));
        let mut turned = told(json!({}));
        turned.changes.reverse();
        assert_eq!(turned.hash(&BEGINNING), told(json!({})).hash(&BEGINNING));
    }

    #[test]
    fn every_part_is_in_the_hash() {
        let whole = told(json!({"quantity": 5})).hash(&BEGINNING);
        let differs = |change: fn(&mut Told)| {
            let mut other = told(json!({"quantity": 5}));
            change(&mut other);
            assert_ne!(other.hash(&BEGINNING), whole);
        };
        differs(|it| it.seq = 8);
        differs(|it| it.id = Uuid::from_u128(9));
        differs(|it| it.at = it.at.plus_seconds(1));
        differs(|it| it.actor_id = Uuid::from_u128(9));
        differs(|it| it.token_id = Some(Uuid::from_u128(9)));
        differs(|it| it.organization_id = None);
        differs(|it| it.words[0] = "console".into());
        differs(|it| it.words[1] = "allocations.allocate".into());
        differs(|it| it.input = Json(json!({"quantity": "5"})));
        differs(|it| it.outcome = Some(Json(Value::Null)));
        differs(|it| it.request_id = None);
        differs(|it| it.undoes = vec![Uuid::from_u128(9)]);
        differs(|it| it.changes.truncate(1));
        differs(|it| it.changes[0].version = 2);
        differs(|it| it.changes[0].states.reverse());
        assert_ne!(told(json!({"quantity": 5})).hash(&whole), whole);
    }
}
