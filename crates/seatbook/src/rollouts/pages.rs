//! What the pages of rollouts show.

use askama::Template;

use super::{
    api::Counted,
    model::{Counts, Rollout, RolloutRow, RowState, State},
    totals::Total,
};
use crate::{
    console::{
        badges::{self, Badge},
        fields::{Choice, Field},
        format,
        layout::Shell,
        table::{Column, Filter, ListView},
    },
    provisioning::pages::ComponentFields,
};

/// `/rollouts`.
#[derive(Template)]
#[template(path = "rollouts/list.html", blocks = ["rows"])]
pub struct RolloutsPage {
    /// The frame.
    pub shell: Shell,
    /// Filter and pages; start from `rollout_list`.
    pub list: ListView,
    /// The rollouts, the newest first.
    pub rows: Vec<RolloutLine>,
    /// Whether this person may begin one.
    pub may_begin: bool,
}

/// One rollout in the list.
#[derive(Clone, Debug, Default)]
pub struct RolloutLine {
    /// The rollout.
    pub id: String,
    /// What it is, in words, and the plan's code.
    pub plan: (String, String),
    /// Customers it is for.
    pub customers: i64,
    /// How far it is.
    pub status: Badge,
    /// Its customers by their answer, in words.
    pub answers: String,
    /// When it was asked for, in words.
    pub created: String,
}

/// The columns and filters of the list.
pub fn rollout_list() -> ListView {
    let states = [
        ("", "All"),
        ("ready", "Checked"),
        ("applying", "Being done"),
        ("done", "Done"),
        ("canceled", "Canceled"),
    ];
    ListView {
        path: "/rollouts".into(),
        export: "/exports?list=rollouts".into(),
        noun: ("rollout", "rollouts"),
        columns: vec![
            Column::fixed("plan", "Service plan").unsorted(),
            Column::fixed("customers", "Customers").number().unsorted(),
            Column::fixed("answers", "Answers").unsorted(),
            Column::fixed("status", "Status").unsorted(),
            Column::fixed("created", "Asked for").unsorted(),
        ],
        filters: vec![Filter::new("tabs", "state", "Status", &states)],
        ..ListView::default()
    }
}

/// A rollout in the list.
pub fn line(it: &Counted, now: store::Timestamp) -> RolloutLine {
    let rollout = &it.rollout;
    RolloutLine {
        id: rollout.id.to_string(),
        plan: (rollout.title(rollout.row_count), rollout.plan_code.clone()),
        customers: rollout.row_count,
        status: badges::rollout(rollout.state.as_str()),
        answers: answers(it.counts),
        created: format::ago(rollout.created_at.get(), now.get()),
    }
}

/// "20 done, 10 refused".
fn answers(counts: Counts) -> String {
    let said = [
        (counts.done, "done"),
        (counts.fits, "fit"),
        (counts.refused, "refused"),
        (counts.waiting, "not checked yet"),
    ];
    let said = said.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said
        .map(|(count, word)| format!("{} {word}", format::number(count)))
        .collect();
    said.join(", ")
}

/// `/rollouts/new`: what, and for whom.
#[derive(Template)]
#[template(path = "rollouts/new.html")]
pub struct RolloutFormPage {
    /// The frame.
    pub shell: Shell,
    /// The plan that is chosen: id and name; empty for none.
    pub chosen: (String, String),
    /// The choice of the plan.
    pub plan: Field,
    /// What its edition means; empty for a full one.
    pub words: String,
    /// Units and prices of each component, once a plan is chosen.
    pub components: Vec<ComponentFields>,
    /// Days, renewal, and where units come from.
    pub further: Vec<Field>,
    /// Who is meant: (value, label, what that means, chosen).
    pub whom: Vec<(&'static str, String, &'static str, bool)>,
    /// What narrows those that are not chosen one by one.
    pub narrowed: Field,
    /// Those that are chosen one by one.
    pub rows: Vec<CustomerRow>,
    /// Customers to choose where pickers cannot ask.
    pub choices: Vec<Choice>,
    /// What is wrong with who is meant.
    pub whom_error: Option<String>,
    /// Why the last try was refused, as far as no field says it.
    pub error: Option<String>,
}

