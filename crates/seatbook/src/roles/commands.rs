//! The verbs of roles.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    model::{Role, RoleFacts},
    queries,
    reach::check_all,
};
use crate::{
    access::{self, links},
    error::{Error, Kind, Result},
    gate::{Command, Tx},
    journal::Change,
    scope::{
        self, BuiltIn, Permission,
        custom::{self, CustomRole},
        tree,
    },
};

/// Makes a role for one organization and those below it.
#[derive(Clone, Debug, Serialize)]
pub struct CreateRole {
    /// Where it can be given, and below.
    pub organization_id: Uuid,
    /// What is said about it.
    pub facts: RoleFacts,
}

impl Command for CreateRole {
    const NAME: &'static str = "roles.create";
    type Outcome = Role;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Role> {
        tx.require(Permission::RolesEdit, self.organization_id)
            .await?;
        let facts = self.facts.clone().checked()?;
        check_all(tx, &facts.permissions, self.organization_id).await?;
        let new = CustomRole {
            id: tx.new_id(),
            organization_id: self.organization_id,
            name: facts.name,
            permissions: facts.permissions,
            requires_second_factor: facts.requires_second_factor,
            version: 1,
        };
        if !custom::insert(tx, &new).await? {
            return Err(taken());
        }
        tx.changed(step(1, None, Some(&new)));
        Ok(Role::custom(new))
    }
}

/// Changes a role. It counts from the next request of everybody who holds it.
#[derive(Clone, Debug, Serialize)]
pub struct EditRole {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What is said about it from now on.
    pub facts: RoleFacts,
}

impl Command for EditRole {
    const NAME: &'static str = "roles.edit";
    type Outcome = Role;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Role> {
        let before = current(tx, self.id, self.version).await?;
        let facts = self.facts.clone().checked()?;
        check_all(tx, &facts.permissions, before.organization_id).await?;
        let after = CustomRole {
            name: facts.name,
            permissions: facts.permissions,
            requires_second_factor: facts.requires_second_factor,
            ..before.clone()
        };
        if custom::name_is_taken(tx, &after).await? {
            return Err(taken());
        }
        if !custom::update(tx, &after).await? {
            return Err(stale(before.version));
        }
        tx.changed(step(before.version + 1, Some(&before), Some(&after)));
        Ok(Role::custom(CustomRole {
            version: before.version + 1,
            ..after
        }))
    }
}

/// Removes a role that nobody holds and no open invitation offers.
#[derive(Clone, Debug, Serialize)]
pub struct DeleteRole {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for DeleteRole {
    const NAME: &'static str = "roles.delete";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let before = current(tx, self.id, self.version).await?;
        let now = tx.now();
        if links::offers_of_role(tx, before.id, now).await? > 0 {
            return Err(in_use(
                "An open invitation offers this role; take it back first.",
            ));
        }
        links::forget_role(tx, before.id, now).await?;
        if !custom::delete(tx, &before).await? {
            return Err(in_use("People hold this role; give them another first."));
        }
        tx.changed(step(before.version + 1, Some(&before), None));
        Ok(())
    }
}

/// Demands a second factor of everybody who holds a built-in role, or no more.
#[derive(Clone, Debug, Serialize)]
pub struct DemandSecondFactor {
    /// A built-in role's key.
    pub role: String,
    /// Demanded from now on, or no more.
    pub required: bool,
}

impl Command for DemandSecondFactor {
    const NAME: &'static str = "roles.demand_second_factor";
    type Outcome = Role;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Role> {
        let root = tree::root(tx).await?.unwrap_or_default();
        match tx.require(Permission::RolesEdit, root).await {
            Err(error) if error.kind == Kind::NotFound => {
                return Err(scope::missing(Permission::RolesEdit));
            }
            other => other?,
        }
        let role = BuiltIn::parse(&self.role).ok_or_else(Error::not_found)?;
        let id = tx.new_id();
        let (row_id, version) =
            access::queries::demand_second_factor(tx, id, role.key(), self.required).await?;
        tx.changed(Change {
            noun: "role_policy",
            row_id,
            version,
            organization_id: Some(root),
            before: (version > 1).then(|| json!({})),
            after: Some(json!({"role": role.key(), "requires_second_factor": self.required})),
        });
        Ok(Role {
            requires_second_factor: self.required,
            version,
            ..Role::built_in(role)
        })
    }
}

/// The role, for somebody who may change it, in the version they saw.
async fn current(tx: &mut Tx<'_>, id: Uuid, version: Option<i64>) -> Result<CustomRole> {
    let found = custom::find(tx, id).await?;
    let place = found
        .as_ref()
        .map_or(Uuid::nil(), |role| role.organization_id);
    match (tx.require(Permission::RolesEdit, place).await, &found) {
        (Err(error), Some(role)) if error.kind == Kind::NotFound => {
            let person_id = tx.actor_id();
            return Err(match queries::is_offered_to(tx, role, person_id).await? {
                true => scope::missing(Permission::RolesEdit),
                false => error,
            });
        }
        (required, _) => required?,
    }
    let found = found.ok_or_else(Error::not_found)?;
    match version {
        Some(version) if version != found.version => Err(stale(found.version)),
        _ => Ok(found),
    }
}

fn step(version: i64, before: Option<&CustomRole>, after: Option<&CustomRole>) -> Change {
    let role = before.or(after);
    Change {
        noun: "role",
        row_id: role.map(|role| role.id).unwrap_or_default(),
        version,
        organization_id: role.map(|role| role.organization_id),
        before: before.map(CustomRole::facts),
        after: after.map(CustomRole::facts),
    }
}

fn taken() -> Error {
    Error::invalid(
        "name",
        "role.name_taken",
        "This organization has a role of that name.",
    )
}

fn in_use(message: &str) -> Error {
    Error::conflict("role.in_use", message)
}

fn stale(version: i64) -> Error {
    let message = "Somebody changed this role in the meantime; look at it again.";
    Error::new(Kind::Stale, "version.stale", message).with("version", version)
}
