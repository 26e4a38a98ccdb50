//! For whom the rows of a file are judged.

use store::{Timestamp, Tx};
use uuid::Uuid;

use crate::{
    error::{Kind, Result},
    gate::{Caller, Origin},
    scope::{self, Permission},
};

/// For whom a file is judged.
#[derive(Clone, Debug)]
pub struct Asker {
    /// Their rights.
    pub caller: Caller,
    /// Where what is imported belongs.
    pub organization_id: Uuid,
    /// When.
    pub now: Timestamp,
}

impl Asker {
    /// Whether a permission is held at an organization. Seatbook itself may do everything.
    pub async fn may(&self, tx: &mut Tx<'_>, permission: Permission, at: Uuid) -> Result<bool> {
        if self.caller.origin == Origin::System {
            return Ok(true);
        }
        let asked = scope::queries::check_visible(tx, &self.caller.scope, permission, at).await;
        match asked {
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            asked => asked.map(|()| true),
        }
    }
}
