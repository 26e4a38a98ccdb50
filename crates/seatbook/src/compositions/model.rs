//! What a changed composition means for one customer, and what came of approving it.

use serde::{Deserialize, Serialize};
use store::Date;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    licenses::model::License,
    plan_subscriptions::model::{AssignedPlan, Part, PlanSubscription},
    plans::model::Component,
    renewals::commands::{Money, Sum},
};

/// What approving the newest composition would bring to a customer.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The licenses that stay, with the place that their component has in the newest composition.
    pub kept: Vec<(i64, License)>,
    /// Components that are new, as the newest composition has them.
    pub new: Vec<Component>,
    /// Licenses of components that are gone, with the place they had.
    pub gone: Vec<Part>,
}

impl Change {
    /// The same as it is shown.
    pub fn into_out(self, of: &PlanSubscription) -> CompositionChange {
        let kept = self.kept.iter();
        let gone = self.gone.iter();
        CompositionChange {
            subscription_id: of.id,
            plan_id: of.plan_id,
            composition: of.composition,
            newest_composition: of.newest_composition,
            declined: of.declined,
            locked: of.is_locked(),
            kept: kept
                .map(|(at, it)| CompositionPart::of_license(*at, it))
                .collect(),
            new: self.new.iter().map(CompositionPart::of_component).collect(),
            gone: gone
                .map(|it| CompositionPart::of_license(it.position, &it.license))
                .collect(),
        }
    }
}

/// A component, or the license that a customer has of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompositionPart {
    /// Its place among the components: in the newest composition, or of what is gone in the one that the customer has.
    pub position: i64,
    /// The SKU.
    pub sku_id: Uuid,
    /// The SKU's code.
    pub sku_code: String,
    /// The product's name.
    pub product_name: String,
    /// One unit, such as `user`.
    pub unit: String,
    /// Several units, such as `users`.
    pub units_name: String,
    /// Units: those that the license has, or that the plan says of a new component.
    pub units: i64,
    /// The license; none of a new component.
    pub license_id: Option<Uuid>,
    /// The license's last day; none of a new component.
    #[schema(value_type = Option<String>, format = Date)]
    pub end_date: Option<Date>,
}

impl CompositionPart {
    /// A license that a customer has, at a place.
    pub fn of_license(position: i64, it: &License) -> CompositionPart {
        CompositionPart {
            position,
            sku_id: it.sku_id,
            sku_code: it.sku_code.clone(),
            product_name: it.product_name.clone(),
            unit: it.unit.clone(),
            units_name: it.units.clone(),
            units: it.quantity,
            license_id: Some(it.id),
            end_date: it.end_date,
        }
    }

    /// A component that is new.
    pub fn of_component(it: &Component) -> CompositionPart {
        CompositionPart {
            position: it.position,
            sku_id: it.sku_id,
            sku_code: it.sku_code.clone(),
            product_name: it.product_name.clone(),
            unit: it.unit.clone(),
            units_name: it.units_name.clone(),
            units: it.units,
            license_id: None,
            end_date: None,
        }
    }
}

/// What approving the newest composition of a plan would bring to a customer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompositionChange {
    /// What the customer has of the plan.
    pub subscription_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The composition that the customer has.
    pub composition: i64,
    /// The composition that the plan has today.
    pub newest_composition: i64,
    /// The newest composition that was declined for this customer; 0 for none.
    pub declined: i64,
    /// Whether it is locked: nobody has approved or declined the newest composition.
    pub locked: bool,
    /// Components that both have: their licenses stay as they are, units too.
    pub kept: Vec<CompositionPart>,
    /// Components that are new: a license of each is drawn or issued, up to the last day of the plan's present term.
    pub new: Vec<CompositionPart>,
    /// Components that are gone: their licenses run to their own end as what is left over.
    pub gone: Vec<CompositionPart>,
}

/// A composition that was approved for a customer, or a preview of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ApprovedComposition)]
pub struct Approved {
    /// What the customer has now.
    pub assigned: AssignedPlan,
    /// Licenses that stayed as they were.
    pub kept: Vec<Uuid>,
    /// Licenses that are new, and what they cost for their days.
    pub new: Vec<NewPart>,
    /// Licenses of components that are gone, which run to their own end.
    pub unbundled: Vec<Uuid>,
    /// What the new ones cost, currency by currency, as far as you see prices.
    pub sums: Vec<Sum>,
}

/// A license that came with a composition.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = NewCompositionPart)]
pub struct NewPart {
    /// The license.
    pub license_id: Uuid,
    /// Its SKU.
    pub sku_code: String,
    /// Units.
    pub quantity: i64,
    /// What it costs from its first to its last day.
    pub money: Money,
}
