//! The verbs of people and their credentials.

use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Json, Timestamp};
use uuid::Uuid;

use super::{
    links,
    model::{self, NewToken, person_step},
    queries,
    tokens::{self, TokenRow},
};
use crate::{
    error::{Error, Result},
    gate::{Command, Origin, Tx},
    journal::Change,
    organizations::{
        self,
        model::{Kind, Organization, OrganizationFacts},
    },
    scope::{
        BuiltIn, Permission,
        custom::Role,
        members::{self, Member},
        tree,
    },
    secrets::{Secret, fingerprint},
};

/// Makes the provider and its first administrator. Works once, on an empty book.
#[derive(Clone, Debug, Serialize)]
pub struct SetUp {
    /// What the provider is called.
    pub provider: OrganizationFacts,
    /// The administrator's address.
    #[serde(skip)]
    pub email: String,
    /// The administrator's name.
    #[serde(skip)]
    pub name: String,
    /// The hash of the administrator's password.
    pub password_hash: Option<Secret<String>>,
}

/// What a set-up made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetUpDone {
    /// The provider.
    pub provider: Organization,
    /// The administrator.
    pub person_id: Uuid,
}

impl Command for SetUp {
    const NAME: &'static str = "platform.set_up";
    type Outcome = SetUpDone;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<SetUpDone> {
        tx.unguarded("the set-up link, or the operator at the machine, is the guard");
        let provider_facts = self.provider.clone().checked()?;
        tree::lock(tx).await?;
        if tree::root(tx).await?.is_some() {
            return Err(Error::conflict(
                "platform.already_set_up",
                "This Seatbook has been set up.",
            ));
        }
        let id = tx.new_id();
        tree::plant(tx, id, None).await?;
        let provider =
            organizations::commands::insert(tx, id, None, Kind::Provider, provider_facts).await?;
        tx.concerns(id);
        let newcomer = Newcomer {
            email: self.email.clone(),
            name: self.name.clone(),
            password_hash: self.password_hash.clone(),
        };
        let person_id = newcomer.join(tx).await?;
        seat(tx, person_id, id, BuiltIn::Operator.into()).await?;
        Ok(SetUpDone {
            provider,
            person_id,
        })
    }
}

/// Somebody who was not known.
#[derive(Clone, Debug, Serialize)]
pub struct Newcomer {
    /// Their address.
    #[serde(skip)]
    pub email: String,
    /// Their name.
    #[serde(skip)]
    pub name: String,
    /// The hash of their password.
    pub password_hash: Option<Secret<String>>,
}

impl Newcomer {
    /// Writes the person and records it.
    pub async fn join(&self, tx: &mut Tx<'_>) -> Result<Uuid> {
        let (email, name) = (model::email(&self.email)?, model::name(&self.name)?);
        let (id, now) = (tx.new_id(), tx.now());
        if !queries::insert_person(tx, id, &email, &name, now).await? {
            return Err(Error::conflict(
                "person.known",
                "This e-mail address is in use.",
            ));
        }
        tx.changed(person_step(id, 1, "joined"));
        if let Some(Secret(hash)) = &self.password_hash {
            let version = queries::set_password(tx, id, hash).await?;
            tx.changed(person_step(id, version, "password"));
        }
        Ok(id)
    }
}

/// Gives a person a role somewhere and records it; nothing where they hold it already.
pub async fn seat(
    tx: &mut Tx<'_>,
    person_id: Uuid,
    organization_id: Uuid,
    role: Role,
) -> Result<Option<Member>> {
    let member = Member {
        id: tx.new_id(),
        person_id,
        organization_id,
        role: role.word,
        role_id: role.role_id,
        active: true,
        version: 1,
    };
    if !members::insert(tx, &member).await? {
        return Ok(None);
    }
    tx.changed(member.began());
    Ok(Some(member))
}

/// Calls oneself something else.
#[derive(Clone, Debug, Serialize)]
pub struct EditProfile {
    /// The new name.
    #[serde(skip)]
    pub name: String,
}

impl Command for EditProfile {
    const NAME: &'static str = "people.edit_profile";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own name");
        let (name, id) = (model::name(&self.name)?, tx.actor_id());
        let person = queries::find_person(tx, id)
            .await?
            .ok_or_else(Error::not_found)?;
        let version = queries::set_name(tx, &person, &name).await?;
        tx.changed(person_step(id, version, "name"));
        Ok(())
    }
}

/// Changes one's own password, and ends every other session. The door has seen the present password.
#[derive(Clone, Debug, Serialize)]
pub struct ChangePassword {
    /// The hash of the new password.
    pub password_hash: Secret<String>,
}

impl Command for ChangePassword {
    const NAME: &'static str = "people.change_password";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        tx.unguarded("it is one's own password, and the door has seen the present one");
        let (Secret(hash), id) = (&self.password_hash, tx.actor_id());
        let version = queries::set_password(tx, id, hash).await?;
        let here = tx.caller().session_id;
        queries::end_sessions(tx, id, here).await?;
        if let Some(person) = queries::find_person(tx, id).await? {
            let now = tx.now();
            links::end_resets(tx, &person.email, now).await?;
        }
        tx.changed(person_step(id, version, "password"));
        Ok(())
    }
}

/// A link that was used, taken back, or has run out; or was never made.
pub fn ended() -> Error {
    Error::conflict("link.ended", "This link does not work any more.")
}

/// Makes an API token for the caller, never wider than the caller. The secret was drawn by the door.
#[derive(Clone, Debug, Serialize)]
pub struct CreateToken {
    /// Whose: the caller, or anybody where the operator at the machine asks.
    pub person_id: Uuid,
    /// What it is for.
    pub name: String,
    /// What it may do at most.
    pub permissions: Vec<Permission>,
    /// When it ends; never where there is none.
    pub expires_at: Option<Timestamp>,
    /// The drawn token.
    pub token: Secret<String>,
}

impl Command for CreateToken {
    const NAME: &'static str = "tokens.create";
    const SECRET: bool = true;
    type Outcome = NewToken;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<NewToken> {
        tx.unguarded("a token acts for its maker and can do no more");
        if tx.caller().origin != Origin::System && tx.actor_id() != self.person_id {
            return Err(Error::not_found());
        }
        // Or a token of few permissions would make itself one of many.
        if let Some(limits) = &tx.caller().limits
            && let Some(wider) = self.permissions.iter().find(|it| !limits.contains(it))
        {
            return Err(crate::scope::missing(*wider));
        }
        let name = rules::text::normalize_key(&self.name);
        if name.is_empty() || name.chars().count() > 100 {
            return Err(Error::invalid(
                "name",
                "required",
                "Say in 1 to 100 characters what the token is for.",
            ));
        }
        if self.expires_at.is_some_and(|end| end <= tx.now()) {
            return Err(Error::invalid(
                "expires_at",
                "in_the_past",
                "The token would end before it begins.",
            ));
        }
        let id = tx.new_id();
        let Secret(token) = &self.token;
        let row = TokenRow {
            id,
            person_id: self.person_id,
            name: &name,
            fingerprint: &fingerprint(token),
            hint: &token[token.len().saturating_sub(4)..],
            permissions: Json(serde_json::to_value(&self.permissions)?),
            created_at: tx.now(),
            expires_at: self.expires_at,
        };
        tokens::insert(tx, &row).await?;
        tx.changed(Change {
            noun: "api_token",
            row_id: id,
            version: 1,
            organization_id: None,
            before: None,
            after: Some(json!({"person_id": self.person_id, "permissions": self.permissions})),
        });
        Ok(NewToken {
            id,
            token: token.clone(),
        })
    }
}
