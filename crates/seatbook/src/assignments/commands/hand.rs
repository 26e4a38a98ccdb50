//! Units that change hands, and holders that go. A unit handed on has a new record that goes on from the old one,
//! and no unit moves; what a holder that leaves uses is freed in the same command.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{changed_meanwhile, count_moved, record_end, record_new, settle, unassign::free};
use crate::{
    assignments::{
        model::{Binding, Bound, BoundAddOn, Ending, Freed},
        queries, records,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    holders::{
        self,
        commands::{current, no_user, stale},
        model::{Holder, Kind},
    },
    journal::Change,
    scope::Permission,
};

/// Hands a base assignment, with its add-ons, to another holder. Handing the unit of an extension or device to a
/// user hands the extension or device to them; its digits stay what they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reassign {
    /// Which assignment.
    pub id: Uuid,
    /// Who or what shall use it; nobody, for an extension that shall wait for one.
    pub holder_id: Option<Uuid>,
}

impl Command for Reassign {
    const NAME: &'static str = "assignments.reassign";
    type Outcome = Bound;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Bound> {
        let found = queries::bindings(tx, &[self.id]).await?.pop();
        let old = found.ok_or_else(Error::not_found)?;
        tx.require(Permission::AssignmentsSet, old.organization_id)
            .await?;
        check(&old)?;
        check_open(tx, &old).await?;
        let (holder, user_id) = self.target(tx, &old).await?;
        if (holder.id, user_id) == (old.holder_id, old.user_id) {
            let message = format!("{} has this unit already.", holder.name);
            return Err(Error::conflict("assignment.exists", message));
        }
        succeed(tx, old, holder.id, user_id).await
    }
}

/// What can be handed on.
fn check(old: &Binding) -> Result<()> {
    if old.ended {
        let message = "This assignment has ended.";
        return Err(Error::conflict("assignment.ended", message));
    }
    if old.base_id.is_some() {
        let message = "An add-on goes where its base goes; hand on the base.";
        return Err(Error::conflict("assignment.is_add_on", message));
    }
    Ok(())
}

/// Paused and ended licenses bind nothing new, and a new holder is new.
async fn check_open(tx: &mut Tx<'_>, old: &Binding) -> Result<()> {
    let at = (old.organization_id, tx.now());
    let sources = queries::sources(tx, at, &[], &[old.pool_id]).await?;
    if sources.iter().any(|source| source.open) {
        return Ok(());
    }
    let message = "Its license is not active now, or its organization is suspended, so nobody new can be given its units.";
    Err(Error::conflict("pool.closed", message))
}

impl Reassign {
    /// Who holds it afterwards, and the person behind them. An extension or device stays the holder when a user
    /// is named, and only changes hands.
    async fn target(&self, tx: &mut Tx<'_>, old: &Binding) -> Result<(Holder, Option<Uuid>)> {
        let ids: Vec<Uuid> = [Some(old.holder_id), self.holder_id]
            .into_iter()
            .flatten()
            .collect();
        let mut known: HashMap<Uuid, Holder> =
            holders::queries::of_ids(tx, old.organization_id, &ids)
                .await?
                .into_iter()
                .map(|holder| (holder.id, holder))
                .collect();
        let new = match self.holder_id {
            Some(id) => {
                let found = known.get(&id).filter(|holder| holder.left_at.is_none());
                Some(found.cloned().ok_or_else(|| no_user("holder_id"))?)
            }
            None => None,
        };
        let current = known.remove(&old.holder_id).ok_or_else(changed_meanwhile)?;
        let changes_hands = current.kind != Kind::User;
        match new {
            None if changes_hands => {
                hand_over(tx, &current, None, Some(old.id)).await?;
                Ok((current, None))
            }
            None => {
                let message = "Say who shall use it; to free the unit, unassign it.";
                Err(Error::invalid("holder_id", "required", message))
            }
            Some(user) if changes_hands && user.kind == Kind::User => {
                hand_over(tx, &current, Some(user.id), Some(old.id)).await?;
                Ok((current, Some(user.id)))
            }
            Some(holder) => {
                let user_id = holder.user_id();
                Ok((holder, user_id))
            }
        }
    }
}

