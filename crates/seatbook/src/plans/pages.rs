//! What the pages of service plans show.

use askama::Template;

use super::model::{Component, Edition, SaleState, WholePlan};
use crate::console::{
    badges::{self, Badge},
    fields::{Choice, Field},
    format::{self, Moment},
    layout::Shell,
    table::{Column, Filter, ListView},
};

/// `/catalog/plans`.
#[derive(Template)]
#[template(path = "plans/list.html", blocks = ["rows"])]
pub struct PlansPage {
    /// The frame.
    pub shell: Shell,
    /// Search, filters, columns, pages; start from `plan_list`.
    pub list: ListView,
    /// The plans.
    pub rows: Vec<PlanRow>,
    /// Whether there is no plan at all.
    pub none_yet: bool,
    /// Whether this person may change the catalog.
    pub may_edit: bool,
}

/// One plan.
#[derive(Clone, Debug, Default)]
pub struct PlanRow {
    /// The plan.
    pub id: String,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Full, trial or not for resale.
    pub edition: Badge,
    /// "1 year".
    pub term: String,
    /// "Monthly" or "Yearly".
    pub billed: &'static str,
    /// How many components it has.
    pub components: i64,
    /// Whether it is sold.
    pub state: Badge,
}

/// The columns and filters of the list.
pub fn plan_list() -> ListView {
    let mut editions = vec![("", "All editions")];
    editions.extend(Edition::ALL.map(|edition| (edition.as_str(), edition.label())));
    ListView {
        path: "/catalog/plans".into(),
        export: "/exports?list=service_plans".into(),
        search: "Code or name",
        sort: "name".into(),
        noun: ("service plan", "service plans"),
        columns: vec![
            Column::fixed("name", "Service plan").unsorted(),
            Column::fixed("edition", "Edition").unsorted(),
            Column::fixed("term", "Term").unsorted(),
            Column::optional("billed", "Billed", true).unsorted(),
            Column::optional("components", "Components", true)
                .number()
                .unsorted(),
            Column::fixed("state", "State").unsorted(),
        ],
        filters: vec![
            Filter::new("select", "edition", "Edition", &editions),
            Filter::new("toggle", "include_ended", "End of life too", &[]),
        ],
        ..ListView::default()
    }
}

/// A plan as a row.
pub fn row(it: &WholePlan) -> PlanRow {
    PlanRow {
        id: it.plan.id.to_string(),
        code: it.plan.code.clone(),
        name: it.plan.name.clone(),
        edition: badges::edition(it.plan.edition.as_str()),
        term: it.plan.term.in_words(),
        billed: it.plan.billing.label(),
        components: it.components.len() as i64,
        state: badges::sale(it.state.as_str()),
    }
}

/// `/catalog/plans/{id}`.
#[derive(Template)]
#[template(path = "plans/plan.html")]
pub struct PlanPage {
    /// The frame.
    pub shell: Shell,
    /// The plan.
    pub row: PlanRow,
    /// What its dates mean today; empty while it is sold.
    pub note: String,
    /// Further facts as (name, value).
    pub facts: Vec<(&'static str, String)>,
    /// The plan that a trial becomes, or the trials that become this one: (id, name, code).
    pub related: Vec<(String, String, String)>,
    /// What those are.
    pub relation: &'static str,
    /// Which composition is the present one.
    pub composition: i64,
    /// What it is made of.
    pub components: Vec<ComponentRow>,
    /// Earlier compositions, the newest first: number, and each component in words.
    pub earlier: Vec<(i64, Vec<String>)>,
    /// How many still earlier ones there are.
    pub older: i64,
    /// Whether this person may see what customers have.
    pub sees_customers: bool,
    /// Whether this person may change the catalog.
    pub may_edit: bool,
    /// Whether this person may give it to customers now.
    pub may_assign: bool,
}

/// One component.
#[derive(Clone, Debug, Default)]
pub struct ComponentRow {
    /// The SKU.
    pub sku_id: String,
    /// Its code.
    pub code: String,
    /// The product.
    pub product_id: String,
    /// Its name.
    pub product: String,
    /// "10 users".
    pub units: String,
}

/// A component as a row.
pub fn component(it: &Component) -> ComponentRow {
    ComponentRow {
        sku_id: it.sku_id.to_string(),
        code: it.sku_code.clone(),
        product_id: it.product_id.to_string(),
        product: it.product_name.clone(),
        units: in_units(it),
    }
}

/// "10 users".
pub fn in_units(it: &Component) -> String {
    format::count(it.units, &it.unit, &it.units_name)
}

/// What the dates of a plan mean today.
pub fn note(it: &WholePlan, moment: &Moment) -> String {
    let last = it
        .plan
        .end_of_life
        .filter(|_| it.state == SaleState::EndOfSale);
    match (it.state, last) {
        (SaleState::OnSale, _) => String::new(),
        (SaleState::EndOfSale, None) => {
            "It cannot be assigned any more. What customers have of it goes on.".into()
        }
        (SaleState::EndOfSale, Some(day)) => format!(
            "It cannot be assigned any more. What customers have of it goes on; its life ends {}.",
            format::relative(day.0, moment.today)
        ),
        (SaleState::EndOfLife, _) => {
            "It is at the end of its life: lists leave it out, and what customers have of it runs out.".into()
        }
    }
}

/// A form over a plan: its facts, its components, or both.
#[derive(Template)]
#[template(path = "plans/form.html")]
pub struct PlanFormPage {
    /// The frame.
    pub shell: Shell,
    /// "New service plan", "Change composition".
    pub title: String,
    /// What is to be known first; empty for nothing.
    pub lead: String,
    /// Where the form is posted, and where Cancel leads.
    pub places: (String, String),
    /// The plan it is about: (name); empty for a new one.
    pub plan: String,
    /// The words on the button.
    pub label: &'static str,
    /// Hidden fields.
    pub hidden: Vec<Field>,
    /// The facts in groups, the first beside the components: (title, fields).
    pub groups: Vec<(&'static str, Vec<Field>)>,
    /// The components.
    pub rows: Vec<FormRow>,
    /// SKUs to choose where pickers cannot ask.
    pub choices: Vec<Choice>,
    /// What was looked for among them.
    pub find: String,
    /// Why the last try was refused, as far as no field says it.
    pub error: Option<String>,
}

/// One component as it is typed.
#[derive(Clone, Debug, Default)]
pub struct FormRow {
    /// Its key in the form.
    pub key: String,
    /// The SKU; empty for none.
    pub sku_id: String,
    /// What the SKU is called.
    pub sku: String,
    /// Units as they were typed.
    pub units: String,
    /// What several of its units are.
    pub units_name: String,
    /// What is wrong with the SKU.
    pub sku_error: Option<String>,
    /// What is wrong with the units.
    pub units_error: Option<String>,
}
