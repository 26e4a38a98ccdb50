//! What is said about a service plan, new or changed, and whether it can be said.

use rules::term::Validity;
use serde::{Deserialize, Deserializer, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::{BilledEvery, Edition, ServicePlan};
use crate::catalog::facts::{LONGEST_CODE, LONGEST_NAME, Wrong};

/// The longest notice of a renewal, in days.
pub const LONGEST_NOTICE: i64 = 3_660;
/// The notice of a renewal, in days, unless somebody says otherwise.
pub const USUAL_NOTICE: i64 = 30;

/// What is said about a service plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanFacts {
    /// Its code, unique.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Full, trial or not for resale.
    pub edition: Edition,
    /// How often it is billed.
    pub billing: BilledEvery,
    /// How long one term runs, as an ISO 8601 duration.
    pub term: String,
    /// Whether what is assigned of it renews, unless somebody says otherwise.
    pub auto_renews: bool,
    /// Days before the end from which the next term is announced.
    pub notice_days: i64,
    /// The plan that a trial becomes when it is converted.
    pub full_plan_id: Option<Uuid>,
    /// From this day on it cannot be assigned.
    pub end_of_sale: Option<Date>,
    /// From this day on it is not shown either.
    pub end_of_life: Option<Date>,
}

impl PlanFacts {
    /// What is said about a plan now.
    pub fn of(plan: &ServicePlan) -> Self {
        PlanFacts {
            code: plan.code.clone(),
            name: plan.name.clone(),
            edition: plan.edition,
            billing: plan.billing,
            term: plan.term.to_string(),
            auto_renews: plan.auto_renews,
            notice_days: plan.notice_days,
            full_plan_id: plan.full_plan_id,
            end_of_sale: plan.end_of_sale,
            end_of_life: plan.end_of_life,
        }
    }

    /// The term of a plan about which nobody said one: a period of its bill.
    pub const fn usual_term(billing: BilledEvery) -> &'static str {
        match billing {
            BilledEvery::Monthly => "P1M",
            BilledEvery::Yearly => "P1Y",
        }
    }

    /// The same facts with stray spaces gone; what is wrong with them is added to the rest.
    pub(super) fn checked(self, wrong: &mut Wrong) -> Self {
        let term = rules::text::normalize_key(&self.term);
        if let Err(why) = term.parse::<Validity>() {
            let message = format!("Write a term as P1Y, P1M or P30D: this is {why}.");
            wrong.add("term", "malformed", message);
        }
        if !(0..=LONGEST_NOTICE).contains(&self.notice_days) {
            wrong.add("notice_days", "out_of_range", "Notice is 0 to 3,660 days.");
        }
        if self.full_plan_id.is_some() && self.edition != Edition::Trial {
            let message = "Only a trial is converted to a full plan.";
            wrong.add("full_plan_id", "plan.not_trial", message);
        }
        if let (Some(sale), Some(life)) = (self.end_of_sale, self.end_of_life)
            && life < sale
        {
            let message = "A plan is at the end of its life when it is no longer sold, or later.";
            wrong.add("end_of_life", "before_start", message);
        }
        PlanFacts {
            code: wrong.text("code", &self.code, LONGEST_CODE),
            name: wrong.text("name", &self.name, LONGEST_NAME),
            term,
            ..self
        }
    }
}

/// What changes about a service plan; what is not said stays. Its components are changed by a new composition.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ServicePlanEdit)]
pub struct PlanEdit {
    /// Its code, unique; 1 to 120 characters.
    pub code: Option<String>,
    /// Its name, 1 to 200 characters.
    pub name: Option<String>,
    /// Full, trial or not for resale. It is fixed as soon as a customer was given the plan.
    pub edition: Option<Edition>,
    /// How often it is billed.
    pub billing: Option<BilledEvery>,
    /// How long one term runs: an ISO 8601 duration such as `P1Y`. What customers have keeps its term.
    pub term: Option<String>,
    /// Whether what is assigned of it renews, unless somebody says otherwise.
    pub auto_renews: Option<bool>,
    /// Days before the end from which the next term is announced, 0 to 3,660.
    pub notice_days: Option<i64>,
    /// The full plan that a trial becomes when it is converted; `null` for none.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Uuid>)]
    pub full_plan_id: Option<Option<Uuid>>,
    /// From this day on it cannot be assigned; `null` for no such day.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub end_of_sale: Option<Option<Date>>,
    /// From this day on it is not shown either, not before the end of sale; `null` for no such day.
    #[serde(deserialize_with = "said", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub end_of_life: Option<Option<Date>>,
}

impl PlanEdit {
    /// The facts as this edit leaves them. What is no trial any more is converted to nothing.
    pub(super) fn onto(&self, facts: PlanFacts) -> PlanFacts {
        let edition = self.edition.unwrap_or(facts.edition);
        let kept = facts.full_plan_id.filter(|_| edition == Edition::Trial);
        PlanFacts {
            code: self.code.clone().unwrap_or(facts.code),
            name: self.name.clone().unwrap_or(facts.name),
            edition,
            billing: self.billing.unwrap_or(facts.billing),
            term: self.term.clone().unwrap_or(facts.term),
            auto_renews: self.auto_renews.unwrap_or(facts.auto_renews),
            notice_days: self.notice_days.unwrap_or(facts.notice_days),
            full_plan_id: self.full_plan_id.unwrap_or(kept),
            end_of_sale: self.end_of_sale.unwrap_or(facts.end_of_sale),
            end_of_life: self.end_of_life.unwrap_or(facts.end_of_life),
        }
    }
}

/// Tells a field that is `null` from one that is not there.
fn said<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::<T>::deserialize(deserializer).map(Some)
}

/// A component as it is asked for: a SKU, or a product that one SKU sells; and the units that a customer gets unless
/// somebody says otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServicePlanComponentIn)]
pub struct ComponentIn {
    /// The SKU.
    #[serde(default)]
    pub sku_id: Option<Uuid>,
    /// The product instead, where exactly one SKU sells it.
    #[serde(default)]
    pub product_id: Option<Uuid>,
    /// Units, 1 to 999,999.
    pub units: i64,
}
