//! People as others see them: who they are, where they belong, who is invited.

use serde::{Deserialize, Serialize};
use store::Timestamp;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{self, links::Link},
    gate::Caller,
    scope::Permission,
};

/// Whoever asks, and what they may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Me {
    /// Your id.
    pub id: Uuid,
    /// Your name.
    pub name: String,
    /// Your e-mail address.
    pub email: String,
    /// Whether your second factor is on.
    pub second_factor: bool,
    /// The API token you came with.
    pub token_id: Option<Uuid>,
    /// What you may do, and where: at each organization and below it.
    pub grants: Vec<GrantOut>,
}

/// What somebody may do at an organization and below it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GrantOut {
    /// Where.
    pub organization_id: Uuid,
    /// What.
    pub permissions: Vec<Permission>,
}

impl Me {
    /// What is said about the caller, as the gate will see them.
    pub fn new(person: access::model::Person, caller: Caller) -> Me {
        let grants = caller.scope.grants().iter().map(|grant| GrantOut {
            organization_id: grant.organization_id,
            permissions: grant.permissions.clone(),
        });
        Me {
            id: person.id,
            name: person.name,
            email: person.email,
            second_factor: person.totp_confirmed,
            token_id: caller.token_id,
            grants: grants.collect(),
        }
    }
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Their id.
    pub id: Uuid,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// Whether they may act for any of the organizations you see here.
    pub active: bool,
    /// Whether a second factor is on.
    pub second_factor: bool,
    /// When they were last signed in; absent where that is long ago.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    /// Where they belong, as far as you can see.
    pub memberships: Vec<Membership>,
}

/// A role that a person holds at an organization, and so below it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Membership {
    /// Its id.
    pub id: Uuid,
    /// Who.
    pub person_id: Uuid,
    /// Where.
    pub organization_id: Uuid,
    /// The organization's name.
    pub organization: String,
    /// The role: a built-in role's key, or a custom role's id.
    pub role: String,
    /// What people call the role.
    pub role_name: String,
    /// Whether it gives any right.
    pub active: bool,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

/// An invitation that waits to be accepted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Its id.
    pub id: Uuid,
    /// Whom it is for.
    pub email: String,
    /// Where to.
    pub organization_id: Option<Uuid>,
    /// The organization's name.
    pub organization: String,
    /// The role there: a built-in role's key, or a custom role's id.
    pub role: Option<String>,
    /// What people call the role.
    pub role_name: String,
    /// Who made it.
    pub invited_by: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl Invitation {
    /// What is shown of a link.
    pub fn new(link: Link, organization: String, role_name: String) -> Self {
        Invitation {
            id: link.id,
            email: link.email,
            organization_id: link.organization_id,
            organization,
            role: link.role,
            role_name,
            invited_by: link.invited_by,
            created_at: link.created_at,
            expires_at: link.expires_at,
        }
    }
}

/// A new invitation with its link: the only time the link is shown.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invited {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// Hand this to the person invited. It works once, is not kept, and cannot be shown again.
    pub link: String,
}
