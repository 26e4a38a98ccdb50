//! Holders that go or change hands: what they use goes with them, or is freed in the same command.

use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{
    changed_meanwhile,
    hand::{give, succeed},
    unassign::free,
};
use crate::{
    assignments::{
        model::{Ending, Freed},
        queries,
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
            Some(_) => Freed::default(),
            None => {
                let holder = current(tx, self.id, self.version).await?;
                tx.require(Permission::AssignmentsSet, holder.organization_id)
                    .await?;
                leave(tx, &holder).await?
            }
        };
        holders::records::erase(tx, self.id).await?;
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
        let open = queries::open_of_holders(tx, &[holder.id]).await?;
        if !open.is_empty() {
            tx.require(Permission::AssignmentsSet, holder.organization_id)
                .await?;
        }
        give(tx, &holder, self.owner_id).await?;
        for binding in open {
            if binding.user_id != self.owner_id {
                succeed(tx, binding, holder.id, self.owner_id).await?;
            }
        }
        let after = holders::queries::find(tx, self.id).await?;
        after.ok_or_else(changed_meanwhile)
    }
}
