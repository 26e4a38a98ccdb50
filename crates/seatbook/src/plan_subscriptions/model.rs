//! Service plans that customers have, as rows, and what is ordered of one.

use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    licenses::model::{License, Pool},
    plans::model::Edition,
};

/// What people decided about a plan subscription. That its term is over follows from the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanSubscriptionStanding)]
pub enum Standing {
    /// It is what the customer has.
    Running,
    /// Another plan took its place.
    Superseded,
    /// It was ended.
    Ended,
}

impl Standing {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Standing::Running => "running",
            Standing::Superseded => "superseded",
            Standing::Ended => "ended",
        }
    }

    /// The standing that a stored word names.
    pub fn parse(word: &str) -> Option<Standing> {
        [Standing::Running, Standing::Superseded, Standing::Ended]
            .into_iter()
            .find(|it| it.as_str() == word)
    }
}

/// A service plan that a customer has: one line, with a license for each of its components.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PlanSubscription {
    /// Its id.
    pub id: Uuid,
    /// The customer.
    pub organization_id: Uuid,
    /// The customer's name.
    pub organization_name: String,
    /// Who sold it and bills it.
    pub seller_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The plan's code.
    pub plan_code: String,
    /// The plan's name.
    pub plan_name: String,
    /// Full, trial or not for resale.
    pub edition: Edition,
    /// The composition that it has.
    pub composition: i64,
    /// The composition that the plan has today.
    pub newest_composition: i64,
    /// The newest composition that was declined for it; 0 for none.
    pub declined: i64,
    /// The first day.
    #[schema(value_type = String, format = Date)]
    pub start_date: Date,
    /// The last day of the present term, inclusive.
    #[schema(value_type = String, format = Date)]
    pub end_date: Date,
    /// The customer's zone when it was assigned.
    pub time_zone: String,
    /// Whether it renews at the end of its term.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
    /// What people decided about it.
    pub standing: Standing,
    /// The one that took its place.
    pub successor_id: Option<Uuid>,
    /// When it ended, where that was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// When it was assigned.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl PlanSubscription {
    /// Whether the plan is made of other parts by now, and nobody has said yet what becomes of it here.
    pub fn is_locked(&self) -> bool {
        self.standing == Standing::Running
            && self.newest_composition > self.composition.max(self.declined)
    }
}

impl FromRow for PlanSubscription {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (edition, standing): (String, String) = (row.get(7)?, row.get(16)?);
        let unknown = |what: &str| store::Error::Value(format!("plan subscription {what}"));
        Ok(PlanSubscription {
            id: row.get(0)?,
            organization_id: row.get(1)?,
            organization_name: row.get(2)?,
            seller_id: row.get(3)?,
            plan_id: row.get(4)?,
            plan_code: row.get(5)?,
            plan_name: row.get(6)?,
            edition: Edition::parse(&edition).ok_or_else(|| unknown(&edition))?,
            composition: row.get(8)?,
            newest_composition: row.get(9)?,
            declined: row.get(10)?,
            start_date: row.get(11)?,
            end_date: row.get(12)?,
            time_zone: row.get(13)?,
            auto_renews: row.get(14)?,
            notice_days: row.get(15)?,
            standing: Standing::parse(&standing).ok_or_else(|| unknown(&standing))?,
            successor_id: row.get(17)?,
            ended_at: row.get(18)?,
            created_at: row.get(19)?,
            version: row.get(20)?,
        })
    }
}

/// What is ordered: a plan for a customer, with what differs from the plan's own words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanOrder {
    /// Who sells it and bills it.
    pub seller_id: Uuid,
    /// The customer, somewhere below the seller.
    pub customer_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// New units are issued; else they are drawn from the seller's own.
    pub issue: bool,
    /// The first day; none for at once.
    pub start_date: Option<Date>,
    /// The last day; by the plan's term unless said.
    pub end_date: Option<Date>,
    /// Whether it renews; as the plan says unless said.
    pub auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced; as the plan says unless said.
    pub notice_days: Option<i64>,
    /// What differs of its components.
    pub components: Vec<WantedComponent>,
}

/// What is ordered of one component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedComponent {
    /// Which: a SKU of the plan.
    pub sku_id: Uuid,
    /// Units, 1 to 999,999; as the plan says unless said.
    pub units: Option<i64>,
    /// Price of one unit for the term, in minor units. Needs `prices.edit`.
    pub price_minor: Option<i64>,
    /// The price's currency, ISO 4217.
    pub currency: Option<String>,
    /// The pool of the seller from which they are drawn; one that runs long enough, unless said.
    pub source_pool_id: Option<Uuid>,
}

/// A license of a plan subscription.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = PlanSubscriptionPart)]
pub struct Part {
    /// Its component's place in the composition, from 0.
    pub position: i64,
    /// The license.
    pub license: License,
}

/// A plan subscription with its licenses.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AssignedPlan {
    /// The subscription.
    #[serde(flatten)]
    pub subscription: PlanSubscription,
    /// Its licenses, in the order of the plan's components.
    pub parts: Vec<Part>,
}

/// Units that a customer has of something that a plan includes too.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Overlap {
    /// What the customer has: one of its pools.
    pub pool: Pool,
    /// Whether the license is the customer's own; else it is a share of one of somebody above.
    pub own: bool,
    /// Full, trial or not for resale.
    pub edition: Edition,
    /// The service plan that it is a part of, where it is.
    pub subscription_id: Option<Uuid>,
    /// The component that takes it over, where it is transferred: its place in the composition.
    pub position: i64,
    /// That component's SKU.
    pub sku_id: Uuid,
    /// The names of the products that both include.
    pub shared: Vec<String>,
    /// Whether both are of one product.
    pub same_product: bool,
    /// Whether one includes all that the other does.
    pub contained: bool,
    /// Whether bindings can go over: both products are base, or both add-on.
    pub transferable: bool,
}
