//! A workbook as it was exported, and one customer in it.

use serde::{Deserialize, Serialize};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// The customers of a license as they were exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workbook {
    /// Its id.
    pub id: Uuid,
    /// The pool whose customers are in it.
    pub pool_id: Uuid,
    /// The license of that pool.
    pub license_id: Uuid,
    /// Who holds the pool, and may bring the workbook back.
    pub organization_id: Uuid,
    /// What the customers were narrowed to; absent where all of them are in it.
    pub keyword: Option<String>,
    /// Customers in it.
    pub row_count: i64,
    /// It has more than 100,000 customers: it has no keys, and cannot come back.
    pub read_only: bool,
    /// Whether all rows are written down.
    #[serde(skip)]
    pub ready: bool,
    /// Who exported it.
    #[serde(skip)]
    pub created_by: Uuid,
    /// When it was exported.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Until when it can come back.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl FromRow for Workbook {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let keyword: String = row.get(4)?;
        Ok(Workbook {
            id: row.get(0)?,
            pool_id: row.get(1)?,
            license_id: row.get(2)?,
            organization_id: row.get(3)?,
            keyword: Some(keyword).filter(|keyword| !keyword.is_empty()),
            row_count: row.get(5)?,
            read_only: row.get(6)?,
            ready: row.get(7)?,
            created_by: row.get(8)?,
            created_at: row.get(9)?,
            expires_at: row.get(10)?,
        })
    }
}

/// A customer as it was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the workbook, from 1.
    pub number: i64,
    /// The organization.
    pub organization_id: Uuid,
    /// Its name.
    pub name: String,
    /// The key by which other systems know it.
    pub reference: Option<String>,
    /// `partner` or `customer`.
    pub kind: String,
    /// Units it had.
    pub units: i64,
    /// Units of them in use.
    pub in_use: i64,
    /// When the units last changed.
    pub changed_at: Timestamp,
}

impl FromRow for Line {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Line {
            number: row.get(0)?,
            organization_id: row.get(1)?,
            name: row.get(2)?,
            reference: row.get(3)?,
            kind: row.get(4)?,
            units: row.get(5)?,
            in_use: row.get(6)?,
            changed_at: row.get(7)?,
        })
    }
}

/// What an organization is, as a cell says it.
pub fn kind_word(kind: &str) -> &'static str {
    match kind {
        "partner" => "Partner",
        _ => "Customer",
    }
}
