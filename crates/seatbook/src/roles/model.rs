//! Roles as they are shown, and what is said about a new one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    error::{Error, FieldError, Result},
    scope::{BuiltIn, Permission, custom::CustomRole},
};

/// A role, built in or made here.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Role {
    /// What memberships name: a built-in role's key, or a custom role's id.
    pub role: String,
    /// What people call it.
    pub name: String,
    /// It came with Seatbook and cannot be changed, but for the second factor.
    pub built_in: bool,
    /// Who made it: it can be given there and below. Absent for built-in roles.
    pub organization_id: Option<Uuid>,
    /// What it allows.
    pub permissions: Vec<Permission>,
    /// Whether its people must bring a second factor.
    pub requires_second_factor: bool,
    /// How many people hold it, as far as you can see.
    pub people: i64,
    /// Counts its changes; send it as `If-Match`. 0 for built-in roles never touched.
    pub version: i64,
}

impl Role {
    /// A role that came with Seatbook.
    pub fn built_in(role: BuiltIn) -> Role {
        Role {
            role: role.key().into(),
            name: role.label().into(),
            built_in: true,
            organization_id: None,
            permissions: role.permissions(),
            requires_second_factor: false,
            people: 0,
            version: 0,
        }
    }

    /// A role that somebody made.
    pub fn custom(role: CustomRole) -> Role {
        Role {
            role: role.id.to_string(),
            name: role.name,
            built_in: false,
            organization_id: Some(role.organization_id),
            permissions: role.permissions,
            requires_second_factor: role.requires_second_factor,
            people: 0,
            version: role.version,
        }
    }
}

/// What is said about a custom role, new or changed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleFacts {
    /// What people call it, 1 to 100 characters; unique at its organization.
    pub name: String,
    /// What it allows; nothing that you may not do yourself.
    pub permissions: Vec<Permission>,
    /// Whether its people must bring a second factor.
    #[serde(default)]
    pub requires_second_factor: bool,
}

impl RoleFacts {
    /// The facts in their one spelling, or everything that is wrong with them.
    pub fn checked(mut self) -> Result<RoleFacts> {
        let mut wrong = vec![];
        let mut add = |field: &str, code: &'static str, message: &str| {
            wrong.push(FieldError {
                field: field.into(),
                code: code.into(),
                message: message.into(),
            });
        };
        self.name = rules::text::normalize_key(&self.name);
        let label = |role: &BuiltIn| role.label().eq_ignore_ascii_case(&self.name);
        if self.name.is_empty() || self.name.chars().count() > 100 {
            add(
                "name",
                "required",
                "Give the role a name of 1 to 100 characters.",
            );
        } else if BuiltIn::ALL.iter().any(label) {
            add("name", "role.name_taken", "A built-in role has this name.");
        }
        if self.permissions.is_empty() {
            add("permissions", "required", "Choose what the role allows.");
        }
        self.permissions.sort_unstable();
        self.permissions.dedup();
        if wrong.is_empty() {
            Ok(self)
        } else {
            Err(Error::invalid_fields(wrong))
        }
    }
}