/// Hands a device, screen or extension over with the records of all its units, but for one that its caller sees to.
pub(super) async fn hand_over(
    tx: &mut Tx<'_>,
    holder: &Holder,
    owner_id: Option<Uuid>,
    but: Option<Uuid>,
) -> Result<()> {
    if let Some(owner_id) = owner_id {
        // Counts nothing, and holds the owner's row: whoever leaves at this moment is not given anything.
        if holders::records::count_bindings(tx, &[(owner_id, 0)]).await? != 1 {
            return Err(changed_meanwhile());
        }
    }
    give(tx, holder, owner_id).await?;
    follow_owner(tx, &[(holder.id, owner_id)], but).await
}

/// Lets the open units of these holders go on under the users they belong to now.
pub(super) async fn follow_owner(
    tx: &mut Tx<'_>,
    owners: &[(Uuid, Option<Uuid>)],
    but: Option<Uuid>,
) -> Result<()> {
    let ids: Vec<Uuid> = owners.iter().map(|(id, _)| *id).collect();
    for binding in queries::open_of_holders(tx, &ids).await? {
        let owner = owners.iter().find(|(id, _)| *id == binding.holder_id);
        let owner_id = owner.and_then(|(_, owner_id)| *owner_id);
        if Some(binding.id) != but && binding.user_id != owner_id {
            let holder_id = binding.holder_id;
            succeed(tx, binding, holder_id, owner_id).await?;
        }
    }
    Ok(())
}

/// Makes a device, screen or extension somebody's, or nobody's.
async fn give(tx: &mut Tx<'_>, holder: &Holder, owner_id: Option<Uuid>) -> Result<()> {
    if holder.owner_id == owner_id {
        return Ok(());
    }
    if !holders::records::set_owner(tx, holder, owner_id, &holder.did).await? {
        return Err(changed_meanwhile());
    }
    tx.changed(Change {
        noun: "holder",
        row_id: holder.id,
        version: holder.version + 1,
        organization_id: Some(holder.organization_id),
        before: Some(json!({"owner_id": holder.owner_id})),
        after: Some(json!({"owner_id": owner_id})),
    });
    Ok(())
}

/// Ends an assignment with its add-ons and opens their successors: the same units of the same pools.
async fn succeed(
    tx: &mut Tx<'_>,
    old: Binding,
    holder_id: Uuid,
    user_id: Option<Uuid>,
) -> Result<Bound> {
    let add_ons = queries::open_add_ons(tx, &[old.id]).await?;
    let ids: Vec<Uuid> = std::iter::once(old.id)
        .chain(add_ons.iter().map(|add_on| add_on.id))
        .collect();
    let count = i64::try_from(ids.len()).map_err(Error::internal)?;
    let now = tx.now();
    let ended: HashMap<Uuid, i64> = records::end(tx, &ids, Ending::Reassigned, now)
        .await?
        .into_iter()
        .collect();
    // An add-on that was bound since, or an end that somebody else was faster with, is seen here.
    let late = queries::open_add_ons(tx, &[old.id]).await?;
    if ended.len() != ids.len() || !late.is_empty() {
        return Err(changed_meanwhile());
    }
    count_moved(tx, (old.holder_id, holder_id), user_id, count).await?;
    let base_id = tx.new_id();
    let mut bound = Bound {
        row: 0,
        id: base_id,
        holder_id,
        pool_id: old.pool_id,
        add_ons: vec![],
    };
    let mut new = Vec::with_capacity(ids.len());
    for before in std::iter::once(&old).chain(&add_ons) {
        let id = if before.id == old.id {
            base_id
        } else {
            tx.new_id()
        };
        record_end(tx, before, ended[&before.id], Ending::Reassigned);
        new.push(Binding {
            id,
            holder_id,
            user_id,
            base_id: before.base_id.map(|_| base_id),
            add_ons: if before.id == old.id { count - 1 } else { 0 },
            follows_id: Some(before.id),
            version: 1,
            ..before.clone()
        });
        if before.id != old.id {
            bound.add_ons.push(BoundAddOn {
                id,
                product_id: before.product_id,
                pool_id: before.pool_id,
            });
        }
    }
    settle(tx, &mut new).await?;
    if records::insert(tx, &new, now).await? != new.len() as u64 {
        let message = "That holder has a unit of this product already.";
        return Err(Error::conflict("assignment.exists", message));
    }
    for binding in &new {
        record_new(tx, binding);
    }
    Ok(bound)
}

