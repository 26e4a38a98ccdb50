//! What a command sees of the world: the book, who asks, what time it is.

use std::ops::{Deref, DerefMut};

use serde_json::Value;
use sha2::{Digest, Sha256};
use store::{Date, Timestamp};
use uuid::Uuid;

use super::{Caller, Origin, Premises};
use crate::{
    error::{Error, Kind, Result},
    journal::Change,
    scope::{self, Permission, Scope},
};

/// The transaction of one command. Statements go through it as through [`store::Tx`].
pub struct Tx<'a> {
    db: store::Tx<'a>,
    pub(super) caller: &'a Caller,
    premises: &'a Premises,
    now: Timestamp,
    seed: [u8; 16],
    drawn: u64,
    pub(super) record: Record,
}

/// What the journal will say.
#[derive(Default)]
pub(super) struct Record {
    pub(super) organization_id: Option<Uuid>,
    pub(super) changes: Vec<Change>,
    pub(super) undoes: Vec<Uuid>,
    pub(super) input: Option<Value>,
    pub(super) queued: Vec<String>,
    pub(super) guarded: bool,
}

impl<'a> Tx<'a> {
    pub(super) fn new(
        db: store::Tx<'a>,
        caller: &'a Caller,
        premises: &'a Premises,
        now: Timestamp,
        seed: [u8; 16],
    ) -> Self {
        Tx {
            db,
            caller,
            premises,
            now,
            seed,
            drawn: 0,
            record: Record::default(),
        }
    }

    /// The instant the command was submitted. It does not move while the command runs.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The day it is in a zone.
    pub fn today(&self, zone: &jiff::tz::TimeZone) -> Date {
        Date(self.now.get().to_zoned(zone.clone()).date())
    }

    /// The person who asks.
    pub fn actor_id(&self) -> Uuid {
        self.caller.actor_id
    }

    /// The caller as it was recognised.
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// The server it runs on: its address, what seals secrets, whether mails leave it.
    pub fn premises(&self) -> &'a Premises {
        self.premises
    }

    /// A new id. A command that runs again draws the same ones in the same order.
    pub fn new_id(&mut self) -> Uuid {
        self.drawn += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed);
        hash.update(self.drawn.to_be_bytes());
        let mut random = [0; 10];
        random.copy_from_slice(&hash.finalize()[..10]);
        let millis = u64::try_from(self.now.as_micros() / 1_000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// Asks, now and in this transaction, whether the caller holds `permission` at `organization_id`:
    /// 404 where the organization is not visible, 403 where the permission is missing. The journal
    /// entry belongs to the first organization asked about.
    pub async fn require(&mut self, permission: Permission, organization_id: Uuid) -> Result<()> {
        self.record.guarded = true;
        self.record.organization_id.get_or_insert(organization_id);
        if self.caller.origin == Origin::System {
            return Ok(());
        }
        let held =
            scope::queries::permissions_at(&mut self.db, self.caller.actor_id, organization_id)
                .await?;
        if held.is_empty() {
            return Err(Error::not_found());
        }
        let allowed = self
            .caller
            .limits
            .as_ref()
            .is_none_or(|limits| limits.contains(&permission));
        if allowed && held.contains(&permission) {
            Ok(())
        } else {
            Err(scope::missing(permission))
        }
    }

    /// The same at an organization that the caller may not even see, after one that it sees: 403 where the permission is
    /// missing there.
    pub async fn require_above(
        &mut self,
        permission: Permission,
        organization_id: Uuid,
    ) -> Result<()> {
        match self.require(permission, organization_id).await {
            Err(error) if error.kind == Kind::NotFound => Err(scope::missing(permission)),
            asked => asked,
        }
    }

    /// Asks, now and in this transaction, whether the caller holds `permission` at any organization, for what is of
    /// all that it sees: 403 where it is held nowhere.
    pub async fn require_anywhere(&mut self, permission: Permission) -> Result<()> {
        self.record.guarded = true;
        if self.caller.origin == Origin::System {
            return Ok(());
        }
        self.scope().await?.require(permission).map(drop)
    }

    /// The rights that the caller has by now, read in this transaction.
    pub async fn scope(&mut self) -> Result<Scope> {
        let scope = scope::queries::scope_of(&mut self.db, self.caller.actor_id).await?;
        Ok(match &self.caller.limits {
            Some(limits) => scope.limited_to(limits),
            None => scope,
        })
    }

    /// Says that the command needs no permission, and why: it concerns the caller alone, or is guarded
    /// by a secret it carries.
    pub fn unguarded(&mut self, _reason: &'static str) {
        self.record.guarded = true;
    }

    /// Files the journal entry under this organization.
    pub fn concerns(&mut self, organization_id: Uuid) {
        self.record.organization_id = Some(organization_id);
    }

    /// Records one changed row.
    pub fn changed(&mut self, change: Change) {
        self.record.changes.push(change);
    }

    /// Says that this will happen once the command is kept, such as a job: a preview lists it.
    pub fn queued(&mut self, what: String) {
        self.record.queued.push(what);
    }

    /// Marks the journal entry as taking back these others.
    pub fn undoes(&mut self, entries: &[Uuid]) {
        self.record.undoes.extend_from_slice(entries);
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = store::Tx<'a>;
    fn deref(&self) -> &Self::Target {
        &self.db
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.db
    }
}
