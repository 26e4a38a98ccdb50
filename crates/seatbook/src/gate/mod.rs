//! The gate: the only way to change the book.
//!
//! Owns: commands and how they are run, previewed, repeated and refused; the rows that make a repeated
//! request the same request. Does not own: any rule; those stand in the rooms' commands.
//! Keeps true: permission is checked inside the write; effect, journal and key stand in one transaction
//! or none does; a refusal leaves nothing but its stored answer; a preview leaves nothing at all.
//! Read first: [`Command`], then [`Gate::submit`].

mod caller;
mod key;
mod premises;
mod ticket;
mod tx;

pub use caller::{Caller, Origin};
pub use key::{Key, purge};
pub use premises::Premises;
pub use tx::Tx;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use serde::{Serialize, de::DeserializeOwned};
use store::{Db, Place};
use uuid::Uuid;

use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    quarantine::{self, Quarantine},
    secrets::Vault,
};
use ticket::{Ended, Ticket};

/// A change to the book: the same struct for console, API, file, job and command line.
pub trait Command: Serialize + Send + Sync + 'static {
    /// Its word: the journal's kind, and the event's.
    const NAME: &'static str;
    /// Whether its answer holds a secret, which is then kept encrypted.
    const SECRET: bool = false;
    /// Whether it may change a restored book that nobody has released yet: what releases it does.
    const IN_QUARANTINE: bool = false;
    /// What it answers.
    type Outcome: Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Where it may run: commands that begin with one contended row name it.
    fn place(&self) -> Place {
        Place::ALONE
    }

    /// Does it. Errors of the kinds 4xx are refusals: whatever was written is taken back.
    fn run(&self, tx: &mut Tx<'_>) -> impl Future<Output = Result<Self::Outcome>> + Send;
}

/// What a submitted command came to.
#[derive(Clone, Debug)]
pub struct Done<T> {
    /// The answer.
    pub outcome: T,
    /// Its journal entry.
    pub journal_id: Uuid,
    /// The answer was given before; nothing was done now.
    pub replayed: bool,
    /// What it queued for later, such as `job allocations.set`.
    pub queued: Vec<String>,
}

/// What a command would come to.
#[derive(Clone, Debug)]
pub struct Preview<T> {
    /// The answer it would give.
    pub outcome: T,
    /// What it would queue for later.
    pub queued: Vec<String>,
}

/// The gate itself. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    db: Db,
    clock: Arc<dyn Clock>,
    premises: Premises,
    in_flight: Arc<Mutex<HashSet<(Uuid, String)>>>,
    quarantine: Arc<RwLock<Option<Arc<Quarantine>>>>,
}

impl Gate {
    /// A gate in front of this database.
    pub fn new(db: Db, clock: Arc<dyn Clock>, vault: Vault) -> Self {
        Gate {
            db,
            clock,
            premises: Premises::new(vault),
            in_flight: Arc::default(),
            quarantine: Arc::default(),
        }
    }

    /// The same gate of a server that people reach at this address, and from which mails leave or do not.
    pub fn at(self, base_url: &str, sends_mail: bool) -> Self {
        Gate {
            premises: self.premises.at(base_url, sends_mail),
            ..self
        }
    }

    /// The database behind the gate, for reading.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The instant it is now.
    pub fn now(&self) -> store::Timestamp {
        self.clock.now()
    }

    /// The quarantine of a restored book, as it was when it was last looked for.
    pub fn quarantine(&self) -> Option<Arc<Quarantine>> {
        let known = self
            .quarantine
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Looks whether the book is in quarantine: when it is opened, and until it is not. No open book gets into it.
    pub async fn look_for_quarantine(&self) -> Result<()> {
        let found = self
            .db
            .read(|mut tx| Box::pin(async move { quarantine::find(&mut tx).await }))
            .await??;
        *self
            .quarantine
            .write()
            .unwrap_or_else(PoisonError::into_inner) = found.map(Arc::new);
        Ok(())
    }

    /// What keeps secrets.
    pub fn vault(&self) -> &Vault {
        self.premises.vault()
    }

    /// Whether mails leave this server.
    pub fn sends_mail(&self) -> bool {
        self.premises.sends_mail()
    }

    /// Runs the command and answers when it is durable. The same key again gives the same answer.
    pub async fn submit<C: Command>(
        &self,
        caller: &Caller,
        key: Key,
        command: C,
    ) -> Result<Done<C::Outcome>> {
        if let Some(quarantine) = self.quarantine().filter(|_| !C::IN_QUARANTINE) {
            return Err(quarantine.refusal());
        }
        let _flight = self.take_off(caller.actor_id, &key)?;
        if key.is_given() {
            let stored = key::find(&self.db, caller.actor_id, &key).await?;
            if let Some(stored) = stored {
                if stored.is_young(self.now()) {
                    self.db.forget().await;
                }
                return stored.replay(&key, self.vault());
            }
        }
        let ticket = Ticket::new(self, caller, key, command)?;
        let done = self.db.write(ticket).await?.inspect_err(count);
        let done = done.map(Ended::into_done)?;
        if done.replayed {
            self.db.forget().await;
        }
        Ok(done)
    }

    /// What [`Gate::submit`] would answer now: the same code on the same data, and nothing kept.
    pub async fn preview<C: Command>(
        &self,
        caller: &Caller,
        command: C,
    ) -> Result<Preview<C::Outcome>> {
        let ticket = Ticket::new(self, caller, Key::mint()?, command)?;
        let Done {
            outcome, queued, ..
        } = self.db.preview(ticket).await?.map(Ended::into_done)?;
        Ok(Preview { outcome, queued })
    }

    /// One request with one key is under way at a time; its twin is told to wait, not made to.
    fn take_off(&self, actor_id: Uuid, key: &Key) -> Result<Flight> {
        let flight = (actor_id, key.word().to_owned());
        let mut flights = self
            .in_flight
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !flights.insert(flight.clone()) {
            let message = "A request with this Idempotency-Key is still being worked on.";
            return Err(
                Error::new(Kind::Conflict, "idempotency.in_flight", message).with("retry_after", 1)
            );
        }
        Ok(Flight {
            flights: Arc::clone(&self.in_flight),
            flight,
        })
    }
}

/// Counts a refusal, for those who watch what is refused.
fn count(error: &Error) {
    if error.is_refusal() {
        let code = error.code.to_string();
        metrics::counter!("seatbook_refusals_total", "code" => code).increment(1);
    }
}

struct Flight {
    flights: Arc<Mutex<HashSet<(Uuid, String)>>>,
    flight: (Uuid, String),
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.flights
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.flight);
    }
}
