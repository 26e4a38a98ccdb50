//! What is said of overlaps, what became of them, and the money.

use serde::{Deserialize, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    licenses::commands::Origin, plan_subscriptions::model::AssignedPlan,
    subscriptions::model::Choice,
};

/// What becomes of an overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OverlapResolution)]
pub enum Resolution {
    /// Holders keep their units and add-ons, which are of the new plan from now on; the old license is superseded.
    Transfer,
    /// Both stay, each with its own units.
    KeepBoth,
    /// The old license is superseded, and whoever has its units loses them.
    End,
}

impl Resolution {
    /// The resolution that a word names.
    pub fn parse(word: &str) -> Option<Resolution> {
        match word {
            "transfer" => Some(Resolution::Transfer),
            "keep_both" => Some(Resolution::KeepBoth),
            "end" => Some(Resolution::End),
            _ => None,
        }
    }
}

/// How many units there are after a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TransferredUnits)]
pub enum Units {
    /// As many as the old license has.
    #[default]
    Keep,
    /// As many as the old license has, or as are ordered of the component, whatever is more.
    Larger,
    /// As many as are ordered of the component.
    New,
}

impl Units {
    /// The choice that a word names.
    pub fn parse(word: &str) -> Option<Units> {
        match word {
            "keep" => Some(Units::Keep),
            "larger" => Some(Units::Larger),
            "new" => Some(Units::New),
            _ => None,
        }
    }
}

/// What is said of one overlap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// Which: the pool of the customer.
    pub pool_id: Uuid,
    /// What becomes of it; where it is not said, bindings go over if the plan takes the place of what the customer
    /// has, and both stay otherwise.
    pub resolution: Option<Resolution>,
    /// How many units there are after a transfer.
    pub units: Units,
    /// Who loses a unit, where there are to be fewer than are in use.
    pub choice: Choice,
}

/// What became of one overlap.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = CrossgradeStep)]
pub struct Step {
    /// The pool of the customer.
    pub pool_id: Uuid,
    /// The license it was of.
    pub old_license_id: Uuid,
    /// That license's SKU.
    pub old_sku_code: String,
    /// The product.
    pub product_name: String,
    /// What became of it.
    pub resolution: Resolution,
    /// Units before.
    pub units_before: i64,
    /// Units afterwards.
    pub units: i64,
    /// Units bound to holders that went over.
    pub bound: i64,
    /// Units passed on to organizations below the customer that went over.
    pub passed_on: i64,
    /// The license that took over; none where none did.
    pub license_id: Option<Uuid>,
    /// The last day of the old license.
    #[schema(value_type = Option<String>, format = Date)]
    pub old_end_date: Option<Date>,
    /// The last day of the license that holders have units of now.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
    /// Assignments that ended.
    pub ended: Vec<Uuid>,
    /// What the pool was before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub origin: Option<Origin>,
}

impl Step {
    /// The step without what only taking it back needs.
    pub fn shown(self) -> Step {
        Step {
            origin: None,
            ..self
        }
    }
}

/// One amount, and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CrossgradeAmount)]
pub struct Amount {
    /// `credit` for days of an old license that are not used, `charge` for the new, `difference` where both end on
    /// one day.
    pub kind: String,
    /// The SKU it is for.
    pub sku_code: String,
    /// Units.
    pub units: i64,
    /// Price of one unit for the term, in minor units; none where it is not known.
    pub unit_price_minor: Option<i64>,
    /// Days it is for.
    pub days: Option<i64>,
    /// Days of the whole term.
    pub of_days: Option<i64>,
    /// The amount in minor units, negative for a credit; none where the price is not known.
    pub amount_minor: Option<i64>,
    /// Its currency, ISO 4217.
    pub currency: Option<String>,
    /// How it came about, such as `80 × 120.00 × 153 ÷ 365 = 4024.11`; or why it is not known.
    pub formula: String,
}

/// The money of a crossgrade.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CrossgradeMoney)]
pub struct Money {
    /// Every amount.
    pub lines: Vec<Amount>,
    /// What they come to, by currency.
    pub totals: Vec<Total>,
}

/// A sum in one currency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = CrossgradeTotal)]
pub struct Total {
    /// The currency, ISO 4217.
    pub currency: String,
    /// The sum in minor units.
    pub amount_minor: i64,
}

/// A crossgrade that was done, or that a preview would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Crossgraded {
    /// What the customer has now.
    pub assigned: AssignedPlan,
    /// What became of each overlap.
    pub steps: Vec<Step>,
    /// Plan subscriptions whose place it took.
    pub superseded: Vec<Uuid>,
    /// Licenses left over, which run to their own end.
    pub unbundled: Vec<Uuid>,
    /// The money; none for who may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub money: Option<Money>,
}

/// What is kept of a crossgrade.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// What became of each overlap.
    pub steps: Vec<Step>,
    /// Plan subscriptions whose place it took.
    pub superseded: Vec<Uuid>,
    /// Licenses left over.
    pub unbundled: Vec<Uuid>,
}
