//! What the pages over a customer's service plans show.

use askama::Template;

use super::{
    coming::Foretold,
    licenses::{PlanCard, UnitsRow},
};
use crate::{
    console::{badges::Badge, fields::Field, layout::Shell},
    organizations::tabs::Tabs,
    reductions::Losing,
};

/// `/organizations/{id}/licenses`.
#[derive(Template)]
#[template(path = "provisioning/licenses.html")]
pub struct LicensesPage {
    /// The frame.
    pub shell: Shell,
    /// The tabs over the organization's pages.
    pub tabs: Tabs,
    /// What is said about it: (name, value).
    pub facts: Vec<(String, String)>,
    /// The organization above it, where it can be seen: (id, name).
    pub above: Option<(String, String)>,
    /// The service plans it has.
    pub plans: Vec<PlanCard>,
    /// Those it had: plan subscriptions that another took the place of, or that were ended.
    pub earlier: Vec<PlanCard>,
    /// What is left over of plans it has no more.
    pub left_over: Vec<UnitsRow>,
    /// What it holds beside its plans.
    pub others: Vec<UnitsRow>,
    /// There are more of these than are listed.
    pub more: bool,
    /// Whether this person may sell to it.
    pub may_assign: bool,
}

/// `/organizations/{id}/licenses/assign`.
#[derive(Template)]
#[template(path = "provisioning/assign.html", blocks = ["sheet", "preview"])]
pub struct AssignPage {
    /// The frame.
    pub shell: Shell,
    /// The customer: (id, name).
    pub customer: (String, String),
    /// The choice of the plan.
    pub plan: Field,
    /// Trial, not for resale: what that means for this form; empty for a full plan.
    pub words: String,
    /// Its components, once it is chosen.
    pub components: Vec<ComponentFields>,
    /// When it begins, and where units come from.
    pub further: Vec<Field>,
    /// What the customer has of it already, one sentence each.
    pub overlaps: Vec<String>,
    /// What assigning it would do.
    pub foretold: Foretold,
    /// What was just asked for.
    pub told: String,
    /// Why the last try was refused.
    pub error: Option<String>,
}

impl AssignPage {
    /// What the button does.
    pub fn step(&self) -> &'static str {
        match (self.components.is_empty(), self.overlaps.is_empty()) {
            (true, _) => "show",
            (false, true) => "save",
            (false, false) => "review",
        }
    }

    /// The words on the button.
    pub fn label(&self) -> &'static str {
        match self.step() {
            "show" => "Show its components",
            "save" => "Save",
            _ => "Review crossgrade",
        }
    }
}

/// What is asked of one component.
#[derive(Clone, Debug, Default)]
pub struct ComponentFields {
    /// The product's name.
    pub product: String,
    /// The SKU's code.
    pub sku: String,
    /// How many units; without an input where they are fixed.
    pub units: Field,
    /// Several units, such as `users`.
    pub unit: String,
    /// Price and currency, for who may set them.
    pub prices: Vec<Field>,
    /// The pool that they are drawn from, where it can be chosen.
    pub source: Option<Field>,
}

impl ComponentFields {
    /// All of them.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.prices.iter().chain([&self.units]).chain(&self.source)
    }
}