/// One customer as it is chosen.
#[derive(Clone, Debug, Default)]
pub struct CustomerRow {
    /// Its key in the form.
    pub key: String,
    /// The customer; empty for none.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// Who may be meant: (value, label, what that means, chosen).
pub fn whom(seller: &str, chosen: &str) -> Vec<(&'static str, String, &'static str, bool)> {
    const USUAL: &str = "chosen";
    let chosen = match chosen {
        "" => USUAL,
        chosen => chosen,
    };
    [
        (
            USUAL,
            "Those that I choose".to_owned(),
            "Search for them below, one after the other.",
        ),
        (
            "customers",
            format!("All customers below {seller}"),
            "Customers of your partners too.",
        ),
        (
            "partners",
            format!("All partners below {seller}"),
            "Not their customers.",
        ),
        (
            "all",
            format!("Everybody below {seller}"),
            "Partners and customers.",
        ),
    ]
    .into_iter()
    .map(|(value, label, means)| (value, label, means, value == chosen))
    .collect()
}

/// `/rollouts/{id}`.
#[derive(Template)]
#[template(path = "rollouts/show.html", blocks = ["rows"])]
pub struct RolloutPage {
    /// The frame.
    pub shell: Shell,
    /// The rollout.
    pub id: String,
    /// Its plan: id and name.
    pub plan: (String, String),
    /// What it is, in words.
    pub title: String,
    /// How far it is.
    pub status: Badge,
    /// The same as a word.
    pub state: &'static str,
    /// When it was asked for, in words.
    pub created: String,
    /// Customers it is for.
    pub customers: i64,
    /// They by their answer.
    pub counts: Counts,
    /// What those that fit need together.
    pub totals: Vec<TotalRow>,
    /// Whether units are drawn, and not issued.
    pub draws: bool,
    /// Customers that fit and would get nothing, as units are short.
    pub too_many: i64,
    /// The words on its button, before how many customers.
    pub label: &'static str,
    /// Whether the plan is given, and not a changed composition of it decided about.
    pub assigns: bool,
    /// What is ordered: (name, value).
    pub facts: Vec<(&'static str, String)>,
    /// Filter and pages of its customers.
    pub list: ListView,
    /// Its customers.
    pub rows: Vec<AnswerRow>,
    /// Whether this person may do it, or stop it.
    pub may_act: bool,
    /// The job that stopped in the middle; empty for none.
    pub stuck: String,
    /// The version that is shown.
    pub version: i64,
    /// Whether all or none was asked for.
    pub all: bool,
    /// Why the last try was refused.
    pub error: Option<String>,
}

impl RolloutPage {
    /// Customers that fit, in words.
    pub fn fitting(&self) -> String {
        format::count(self.counts.fits, "customer", "customers")
    }
}

/// What is needed of one component.
#[derive(Clone, Debug, Default)]
pub struct TotalRow {
    /// The product's name.
    pub product: String,
    /// The SKU's code.
    pub sku: String,
    /// For each customer: "10 users".
    pub each: String,
    /// For all that fit.
    pub needed: i64,
    /// What is free.
    pub free: i64,
    /// Whether that is too little, and what is missing in words.
    pub short: Option<String>,
}

/// What is needed of one component.
pub fn total_row(it: &Total) -> TotalRow {
    let enough = it.enough_for.unwrap_or_default();
    let short = (it.too_many() > 0).then(|| match it.short {
        0 => format!(
            "Enough for {} in one pool each",
            format::count(enough, "customer", "customers")
        ),
        short => format!("{} short", format::number(short)),
    });
    TotalRow {
        product: it.product_name.clone(),
        sku: it.sku_code.clone(),
        each: format::count(it.units, &it.unit, &it.units_name),
        needed: it.needed,
        free: it.free.unwrap_or_default(),
        short,
    }
}

/// One customer with its answer.
#[derive(Clone, Debug, Default)]
pub struct AnswerRow {
    /// The customer.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub status: Badge,
    /// Why it was refused.
    pub message: String,
    /// What helps, or what it led to: (label, address).
    pub link: Option<(&'static str, String)>,
}

/// A customer with its answer.
pub fn answer_row(rollout: &Rollout, it: &RolloutRow) -> AnswerRow {
    AnswerRow {
        id: it.organization_id.to_string(),
        name: it.organization_name.clone(),
        status: badges::rollout_row(it.state.as_str()),
        message: it.message.clone(),
        link: link(rollout, it),
    }
}

fn link(rollout: &Rollout, it: &RolloutRow) -> Option<(&'static str, String)> {
    let customer = format!("/organizations/{}", it.organization_id);
    match (it.state, it.code.as_deref().unwrap_or_default()) {
        (RowState::Done, _) => {
            let given = it.subscription_id?;
            Some((
                "See its service plan",
                format!("/plan-subscriptions/{given}"),
            ))
        }
        (RowState::Refused, "plan.overlap") => {
            let review = format!("{customer}/licenses/crossgrade?plan_id={}", rollout.plan_id);
            Some(("Review crossgrade", review))
        }
        (RowState::Refused, "organization.suspended") => Some(("See the organization", customer)),
        (RowState::Refused, "pool.exhausted") => Some(("See your licenses", "/licenses".into())),
        (RowState::Refused, "plan.end_of_sale" | "plan.end_of_life") => {
            let plan = format!("/catalog/plans/{}", rollout.plan_id);
            Some(("See the service plan", plan))
        }
        (RowState::Refused, _) => Some(("See its licenses", format!("{customer}/licenses"))),
        (RowState::Waiting | RowState::Fits, _) => None,
    }
}

/// The customers of a rollout as a list to filter.
pub fn row_list(rollout: &Rollout) -> ListView {
    let mut states = vec![("", "All"), ("fits", "Fit"), ("refused", "Refused")];
    states.extend(match rollout.state {
        State::Checking => Some(("waiting", "Not checked yet")),
        State::Ready => None,
        _ => Some(("done", "Done")),
    });
    ListView {
        path: format!("/rollouts/{}", rollout.id),
        export: format!("/exports?list=rollout_customers&of={}", rollout.id),
        noun: ("customer", "customers"),
        filters: vec![Filter::new("tabs", "state", "Customers", &states)],
        ..ListView::default()
    }
}
