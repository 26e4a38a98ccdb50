//! What the page shows on which a service plan of a customer is changed.

use askama::Template;

use super::model::{Line, PlanChanged, Reason};
use crate::{
    console::{fields::Field, format, layout::Shell},
    provisioning::pages::{ComponentFields, MoneyRows},
    reductions::Losing,
    renewals::commands::Money,
};

/// `/plan-subscriptions/{id}/change`.
#[derive(Template)]
#[template(path = "amendments/change.html", blocks = ["sheet", "preview"])]
pub struct ChangePage {
    /// The frame.
    pub shell: Shell,
    /// The customer: (id, name).
    pub customer: (String, String),
    /// The subscription: (id, name of the plan).
    pub plan: (String, String),
    /// Its version, as it was seen.
    pub version: i64,
    /// What cannot be changed, and why; empty for a full plan.
    pub words: &'static str,
    /// Its components.
    pub components: Vec<ComponentFields>,
    /// When it holds, the last day, renewal and notice.
    pub further: Vec<Field>,
    /// What it would come to.
    pub result: Outcome,
    /// Why the last try was refused.
    pub error: Option<String>,
}

/// What a change would come to: the gate's own preview.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// What changes: (what, before, afterwards).
    pub changes: Vec<(String, String, String)>,
    /// The money; none where there is none.
    pub money: Option<MoneyRows>,
    /// Who loses a unit, component by component.
    pub losing: Vec<Losing>,
    /// Why it would be refused.
    pub problem: Option<String>,
}

impl Outcome {
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.losing.is_empty() && self.problem.is_none()
    }

    /// Says what a preview answered.
    pub fn tell(&mut self, done: &PlanChanged) {
        let number = format::number;
        let day = |day: Option<store::Date>| day.map_or("–".into(), |day| format::date(day.0));
        for it in &done.changed {
            if it.quantity != it.quantity_before {
                let units = (number(it.quantity_before), number(it.quantity));
                let what = format!("Units of {}", it.product_name);
                self.changes.push((what, units.0, units.1));
            }
            if it.end_date != it.end_date_before {
                let days = (day(it.end_date_before), day(it.end_date));
                let what = format!("Last day of {}", it.product_name);
                self.changes.push((what, days.0, days.1));
            }
        }
        let sums = done.sums.iter();
        let totals = sums.map(|it| format::money(it.amount_minor, &it.currency));
        self.money = Some(MoneyRows {
            lines: done.lines.iter().map(row).collect(),
            totals: totals.collect(),
        })
        .filter(|money| !money.lines.is_empty());
    }
}

/// One amount: what for, how it came about, how much.
fn row(it: &Line) -> (String, String, String) {
    let what = match it.reason {
        Reason::Units => format!("Change of {}", it.product_name),
        Reason::Days => format!("Days of {}", it.product_name),
    };
    let money = &it.money;
    let amount = money.amount_minor.zip(money.currency.as_deref());
    let amount = amount.map_or("–".into(), |(minor, code)| format::money(minor, code));
    (format!("{what}{}", days(money)), how(money), amount)
}

fn days(money: &Money) -> String {
    let both = money.days.zip(money.of_days);
    let both = both.filter(|(days, of)| days != of);
    both.map_or_else(String::new, |(days, of)| {
        format!(", {} of {} days", format::number(days), format::number(of))
    })
}

fn how(money: &Money) -> String {
    let gap = money.gap.map(|gap| gap.sentence().to_owned());
    let formula = money.formula.clone();
    formula.or(gap).unwrap_or_default()
}
