//! Service plans as rows.

use rules::term::Validity;
use serde::{Deserialize, Serialize};
use store::{Date, FromRow, Row, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

/// The most units of one component (product.md, C5).
pub const MOST_UNITS: i64 = 999_999;

/// In which version a plan is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edition {
    /// It is sold.
    #[default]
    Full,
    /// It is tried: once for each product and customer, and as it is.
    Trial,
    /// It is given to partners and to those who show it: units and first day are fixed.
    NotForResale,
}

impl Edition {
    /// All of them.
    pub const ALL: [Edition; 3] = [Edition::Full, Edition::Trial, Edition::NotForResale];

    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Edition::Full => "full",
            Edition::Trial => "trial",
            Edition::NotForResale => "not_for_resale",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            Edition::Full => "Full",
            Edition::Trial => "Trial",
            Edition::NotForResale => "Not for resale",
        }
    }

    /// The edition a stored word names.
    pub fn parse(word: &str) -> Option<Edition> {
        Edition::ALL.into_iter().find(|it| it.as_str() == word)
    }
}

/// How often a plan is billed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BilledEvery {
    /// Each month.
    Monthly,
    /// Each year.
    #[default]
    Yearly,
}

impl BilledEvery {
    /// What is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            BilledEvery::Monthly => "monthly",
            BilledEvery::Yearly => "yearly",
        }
    }

    /// What people read.
    pub const fn label(self) -> &'static str {
        match self {
            BilledEvery::Monthly => "Monthly",
            BilledEvery::Yearly => "Yearly",
        }
    }

    /// The frequency a stored word names.
    pub fn parse(word: &str) -> Option<BilledEvery> {
        match word {
            "monthly" => Some(BilledEvery::Monthly),
            "yearly" => Some(BilledEvery::Yearly),
            _ => None,
        }
    }
}

/// A service plan: a named template of components, given to a customer as one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServicePlan {
    /// Its id.
    pub id: Uuid,
    /// Its code, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Full, trial or not for resale.
    pub edition: Edition,
    /// How often it is billed.
    pub billing: BilledEvery,
    /// How long one term runs: an ISO 8601 duration such as `P1Y`.
    #[schema(value_type = String)]
    pub term: Validity,
    /// Whether what is assigned of it renews, unless somebody says otherwise.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
    /// The plan that a trial becomes when it is converted.
    pub full_plan_id: Option<Uuid>,
    /// From this day on it cannot be assigned.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_of_sale: Option<Date>,
    /// From this day on it is not shown either; what customers have of it runs out.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_of_life: Option<Date>,
    /// The composition that is assigned today, counted from 1.
    pub composition: i64,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts its changes; send it as `If-Match`.
    pub version: i64,
}

impl ServicePlan {
    /// Whether it can be assigned on a day.
    pub fn on_sale(&self, today: Date) -> bool {
        !self.is_over(today) && self.end_of_sale.is_none_or(|day| today < day)
    }

    /// Whether it is at the end of its life on a day.
    pub fn is_over(&self, today: Date) -> bool {
        self.end_of_life.is_some_and(|day| today >= day)
    }

    /// How it stands on a day.
    pub fn sale_state(&self, today: Date) -> SaleState {
        match (self.is_over(today), self.on_sale(today)) {
            (true, _) => SaleState::EndOfLife,
            (false, true) => SaleState::OnSale,
            (false, false) => SaleState::EndOfSale,
        }
    }
}

/// Whether a plan is sold. It follows from its dates and the day it is at the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SaleState {
    /// It can be assigned.
    OnSale,
    /// It is shown and cannot be assigned.
    EndOfSale,
    /// It is not shown; what customers have of it runs out.
    EndOfLife,
}

impl SaleState {
    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            SaleState::OnSale => "on_sale",
            SaleState::EndOfSale => "end_of_sale",
            SaleState::EndOfLife => "end_of_life",
        }
    }
}

/// A service plan with what one of its compositions is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ServicePlanWithComponents)]
pub struct WholePlan {
    /// The plan.
    #[serde(flatten)]
    pub plan: ServicePlan,
    /// Whether it is sold today.
    pub state: SaleState,
    /// The composition that `components` are of: the present one, unless another was asked for.
    pub components_of: i64,
    /// What it is made of, in order.
    pub components: Vec<Component>,
}

impl FromRow for ServicePlan {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        let (edition, billing, term): (String, String, String) =
            (row.get(3)?, row.get(4)?, row.get(5)?);
        let unknown = |what: &str| store::Error::Value(format!("service plan {what}"));
        Ok(ServicePlan {
            id: row.get(0)?,
            code: row.get(1)?,
            name: row.get(2)?,
            edition: Edition::parse(&edition).ok_or_else(|| unknown(&edition))?,
            billing: BilledEvery::parse(&billing).ok_or_else(|| unknown(&billing))?,
            term: term.parse().map_err(|_| unknown(&term))?,
            auto_renews: row.get(6)?,
            notice_days: row.get(7)?,
            full_plan_id: row.get(8)?,
            end_of_sale: row.get(9)?,
            end_of_life: row.get(10)?,
            composition: row.get(11)?,
            created_at: row.get(12)?,
            version: row.get(13)?,
        })
    }
}

/// A component of a service plan: a SKU with the units that a customer gets unless somebody says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ServicePlanComponent)]
pub struct Component {
    /// Its place among the components, from 0.
    pub position: i64,
    /// What is ordered.
    pub sku_id: Uuid,
    /// The SKU's code.
    pub sku_code: String,
    /// The product that the SKU sells.
    pub product_id: Uuid,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `user`.
    pub unit: String,
    /// Several units, such as `users`.
    pub units_name: String,
    /// Units that a customer gets unless somebody says otherwise, 1 to 999,999.
    pub units: i64,
}

impl FromRow for Component {
    fn from_row(row: &Row<'_>) -> store::Result<Self> {
        Ok(Component {
            position: row.get(0)?,
            sku_id: row.get(1)?,
            sku_code: row.get(2)?,
            product_id: row.get(3)?,
            product_name: row.get(4)?,
            unit: row.get(5)?,
            units_name: row.get(6)?,
            units: row.get(7)?,
        })
    }
}
