//! A command on its way through the store, with everything that makes it repeatable.

use serde_json::Value;
use store::{Place, Timestamp, Verdict, Work};
use uuid::Uuid;

use super::{Caller, Command, Done, Gate, Key, Premises, Tx, key};
use crate::{
    error::{Error, Result},
    journal::{self, Entry},
};

/// One submitted command.
pub(super) struct Ticket<C: Command> {
    command: C,
    caller: Caller,
    key: Key,
    now: Timestamp,
    seed: [u8; 16],
    premises: Premises,
    /// What to store if it is refused.
    refusal: Option<String>,
    /// It ran before, and nobody knows whether that was kept.
    ran: bool,
}

/// How a command ended: with an answer, new or stored, or with a refusal or failure.
pub(super) enum Ended<T> {
    Now(Done<T>),
    /// The key stood already: the effect of this run was taken back and the stored answer is given.
    Before,
}

impl<T> Ended<T> {
    pub(super) fn into_done(self) -> Done<T> {
        match self {
            Ended::Now(done) => done,
            Ended::Before => {
                unreachable!("the stored answer replaces this before it leaves the store")
            }
        }
    }
}

impl<C: Command> Ticket<C> {
    pub(super) fn new(gate: &Gate, caller: &Caller, key: Key, command: C) -> Result<Self> {
        let mut seed = [0; 16];
        getrandom::fill(&mut seed).map_err(Error::internal)?;
        let (caller, premises) = (caller.clone(), gate.premises.clone());
        Ok(Ticket {
            command,
            caller,
            key,
            now: gate.now(),
            seed,
            premises,
            refusal: None,
            ran: false,
        })
    }

    async fn attempt(&self, db: store::Tx<'_>) -> Result<Ended<C::Outcome>> {
        let mut tx = Tx::new(db, &self.caller, &self.premises, self.now, self.seed);
        if self.ran
            && key::find_in(&mut tx, self.caller.actor_id, &self.key)
                .await?
                .is_some()
        {
            return Ok(Ended::Before);
        }
        let outcome = self.command.run(&mut tx).await?;
        if !tx.record.guarded {
            return Err(Error::internal(format!(
                "{} asked for no permission",
                C::NAME
            )));
        }
        let journal_id = tx.new_id();
        let queued = std::mem::take(&mut tx.record.queued);
        match self.store(&mut tx, journal_id, &outcome).await? {
            1 => Ok(Ended::Now(Done {
                outcome,
                journal_id,
                replayed: false,
                queued,
            })),
            _ => Ok(Ended::Before),
        }
    }

    /// Journal, changes and key, together; says whether the key was free.
    async fn store(&self, tx: &mut Tx<'_>, journal_id: Uuid, outcome: &C::Outcome) -> Result<u64> {
        let record = std::mem::take(&mut tx.record);
        let answer = serde_json::to_value(outcome)?;
        let text = answer.to_string();
        let stored = if C::SECRET {
            self.premises.vault().seal(&text)?
        } else {
            text
        };
        let entry = Entry {
            id: journal_id,
            at: self.now,
            actor_id: self.caller.actor_id,
            token_id: self.caller.token_id,
            organization_id: record.organization_id,
            origin: self.caller.origin.as_str(),
            command: C::NAME,
            input: match record.input {
                Some(input) => input,
                None => serde_json::to_value(&self.command)?,
            },
            outcome: if C::SECRET { Value::Null } else { answer },
            request_id: self.caller.request_id.clone(),
            undoes: record.undoes,
        };
        let (actor_id, journal) = (self.caller.actor_id, Some(journal_id));
        let key: [&dyn store::Param; 7] = [
            &actor_id,
            &self.key.word(),
            &self.key.fingerprint(),
            &false,
            &stored,
            &journal,
            &self.now,
        ];
        journal::queries::insert(tx, &entry, &record.changes, (key::INSERT, &key)).await
    }

    async fn stored_answer(&self, tx: &mut store::Tx<'_>) -> Result<Ended<C::Outcome>> {
        let stored = key::find_in(tx, self.caller.actor_id, &self.key).await?;
        let stored = stored.ok_or_else(|| Error::internal("a request key vanished"))?;
        stored
            .replay(&self.key, self.premises.vault())
            .map(Ended::Now)
    }
}

impl<C: Command> Work for Ticket<C> {
    type Out = Result<Ended<C::Outcome>>;

    fn place(&self) -> Place {
        self.command.place()
    }

    fn recognises_itself(&self) -> bool {
        true
    }

    async fn run(&mut self, tx: store::Tx<'_>) -> Verdict<Self::Out> {
        let ended = self.attempt(tx).await;
        self.ran = true;
        self.refusal = None;
        match ended {
            Ok(Ended::Now(done)) => Verdict::Keep(Ok(Ended::Now(done))),
            Ok(Ended::Before) => Verdict::Undo(Ok(Ended::Before)),
            Err(error) => {
                if error.is_refusal() {
                    self.refusal = serde_json::to_string(&error).ok();
                }
                Verdict::Undo(Err(error))
            }
        }
    }

    async fn after_undo(&mut self, mut tx: store::Tx<'_>, out: Self::Out) -> Self::Out {
        match (out, &self.refusal) {
            (Ok(Ended::Before), _) => self.stored_answer(&mut tx).await,
            // Only a client that can ask again with its key needs the refusal kept.
            (Err(error), Some(refusal)) if self.key.keeps_refusal() => {
                let (actor_id, none) = (self.caller.actor_id, None::<Uuid>);
                let key: [&dyn store::Param; 7] = [
                    &actor_id,
                    &self.key.word(),
                    &self.key.fingerprint(),
                    &true,
                    refusal,
                    &none,
                    &self.now,
                ];
                match tx.execute(key::INSERT, &key).await {
                    Ok(1) => Err(error),
                    Ok(_) => self.stored_answer(&mut tx).await,
                    Err(failed) => Err(failed.into()),
                }
            }
            (out, _) => out,
        }
    }
}
