//! Who may do what where.
//!
//! Owns: permissions, roles, memberships, and the shape of the tree of organizations (nodes, closure, suspension).
//! Does not own: what an organization is called (`organizations`), who a person is (`access`).
//! Keeps true: a [`Scope`] is made only from stored memberships; the closure equals the tree; what cannot
//! be seen answers exactly like what does not exist.
//! Others may use: everything here; it knows nothing of them.

pub mod custom;
pub mod members;
pub mod permission;
pub mod queries;
pub mod role;
pub mod tree;

pub use permission::Permission;
pub use role::BuiltIn;

use std::sync::Arc;

use serde::Serialize;
use uuid::Uuid;

use crate::error::{Error, Kind, Result};

/// The rights of one caller, cheap to clone: which permissions it holds at which organizations, and so below them.
#[derive(Clone, Debug)]
pub struct Scope {
    grants: Arc<[Grant]>,
}

/// Permissions held at one organization and everything below it.
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    /// Where.
    pub organization_id: Uuid,
    /// What.
    pub permissions: Vec<Permission>,
    /// Steps from the root: at 0 the whole tree lies below.
    pub depth: i64,
}

impl Scope {
    /// Only the queries of this room make scopes, from rows.
    fn new(grants: Vec<Grant>) -> Self {
        Scope {
            grants: grants.into(),
        }
    }

    /// The rights of nobody in particular: Seatbook itself asks for none.
    pub fn none() -> Self {
        Scope::new(vec![])
    }

    /// The organizations below which `permission` is held.
    pub fn roots(&self, permission: Permission) -> Vec<Uuid> {
        let holding = self
            .grants
            .iter()
            .filter(|grant| grant.permissions.contains(&permission));
        holding.map(|grant| grant.organization_id).collect()
    }

    /// Whether `permission` is held anywhere: what decides if a page is in the menu.
    pub fn holds(&self, permission: Permission) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.permissions.contains(&permission))
    }

    /// Whether `permission` is held at the root, so that a list need not look where a row belongs.
    pub fn sees_everything(&self, permission: Permission) -> bool {
        self.grants
            .iter()
            .any(|grant| grant.depth == 0 && grant.permissions.contains(&permission))
    }

    /// Like [`Scope::roots`], or 403 where it is held nowhere.
    pub fn require(&self, permission: Permission) -> Result<Vec<Uuid>> {
        let roots = self.roots(permission);
        if roots.is_empty() {
            Err(missing(permission))
        } else {
            Ok(roots)
        }
    }

    /// Every grant, for the account page.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The same scope, held to the permissions an API token was given.
    pub fn limited_to(self, permissions: &[Permission]) -> Self {
        let mut grants = self.grants.to_vec();
        for grant in &mut grants {
            grant
                .permissions
                .retain(|permission| permissions.contains(permission));
        }
        Scope::new(grants)
    }
}

/// 403: the object is visible, the permission is not held.
pub fn missing(permission: Permission) -> Error {
    let message = format!(
        "You need the permission “{}” for this.",
        permission.as_str()
    );
    Error::new(Kind::Forbidden, "permission.missing", message)
        .with("permission", permission.as_str())
}
