//! What is said anew of a service plan that a customer has, and what came of it.

use serde::{Deserialize, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    plan_subscriptions::model::AssignedPlan,
    renewals::commands::{Money, Sum},
    subscriptions::model::Choice,
};

/// What is said anew of one component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WantedPart {
    /// Which: its license.
    pub license_id: Option<Uuid>,
    /// Or its SKU, where it has one license.
    pub sku_id: Option<Uuid>,
    /// Units, 1 to 999,999; as many as now unless said.
    pub units: Option<i64>,
    /// Price of one unit for one validity of the SKU, and its currency; the one that holds unless said.
    pub price: Option<(i64, String)>,
    /// Who loses a unit, where there are to be fewer than are in use.
    pub choice: Choice,
}

/// What an amount is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanChangeReason)]
pub enum Reason {
    /// Other units, or another price.
    Units,
    /// Days that the term gains, or loses.
    Days,
}

/// One amount, and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanChangeLine)]
pub struct Line {
    /// The license it is for.
    pub license_id: Uuid,
    /// Its SKU.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// What it is for.
    pub reason: Reason,
    /// What it costs; below zero is what it gives back.
    pub money: Money,
}

/// What became of one license.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanPartChanged)]
pub struct PartChanged {
    /// Which.
    pub license_id: Uuid,
    /// Its SKU.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// Units before.
    pub quantity_before: i64,
    /// Units afterwards, or from the next term on.
    pub quantity: i64,
    /// The last day it had.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date_before: Option<Date>,
    /// The last day it has now.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// The assignments that ended, base and add-on.
    pub ended: Vec<Uuid>,
}

/// A service plan of a customer that was changed, or will be at its renewal.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanSubscriptionChanged)]
pub struct PlanChanged {
    /// What the customer has now.
    pub assigned: AssignedPlan,
    /// Whether the units and prices wait for the renewal.
    pub at_renewal: bool,
    /// The licenses that changed, or will.
    pub changed: Vec<PartChanged>,
    /// The assignments that ended, base and add-on, of all of them.
    pub ended: Vec<Uuid>,
    /// Every amount: for what is left of the period, for days, or for the next term.
    pub lines: Vec<Line>,
    /// What they come to, by currency, as far as you see prices.
    pub sums: Vec<Sum>,
}
