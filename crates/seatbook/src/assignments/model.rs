//! Assignments as rows, what is asked for, and what came of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::{FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// Units of a pool bound to a holder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Assignment {
    /// Its id.
    pub id: Uuid,
    /// The license whose units they are.
    pub license_id: Uuid,
    /// The pool they came from.
    pub pool_id: Uuid,
    /// Whose pool and holder.
    pub organization_id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// The product's code.
    pub product_code: String,
    /// The product's name.
    pub product_name: String,
    /// Who or what uses them.
    pub holder_id: Uuid,
    /// Their name.
    pub holder_name: String,
    /// Their kind: `user`, `device`, `screen` or `extension`.
    pub holder_kind: String,
    /// Their extension.
    pub extension: Option<String>,
    /// Their direct number.
    pub did: Option<String>,
    /// The person behind it: the holder, or whom it belongs to.
    pub user_id: Option<Uuid>,
    /// That person's name.
    pub user_name: Option<String>,
    /// For an add-on, the base assignment it is bound to.
    pub base_id: Option<Uuid>,
    /// Units.
    pub units: i64,
    /// Add-ons bound to it now.
    pub add_ons: i64,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub assigned_at: Timestamp,
    /// Until when; absent while it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it ended: `unassigned`, `reassigned`, `left`, `terminated`, `reduced` or `undone`.
    pub ending: Option<String>,
    /// The assignment it goes on from, for units that were reassigned.
    pub follows_id: Option<Uuid>,
    /// When the license ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Timestamp>,
    /// Counts its changes.
    pub version: i64,
}

impl FromRow for Assignment {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Assignment {
            id: row.get(0)?,
            license_id: row.get(1)?,
            pool_id: row.get(2)?,
            organization_id: row.get(3)?,
            product_id: row.get(4)?,
            product_code: row.get(5)?,
            product_name: row.get(6)?,
            holder_id: row.get(7)?,
            holder_name: row.get(8)?,
            holder_kind: row.get(9)?,
            extension: row.get(10)?,
            did: row.get(11)?,
            user_id: row.get(12)?,
            user_name: row.get(13)?,
            base_id: row.get(14)?,
            units: row.get(15)?,
            add_ons: row.get(16)?,
            assigned_at: row.get(17)?,
            ended_at: row.get(18)?,
            ending: row.get(19)?,
            follows_id: row.get(20)?,
            ends_at: row.get(21)?,
            version: row.get(22)?,
        })
    }
}

/// An assignment without names: what commands work with.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// Its id.
    pub id: Uuid,
    /// The license whose units they are.
    pub license_id: Uuid,
    /// The pool they came from.
    pub pool_id: Uuid,
    /// Whose.
    pub organization_id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Who or what uses them.
    pub holder_id: Uuid,
    /// The person behind it.
    pub user_id: Option<Uuid>,
    /// For an add-on, its base.
    pub base_id: Option<Uuid>,
    /// Units.
    pub units: i64,
    /// The product allows a holder one unit at a time.
    pub single: bool,
    /// Add-ons bound to it.
    pub add_ons: i64,
    /// The assignment it goes on from.
    pub follows_id: Option<Uuid>,
    /// Whether it has ended.
    pub ended: bool,
    /// Counts its changes.
    pub version: i64,
}

impl FromRow for Binding {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let ended_at: Option<Timestamp> = row.get(12)?;
        Ok(Binding {
            id: row.get(0)?,
            license_id: row.get(1)?,
            pool_id: row.get(2)?,
            organization_id: row.get(3)?,
            product_id: row.get(4)?,
            holder_id: row.get(5)?,
            user_id: row.get(6)?,
            base_id: row.get(7)?,
            units: row.get(8)?,
            single: row.get(9)?,
            add_ons: row.get(10)?,
            follows_id: row.get(11)?,
            ended: ended_at.is_some(),
            version: row.get(13)?,
        })
    }
}

impl Binding {
    /// What the journal keeps of a new one.
    pub fn facts(&self) -> Value {
        json!({"license_id": self.license_id, "pool_id": self.pool_id, "product_id": self.product_id,
            "holder_id": self.holder_id, "user_id": self.user_id, "base_id": self.base_id, "units": self.units,
            "add_ons": self.add_ons, "follows_id": self.follows_id})
    }
}

