//! What the pages over changed compositions show.

use askama::Template;

use super::model::CompositionPart;
use crate::{
    console::{
        badges::Badge,
        fields::Field,
        format::{self, Moment},
        layout::Shell,
        table::{Column, Filter, ListView},
    },
    plan_subscriptions::model::PlanSubscription,
    provisioning::{
        coming::Foretold,
        licenses::locked,
        pages::{ComponentFields, MoneyRows},
    },
};

/// `/plan-subscriptions/{id}/composition`.
#[derive(Template)]
#[template(path = "compositions/review.html", blocks = ["result"])]
pub struct ReviewPage {
    /// The frame.
    pub shell: Shell,
    /// What the customer has of the plan: (id, name).
    pub subscription: (String, String),
    /// The customer: (id, name).
    pub customer: (String, String),
    /// What the page is about.
    pub lead: String,
    /// Locked or declined.
    pub state: Option<Badge>,
    /// Whether this person may decide, and there is something to decide about.
    pub decides: bool,
    /// Whether it can be declined, too.
    pub declines: bool,
    /// What was seen: version of the subscription, newest composition of the plan.
    pub seen: (i64, i64),
    /// What is asked of each component that is new.
    pub components: Vec<ComponentFields>,
    /// Where units come from.
    pub further: Vec<Field>,
    /// Components that are new, for who cannot decide.
    pub new: Vec<PartRow>,
    /// Licenses that stay.
    pub kept: Vec<PartRow>,
    /// Licenses that run to their own end.
    pub gone: Vec<PartRow>,
    /// What approving would do.
    pub foretold: Foretold,
    /// What it would cost; none where no price is known.
    pub money: Option<MoneyRows>,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// A component, or the license of it.
#[derive(Clone, Debug, Default)]
pub struct PartRow {
    /// The license; empty for a new component.
    pub license_id: String,
    /// The product's name.
    pub product: String,
    /// The SKU's code.
    pub sku: String,
    /// "30 users", and until when.
    pub words: String,
}

impl PartRow {
    /// A component as a row.
    pub fn of(it: &CompositionPart) -> PartRow {
        let units = format::count(it.units, &it.unit, &it.units_name);
        let end = it.end_date.map(|end| format::date(end.0));
        PartRow {
            license_id: it.license_id.map(|id| id.to_string()).unwrap_or_default(),
            product: it.product_name.clone(),
            sku: it.sku_code.clone(),
            words: match end {
                Some(end) => format!("{units}, until {end}"),
                None => units,
            },
        }
    }
}

/// Whether nobody has decided yet about a composition, or it was declined; nothing where it is the newest.
pub fn state(it: &PlanSubscription) -> Option<Badge> {
    match (it.is_locked(), it.composition == it.newest_composition) {
        (true, _) => Some(locked()),
        (false, true) => None,
        (false, false) => Some(Badge {
            tone: "mute",
            icon: "stop",
            label: "Declined".into(),
        }),
    }
}

/// `/catalog/plans/{id}/customers`.
#[derive(Template)]
#[template(path = "compositions/customers.html", blocks = ["rows"])]
pub struct CustomersPage {
    /// The frame.
    pub shell: Shell,
    /// The plan: (id, name).
    pub plan: (String, String),
    /// The composition that the plan has today.
    pub newest: i64,
    /// Which customers, and pages of them.
    pub list: ListView,
    /// The customers.
    pub rows: Vec<CustomerRow>,
    /// Whether no customer has an earlier composition.
    pub none: bool,
    /// Whether somebody waits, and this person may decide for all who do.
    pub may_decide: bool,
}

/// One customer.
#[derive(Clone, Debug, Default)]
pub struct CustomerRow {
    /// What it has of the plan.
    pub id: String,
    /// The customer.
    pub customer_id: String,
    /// Its name.
    pub customer: String,
    /// The composition that it has.
    pub composition: i64,
    /// The last day of its present term.
    pub end: format::Due,
    /// Locked or declined.
    pub state: Badge,
}

impl CustomerRow {
    /// What a customer has of the plan, at a moment.
    pub fn of(it: &PlanSubscription, moment: &Moment) -> CustomerRow {
        let there = Moment::new(moment.now, &it.time_zone);
        let notice = i32::try_from(it.notice_days).unwrap_or(i32::MAX);
        CustomerRow {
            id: it.id.to_string(),
            customer_id: it.organization_id.to_string(),
            customer: it.organization_name.clone(),
            composition: it.composition,
            end: format::due(Some(it.end_date.0), there.today, notice),
            state: state(it).unwrap_or_default(),
        }
    }
}

/// The columns and filters of the customers of a plan.
pub fn customer_list(plan_id: &str, (earlier, locked): (i64, i64)) -> ListView {
    let states = [("", "All"), ("locked", "Locked"), ("declined", "Declined")];
    let mut states = Filter::new("tabs", "state", "State", &states);
    for (option, count) in states
        .options
        .iter_mut()
        .zip([earlier, locked, earlier - locked])
    {
        option.count = Some(count);
    }
    ListView {
        path: format!("/catalog/plans/{plan_id}/customers"),
        export: format!("/exports?list=plan_customers&of={plan_id}"),
        noun: ("customer", "customers"),
        columns: vec![
            Column::fixed("customer", "Customer").unsorted(),
            Column::fixed("composition", "Composition")
                .number()
                .unsorted(),
            Column::fixed("end", "Last day").unsorted(),
            Column::fixed("state", "State").unsorted(),
        ],
        filters: vec![states],
        ..ListView::default()
    }
}
