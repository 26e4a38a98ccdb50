//! The verbs of people and their credentials.

use serde::Serialize;
use store::{Json, Timestamp};
use uuid::Uuid;

use super::{
    model::NewToken,
    queries::{self, TokenRow},
};
use crate::{
    error::{Error, Result},
    gate::{Command, Origin, Tx},
    organizations::{
        self,
        model::{Kind, Organization, OrganizationFacts},
    },
    scope::{self, BuiltIn, Permission, queries::Membership, tree},
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
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
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
        let person_id = tx.new_id();
        let now = tx.now();
        if !queries::insert_person(tx, person_id, &self.email, &self.name, now).await? {
            return Err(Error::conflict(
                "person.known",
                "This e-mail address is in use.",
            ));
        }
        if let Some(Secret(hash)) = &self.password_hash {
            queries::set_password(tx, person_id, hash).await?;
        }
        let membership = Membership {
            id: tx.new_id(),
            person_id,
            organization_id: id,
            role: BuiltIn::Operator.key().into(),
            role_id: None,
        };
        scope::queries::insert_membership(tx, &membership).await?;
        Ok(SetUpDone {
            provider,
            person_id,
        })
    }
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
        queries::insert_token(tx, &row).await?;
        Ok(NewToken {
            id,
            token: token.clone(),
        })
    }
}