/// `/organizations/{id}/licenses/crossgrade`.
#[derive(Template)]
#[template(path = "provisioning/crossgrade.html", blocks = ["result"])]
pub struct CrossgradePage {
    /// The frame.
    pub shell: Shell,
    /// The customer: (id, name).
    pub customer: (String, String),
    /// The plan: (id, name).
    pub plan: (String, String),
    /// Trial or not for resale.
    pub edition: Option<Badge>,
    /// What the customer has of it now, one line each.
    pub has: Vec<String>,
    /// What it gets.
    pub components: Vec<ComponentFields>,
    /// When it begins, and where units come from.
    pub further: Vec<Field>,
    /// The overlaps.
    pub cards: Vec<OverlapCard>,
    /// What all of it comes to.
    pub result: Comes,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// One overlap, and what can be said of it.
#[derive(Clone, Debug, Default)]
pub struct OverlapCard {
    /// The pool of the customer.
    pub pool_id: String,
    /// What it has.
    pub row: UnitsRow,
    /// Names of the products that both include.
    pub shared: String,
    /// The component that takes over.
    pub taker: String,
    /// Bound to holders, in words.
    pub bound: String,
    /// The first names of who uses it.
    pub names: Vec<String>,
    /// Where all of them stand.
    pub configuration: String,
    /// What can become of it.
    pub choices: Vec<Way>,
    /// Units afterwards, and who gives way first.
    pub fields: Vec<Field>,
    /// What is wrong with what was said of it.
    pub error: Option<String>,
}

/// One thing that can become of an overlap.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// The word that is sent.
    pub value: &'static str,
    /// What people read.
    pub label: &'static str,
    /// What it means for people.
    pub means: String,
    /// Whether it is chosen.
    pub chosen: bool,
    /// Whether it can be chosen.
    pub possible: bool,
}

/// What a crossgrade comes to: the gate's own preview.
#[derive(Clone, Debug, Default)]
pub struct Comes {
    /// What becomes of each overlap.
    pub steps: Vec<StepRow>,
    /// Components that are new: (product, units).
    pub new: Vec<(String, String)>,
    /// Who loses a unit, overlap by overlap.
    pub losing: Vec<Losing>,
    /// Plans whose place it takes.
    pub superseded: Vec<String>,
    /// What is left over: (product, units, last day).
    pub left_over: Vec<(String, String, String)>,
    /// The money; none where it may not be seen.
    pub money: Option<MoneyRows>,
    /// Why it would be refused.
    pub problem: Option<String>,
}

/// What becomes of one overlap.
#[derive(Clone, Debug, Default)]
pub struct StepRow {
    /// The product's name.
    pub product: String,
    /// The old SKU's code.
    pub sku: String,
    /// What became of it, in a word with its sign.
    pub badge: Badge,
    /// What it means, in numbers.
    pub words: String,
    /// Units before and afterwards.
    pub units: (String, String),
    /// Last day before and afterwards.
    pub days: (String, String),
    /// The license that took over; empty for none.
    pub license_id: String,
}

/// The money of a crossgrade.
#[derive(Clone, Debug, Default)]
pub struct MoneyRows {
    /// Every amount: (what, how it came about, amount).
    pub lines: Vec<(String, String, String)>,
    /// What they come to, by currency.
    pub totals: Vec<String>,
}

/// `/plan-subscriptions/{id}`.
#[derive(Template)]
#[template(path = "provisioning/subscription.html")]
pub struct SubscriptionPage {
    /// The frame.
    pub shell: Shell,
    /// The customer: (id, name).
    pub customer: (String, String),
    /// The subscription.
    pub card: PlanCard,
    /// Whether the newest composition of its plan was declined for it.
    pub declined: bool,
    /// What is said about it: (name, value).
    pub facts: Vec<(String, String)>,
    /// The one that took its place: (id, name).
    pub successor: Option<(String, String)>,
    /// Those whose place it took: (id, name).
    pub predecessors: Vec<(String, String)>,
    /// What became of each overlap when it began; empty where it began without a crossgrade.
    pub steps: Vec<StepRow>,
    /// What was left over then: (license, product).
    pub left_over: Vec<(String, String)>,
    /// The money; none where there is none, or it may not be seen.
    pub money: Option<MoneyRows>,
    /// Whether this person may read the journal.
    pub reads_journal: bool,
    /// Whether this person may move the customer to another plan.
    pub may_sell: bool,
    /// Whether this person may change it.
    pub may_change: bool,
    /// The plan that this trial becomes, for who may convert it: (id, name).
    pub converts: Option<(String, String)>,
}