/// Lets a holder leave: its units are freed, and what belonged to it belongs to nobody. What it was called may be
/// given to another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HolderLeaves {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for HolderLeaves {
    const NAME: &'static str = "holders.leave";
    type Outcome = Freed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Freed> {
        let holder = current(tx, self.id, self.version).await?;
        tx.require(Permission::AssignmentsSet, holder.organization_id)
            .await?;
        leave(tx, &holder).await
    }
}

async fn leave(tx: &mut Tx<'_>, holder: &Holder) -> Result<Freed> {
    let open = queries::open_of_user(tx, holder.id).await?;
    let freed = free(tx, open, Ending::Left).await?;
    for (id, version) in holders::records::disown(tx, holder.id).await? {
        tx.changed(Change {
            noun: "holder",
            row_id: id,
            version,
            organization_id: Some(holder.organization_id),
            before: Some(json!({"owner_id": holder.id})),
            after: Some(json!({"owner_id": null})),
        });
    }
    let now = tx.now();
    // Refused where a unit was bound to it since its assignments were read.
    if !holders::records::set_left(tx, holder.id, holder.version, now).await? {
        return Err(stale(holder));
    }
    // Now that the row is held, nobody new can be given to it; what came in between is seen here.
    let late = queries::open_of_user(tx, holder.id).await?;
    if !late.is_empty() || !holders::queries::owned_by(tx, holder.id).await?.is_empty() {
        return Err(stale(holder));
    }
    tx.changed(Change {
        noun: "holder",
        row_id: holder.id,
        version: holder.version + 1,
        organization_id: Some(holder.organization_id),
        before: Some(json!({"left_at": null})),
        after: Some(json!({"left_at": now})),
    });
    Ok(freed)
}

/// Deletes a holder: like leaving, and then forgets who it was. The records of its units stay, without a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeleteHolder {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for DeleteHolder {
    const NAME: &'static str = "holders.delete";
    type Outcome = Freed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Freed> {
        let holder = holders::queries::find(tx, self.id).await?;
        let holder = holder.ok_or_else(Error::not_found)?;
        tx.require(Permission::HoldersEdit, holder.organization_id)
            .await?;
        let freed = match holder.left_at {
            Some(_) if self.version.is_some_and(|seen| seen != holder.version) => {
                return Err(stale(&holder));
            }
            Some(_) => Freed::default(),
            None => {
                let holder = current(tx, self.id, self.version).await?;
                tx.require(Permission::AssignmentsSet, holder.organization_id)
                    .await?;
                leave(tx, &holder).await?
            }
        };
        let version = holders::records::erase(tx, self.id).await?;
        tx.changed(Change {
            noun: "holder",
            row_id: self.id,
            version: version.ok_or_else(changed_meanwhile)?,
            organization_id: Some(holder.organization_id),
            before: Some(json!({})),
            after: Some(json!({"changed": ["erased"]})),
        });
        Ok(freed)
    }
}

/// Gives a device, screen or extension to a user, or to nobody; the records of its units go on with them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HandOver {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// Whose it is from now on.
    pub owner_id: Option<Uuid>,
}

impl Command for HandOver {
    const NAME: &'static str = "holders.hand_over";
    const SECRET: bool = true;
    type Outcome = Holder;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Holder> {
        let holder = current(tx, self.id, self.version).await?;
        if holder.kind == Kind::User {
            let message = "A user belongs to nobody.";
            return Err(Error::invalid(
                "owner_id",
                "holder.user_has_no_owner",
                message,
            ));
        }
        if let Some(owner_id) = self.owner_id {
            let found = holders::queries::of_ids(tx, holder.organization_id, &[owner_id]).await?;
            let user = |it: &Holder| it.kind == Kind::User && it.left_at.is_none();
            if !found.iter().any(user) {
                return Err(no_user("owner_id"));
            }
        }
        if holder.bindings > 0 {
            tx.require(Permission::AssignmentsSet, holder.organization_id)
                .await?;
        }
        hand_over(tx, &holder, self.owner_id, None).await?;
        let after = holders::queries::find(tx, self.id).await?;
        after.ok_or_else(changed_meanwhile)
    }
}
