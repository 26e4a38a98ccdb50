//! Keys of requests: what makes a retry the same request.

use sha2::{Digest, Sha256};
use store::{Db, FromRow, Place, Row, Timestamp, Tx};
use uuid::Uuid;

use serde::de::DeserializeOwned;

use super::Done;
use crate::{
    error::{Error, Kind, Result},
    secrets::{Vault, hex},
};

/// Keys are kept this long (the Idempotency-Key draft asks for at least a day).
const KEPT_SECONDS: i64 = 72 * 3600;
const LONGEST: usize = 255;
/// An answer this young may not have been given yet. Servers' clocks may differ by seconds.
const YOUNG_SECONDS: i64 = 10;

/// The key of one request and the fingerprint of what it asked.
#[derive(Clone, Debug)]
pub struct Key {
    word: String,
    fingerprint: String,
    given: bool,
    keeps_refusal: bool,
}

impl Key {
    /// A key the client gave, with everything that must be the same when it comes again.
    pub fn given(word: &str, parts: &[&[u8]]) -> Result<Key> {
        if word.is_empty()
            || word.len() > LONGEST
            || word.bytes().any(|byte| !(0x20..0x7f).contains(&byte))
        {
            let message = "An Idempotency-Key is 1 to 255 visible ASCII characters.";
            return Err(Error::invalid(
                "Idempotency-Key",
                "idempotency.malformed",
                message,
            ));
        }
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Ok(Key {
            word: word.to_owned(),
            fingerprint: hex(&hash.finalize()),
            given: true,
            keeps_refusal: true,
        })
    }

    /// A key for a step of our own that may be tried again, such as a job's. A refusal is not kept: the
    /// step is asked anew when somebody has removed the reason.
    pub fn step(word: String) -> Key {
        Key {
            word,
            fingerprint: String::new(),
            given: true,
            keeps_refusal: false,
        }
    }

    /// A key where the client gave none: it makes our own retries safe.
    pub fn mint() -> Result<Key> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Error::internal)?;
        Ok(Key {
            word: format!("minted-{}", hex(&random)),
            fingerprint: String::new(),
            given: false,
            keeps_refusal: false,
        })
    }

    pub(super) fn is_given(&self) -> bool {
        self.given
    }

    pub(super) fn keeps_refusal(&self) -> bool {
        self.keeps_refusal
    }

    pub(super) fn word(&self) -> &str {
        &self.word
    }

    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

pub(super) const INSERT: &str = "INSERT INTO request_key
    (actor_id, key, fingerprint, refused, answer, journal_id, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (actor_id, key) DO NOTHING";

/// An answer that was given before.
pub(super) struct Stored {
    fingerprint: String,
    refused: bool,
    answer: String,
    journal_id: Option<Uuid>,
    at: Timestamp,
}

impl FromRow for Stored {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Stored {
            fingerprint: row.get(0)?,
            refused: row.get(1)?,
            answer: row.get(2)?,
            journal_id: row.get(3)?,
            at: row.get(4)?,
        })
    }
}

impl Stored {
    /// Whether the server that did it may have died before it was certain that nobody remembers otherwise.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        now < self.at.plus_seconds(YOUNG_SECONDS)
    }

    /// The same answer again, if the same thing was asked.
    pub(super) fn replay<T: DeserializeOwned>(self, key: &Key, vault: &Vault) -> Result<Done<T>> {
        if self.fingerprint != key.fingerprint {
            let message = "This Idempotency-Key was used for another request.";
            return Err(Error::new(Kind::Invalid, "idempotency.mismatch", message));
        }
        let answer = vault.open_if_sealed(&self.answer)?;
        if self.refused {
            return Err(serde_json::from_str::<Error>(&answer)?);
        }
        let journal_id = self.journal_id.unwrap_or_default();
        Ok(Done {
            outcome: serde_json::from_str(&answer)?,
            journal_id,
            replayed: true,
            queued: vec![],
        })
    }
}

pub(super) async fn find_in(
    tx: &mut Tx<'_>,
    actor_id: Uuid,
    key: &Key,
) -> store::Result<Option<Stored>> {
    let sql = "SELECT fingerprint, refused, answer, journal_id, at FROM request_key WHERE actor_id = $1 AND key = $2";
    tx.query_opt(sql, &[&actor_id, &key.word]).await
}

pub(super) async fn find(db: &Db, actor_id: Uuid, key: &Key) -> Result<Option<Stored>> {
    let key = key.clone();
    Ok(db
        .glance(move |mut tx| Box::pin(async move { find_in(&mut tx, actor_id, &key).await }))
        .await??)
}

/// Forgets keys past their time.
pub async fn purge(db: &Db, now: Timestamp) -> Result<u64> {
    let before = now.plus_seconds(-KEPT_SECONDS);
    let place = Place::BULK;
    let purge = db.plumb(place, move |mut tx| {
        Box::pin(async move {
            tx.execute("DELETE FROM request_key WHERE at < $1", &[&before])
                .await
        })
    });
    Ok(purge.await?)
}
