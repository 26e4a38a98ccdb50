//! The verbs of memberships.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{model::Membership, queries};
use crate::{
    access::{self, commands::seat, model::person_step},
    error::{Error, Result},
    gate::{Command, Origin, Tx},
    roles::reach::{self, role_at},
    scope::{
        self, BuiltIn, Permission, custom,
        members::{self, Member},
        queries::check_visible,
        tree,
    },
};

/// Gives somebody a role at one organization more. Only people one can see: others are invited.
#[derive(Clone, Debug, Serialize)]
pub struct AddMembership {
    /// Who.
    pub person_id: Uuid,
    /// Where.
    pub organization_id: Uuid,
    /// A built-in role's key, or a custom role's id.
    pub role: String,
}

impl Command for AddMembership {
    const NAME: &'static str = "memberships.create";
    type Outcome = Membership;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Membership> {
        tx.require(Permission::PeopleEdit, self.organization_id)
            .await?;
        self.check_known(tx).await?;
        let role = role_at(tx, &self.role, self.organization_id).await?;
        reach::check(tx, &role, self.organization_id).await?;
        let member = seat(tx, self.person_id, self.organization_id, role).await?;
        let member = member.ok_or_else(held_already)?;
        shown(tx, member.id).await
    }
}

impl AddMembership {
    /// 404 for a person of whom the caller sees nothing, as for one who is not there.
    async fn check_known(&self, tx: &mut Tx<'_>) -> Result<()> {
        let caller = tx.caller();
        for member in members::of_person(tx, self.person_id).await? {
            let place = member.organization_id;
            let read = Permission::PeopleRead;
            if caller.origin == Origin::System
                || check_visible(tx, &caller.scope, read, place).await.is_ok()
            {
                return Ok(());
            }
        }
        Err(Error::invalid(
            "person_id",
            "person.unknown",
            "There is no such person here.",
        ))
    }
}

/// Gives a membership another role.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeMembership {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// A built-in role's key, or a custom role's id.
    pub role: String,
}

impl Command for ChangeMembership {
    const NAME: &'static str = "memberships.edit";
    type Outcome = Membership;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Membership> {
        let before = current(tx, self.id, self.version).await?;
        let role = role_at(tx, &self.role, before.organization_id).await?;
        reach::check(tx, &role, before.organization_id).await?;
        if role.word == before.role {
            return shown(tx, before.id).await;
        }
        keep_an_operator(tx, &before).await?;
        if !members::set_role(tx, &before, &role.word, role.role_id).await? {
            return Err(held_already());
        }
        let after = Member {
            role: role.word,
            role_id: role.role_id,
            ..before.clone()
        };
        tx.changed(before.became(Some(&after)));
        shown(tx, before.id).await
    }
}

/// Takes a role away from somebody. The person stays, with whatever other roles they hold.
#[derive(Clone, Debug, Serialize)]
pub struct RemoveMembership {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for RemoveMembership {
    const NAME: &'static str = "memberships.delete";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let before = current(tx, self.id, self.version).await?;
        keep_an_operator(tx, &before).await?;
        members::delete(tx, &before).await?;
        tx.changed(before.became(None));
        Ok(())
    }
}

/// Stops somebody from acting for any organization the caller looks after, or lets them again. Sessions end.
#[derive(Clone, Debug, Serialize)]
pub struct SetActive {
    /// Who.
    pub person_id: Uuid,
    /// Active from now on, or no more.
    pub active: bool,
}

/// How a person stands now, as far as the caller looks after them.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Standing {
    /// Who.
    pub id: Uuid,
    /// Whether they may act.
    pub active: bool,
}

impl Command for SetActive {
    const NAME: &'static str = "people.set_active";
    type Outcome = Standing;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Standing> {
        let all = members::of_person(tx, self.person_id).await?;
        let mut mine = Vec::new();
        let mut refusal = Error::not_found();
        for member in &all {
            match tx
                .require(Permission::PeopleEdit, member.organization_id)
                .await
            {
                Ok(()) => mine.push(member),
                Err(error) if error.kind == crate::error::Kind::Forbidden => refusal = error,
                Err(error) if error.is_refusal() => {}
                Err(error) => return Err(error),
            }
        }
        let Some(first) = mine.first() else {
            tx.require(Permission::PeopleEdit, Uuid::nil())
                .await
                .or(Err(refusal))?;
            return Err(Error::not_found());
        };
        tx.concerns(first.organization_id);
        for member in &mine {
            check_reach(tx, member).await?;
            if !self.active {
                keep_an_operator(tx, member).await?;
            }
        }
        for before in mine.iter().filter(|member| member.active != self.active) {
            let after = members::set_active(tx, before, self.active).await?;
            tx.changed(before.became(Some(&after)));
        }
        // Who is looked after by others as well stays who they are for them.
        if mine.len() == all.len() {
            let version = access::queries::set_active(tx, self.person_id, self.active).await?;
            let what = if self.active {
                "activated"
            } else {
                "deactivated"
            };
            if let Some(version) = version {
                tx.changed(person_step(self.person_id, version, what));
            }
        }
        if !self.active {
            access::queries::end_sessions(tx, self.person_id, None).await?;
        }
        Ok(Standing {
            id: self.person_id,
            active: self.active,
        })
    }
}

/// The membership, for somebody who may change it, in the version they saw.
async fn current(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<Member> {
    let found = members::find(tx, id).await?;
    let place = found
        .as_ref()
        .map_or(Uuid::nil(), |member| member.organization_id);
    tx.require(Permission::PeopleEdit, place).await?;
    let found = found.ok_or_else(Error::not_found)?;
    check_reach(tx, &found).await?;
    match version {
        Some(version) if version != found.version => Err(members::stale(found.version)),
        _ => Ok(found),
    }
}

/// Nobody takes away more than they could give.
async fn check_reach(tx: &mut Tx<'_>, member: &Member) -> Result<()> {
    match custom::usable(tx, &member.role, member.organization_id).await? {
        Some(role) => reach::check(tx, &role, member.organization_id).await,
        None => Ok(()),
    }
}

/// The root keeps somebody who may do everything, or nobody could ever give rights again.
async fn keep_an_operator(tx: &mut Tx<'_>, member: &Member) -> Result<()> {
    if member.role != BuiltIn::Operator.key() || !member.active {
        return Ok(());
    }
    if scope::tree::find(tx, member.organization_id)
        .await?
        .is_some_and(|it| it.parent_id.is_some())
    {
        return Ok(());
    }
    // Two operators who remove each other at once would both find the other still there.
    tree::lock(tx).await?;
    if queries::other_operators(tx, member.organization_id, member.person_id).await? == 0 {
        let message = "This is the last operator. Make somebody else an operator first.";
        return Err(Error::conflict("person.last_operator", message));
    }
    Ok(())
}

async fn shown(tx: &mut Tx<'_>, id: Uuid) -> Result<Membership> {
    queries::find_membership(tx, id)
        .await?
        .ok_or_else(Error::not_found)
}

fn held_already() -> Error {
    let message = "This person holds that role at that organization already.";
    Error::conflict("membership.exists", message)
}