/// Why an assignment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Somebody freed the unit.
    Unassigned,
    /// Somebody else has it now.
    Reassigned,
    /// Its holder left.
    Left,
    /// The unit itself was given up.
    Terminated,
    /// The quantity was lowered below use.
    Reduced,
    /// The change that made it was taken back.
    Undone,
}

impl Ending {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Ending::Unassigned => "unassigned",
            Ending::Reassigned => "reassigned",
            Ending::Left => "left",
            Ending::Terminated => "terminated",
            Ending::Reduced => "reduced",
            Ending::Undone => "undone",
        }
    }
}

/// One binding that is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssignmentIn)]
pub struct Wanted {
    /// The product.
    pub product_id: Uuid,
    /// Who or what shall use it. With `extension`, the user it belongs to; absent, the extension waits for one.
    #[serde(default)]
    pub holder_id: Option<Uuid>,
    /// The pool the units shall come from; else the one that ends first.
    #[serde(default)]
    pub pool_id: Option<Uuid>,
    /// Units: 1 unless said. More than one only of a product that allows a holder several.
    #[serde(default = "one")]
    pub units: i64,
    /// For a product with extensions: the extension that uses the unit, made where there is none.
    #[serde(default, skip_serializing)]
    pub extension: Option<String>,
    /// The extension's direct number.
    #[serde(default, skip_serializing)]
    pub number: Option<String>,
    /// Add-on products to bind to it at once.
    #[serde(default)]
    pub add_ons: Vec<Uuid>,
    /// For an add-on: the base assignment to bind it to.
    #[serde(default)]
    pub base_id: Option<Uuid>,
}

fn one() -> i64 {
    1
}

/// What becomes of rows that cannot be done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AssignmentMode)]
pub enum Mode {
    /// One such row, and nothing is done.
    #[default]
    All,
    /// The others are done; the answer names those that were not.
    Good,
}

/// What was bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bound {
    /// The row it was asked in, from zero.
    pub row: usize,
    /// The new assignment.
    pub id: Uuid,
    /// Its holder: with an extension, the extension.
    pub holder_id: Uuid,
    /// The pool its units came from.
    pub pool_id: Uuid,
    /// The add-ons bound to it at once.
    pub add_ons: Vec<BoundAddOn>,
}

/// An add-on that was bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoundAddOn {
    /// Its assignment.
    pub id: Uuid,
    /// The add-on product.
    pub product_id: Uuid,
    /// The pool its unit came from.
    pub pool_id: Uuid,
}

/// Why a row was not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RefusedRow {
    /// The row, from zero.
    pub row: usize,
    /// The field it is about, such as `holder_id` or `add_ons[1]`.
    pub field: Cow<'static, str>,
    /// Stable code, such as `pool.exhausted`.
    pub code: Cow<'static, str>,
    /// A sentence for a person.
    pub message: String,
    /// Numbers and ids a program can act on, such as `free`.
    #[schema(value_type = Object)]
    pub facts: Box<Map<String, Value>>,
}

impl RefusedRow {
    /// A row that is refused for one field.
    pub fn new(
        row: usize,
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        RefusedRow {
            row,
            field: field.into(),
            code: code.into(),
            message: message.into(),
            facts: Box::default(),
        }
    }

    /// Adds a fact a program can act on.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }
}

/// Something worth knowing about what was bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AssignmentNotice)]
pub struct Notice {
    /// The row, from zero.
    pub row: usize,
    /// Stable code, such as `add_on.ends_first`.
    pub code: Cow<'static, str>,
    /// A sentence for a person.
    pub message: String,
}

/// What came of binding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AssignmentsMade)]
pub struct Made {
    /// What was bound, by row.
    pub assigned: Vec<Bound>,
    /// What was not, by row; only where the good rows were asked for.
    pub refused: Vec<RefusedRow>,
    /// What is worth knowing.
    pub notices: Vec<Notice>,
}

/// What came of freeing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = AssignmentsFreed)]
pub struct Freed {
    /// The assignments that ended, base and add-on.
    pub ended: Vec<Uuid>,
    /// Units that went back to their pools.
    pub units: i64,
    /// How many of the assignments were add-ons that went with their base.
    pub add_ons: i64,
}
