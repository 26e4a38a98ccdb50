//! A request for units as a row.

use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// A request for units.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UnitRequest {
    /// Its id.
    pub id: Uuid,
    /// The customer that asks.
    pub organization_id: Uuid,
    /// The customer's name.
    pub organization_name: String,
    /// Who decides: the organization above it.
    pub partner_id: Uuid,
    /// What is wanted.
    pub sku_id: Uuid,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `device`.
    pub unit: String,
    /// Several units, such as `devices`.
    pub units: String,
    /// How many.
    pub quantity: i64,
    /// What for.
    pub note: Option<String>,
    /// `waiting`, `approved`, `refused` or `withdrawn`.
    pub state: String,
    /// What the account manager said to it.
    pub answer: Option<String>,
    /// The license it led to.
    pub license_id: Option<Uuid>,
    /// When it was asked.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub decided_at: Option<Timestamp>,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl FromRow for UnitRequest {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(UnitRequest {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            partner_id: row.get(3)?,
            sku_id: row.get(4)?,
            sku_code: row.get(5)?,
            product_name: row.get(6)?,
            unit: row.get(7)?,
            units: row.get(8)?,
            quantity: row.get(9)?,
            note: row.get(10)?,
            state: row.get(11)?,
            answer: row.get(12)?,
            license_id: row.get(13)?,
            created_at: row.get(14)?,
            decided_at: row.get(15)?,
            version: row.get(16)?,
        })
    }
}
