//! Allocations as rows: the pools of child organizations.

use serde::{Deserialize, Serialize};
use store::{FromRow, Row};
use utoipa::ToSchema;
use uuid::Uuid;

/// What one child organization was given of a pool.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Allocation {
    /// The child's pool; none while it was given nothing.
    pub pool_id: Option<Uuid>,
    /// The child.
    pub organization_id: Uuid,
    /// Its name.
    pub organization_name: String,
    /// `partner` or `customer`.
    pub organization_kind: String,
    /// Units it was given.
    pub quantity: i64,
    /// Units of them it has itself passed on or bound.
    pub in_use: i64,
}

impl FromRow for Allocation {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Allocation {
            pool_id: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            organization_kind: row.get(3)?,
            quantity: row.get(4)?,
            in_use: row.get(5)?,
        })
    }
}

/// The balance of a pool: quantity = allocated + assigned + free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PoolBalance {
    /// The pool.
    pub pool_id: Uuid,
    /// Units in it.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound to own holders.
    pub assigned: i64,
    /// Units free.
    pub free: i64,
    /// The shares that changed, as they are now.
    pub changed: Vec<Share>,
}

/// One child's share after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Share {
    /// The child.
    pub organization_id: Uuid,
    /// What it had.
    pub before: i64,
    /// What it has.
    pub quantity: i64,
}

/// A pool's facts that gate a change of its shares.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Whose it is.
    pub organization_id: Uuid,
    /// Its license.
    pub license_id: Uuid,
    /// Units in it.
    pub quantity: i64,
    /// Units passed on.
    pub allocated: i64,
    /// Units bound.
    pub assigned: i64,
    /// Whether the license was ever used.
    pub used: bool,
}

/// One child that a change names, as it stands.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// The child.
    pub organization_id: Uuid,
    /// Its pool of this license.
    pub pool_id: Option<Uuid>,
    /// From where that pool's units came.
    pub parent_id: Option<Uuid>,
    /// Units it has.
    pub quantity: i64,
    /// Units of them in use.
    pub in_use: i64,
    /// It or one above it is suspended.
    pub blocked: bool,
}

impl Child {
    /// Whether units of `pool_id` may be given to it or taken back: it has none of this license, or has them
    /// from there, or was emptied before it came here.
    pub fn takes_from(&self, pool_id: Uuid) -> bool {
        let emptied = self.quantity == 0 && self.in_use == 0 && self.parent_id.is_some();
        self.pool_id.is_none() || self.parent_id == Some(pool_id) || emptied
    }
}
