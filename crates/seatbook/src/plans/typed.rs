//! What is typed about a service plan: its components as rows, shown again with what is wrong beside each; and its facts.

use std::collections::BTreeMap;

use store::{Date, Tx};
use uuid::Uuid;

use super::{
    facts::{ComponentIn, PlanEdit, PlanFacts},
    model::{BilledEvery, Component, Edition, ServicePlan},
    pages::FormRow,
};
use crate::{
    catalog::{self, model::Sku},
    console::{
        fields::{Choice, Field, rows},
        form::Form,
    },
    error::{Error, Result},
    scope::Scope,
};

/// What there is to choose where pickers cannot ask.
pub(super) const CHOICES: i64 = 50;

/// The rows as they were typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    rows: Vec<TypedRow>,
    find: String,
}

#[derive(Clone, Debug, Default)]
struct TypedRow {
    key: String,
    sku_id: String,
    units: String,
}

/// The rows with the SKUs they name, and others to choose.
pub(super) struct Grid {
    pub(super) rows: Vec<FormRow>,
    pub(super) choices: Vec<Choice>,
    pub(super) find: String,
}

impl Typed {
    /// What a new form begins with.
    pub(super) fn blank() -> Typed {
        Typed::default().with_row()
    }

    /// What a plan is made of.
    pub(super) fn of(components: &[Component]) -> Typed {
        let row = |it: &Component| TypedRow {
            key: it.position.to_string(),
            sku_id: it.sku_id.to_string(),
            units: it.units.to_string(),
        };
        Typed {
            rows: components.iter().map(row).collect(),
            find: String::new(),
        }
    }

    /// Reads the fields `sku.<key>` and `units.<key>`. Rows that say nothing are left out.
    pub(super) fn read(form: &Form) -> Typed {
        let row = |(key, fields): (String, BTreeMap<&str, &str>)| {
            let field = |name: &str| fields.get(name).map_or("", |value| value.trim());
            TypedRow {
                sku_id: field("sku").to_owned(),
                units: field("units").to_owned(),
                key,
            }
        };
        let rows = rows(&form.pairs).into_iter().map(row);
        Typed {
            rows: rows
                .filter(|row| !(row.sku_id.is_empty() && row.units.is_empty()))
                .collect(),
            find: form.text("find").to_owned(),
        }
    }

    /// The rows after a step that needs no script: a row more, a row less, other SKUs to choose. None where the step is
    /// to save.
    pub(super) fn stepped(self, step: &str) -> Option<Typed> {
        match step.split_once(' ') {
            Some(("remove", key)) => Some(self.without(key)),
            _ if step == "add" => Some(self.with_row()),
            _ if step == "find" => Some(self),
            _ => None,
        }
    }

    fn with_row(mut self) -> Typed {
        let taken = |key: &str| self.rows.iter().any(|row| row.key == key);
        let free = (self.rows.len()..).map(|number| format!("new{number}"));
        let key = free.into_iter().find(|key| !taken(key)).unwrap_or_default();
        self.rows.push(TypedRow {
            key,
            ..TypedRow::default()
        });
        self
    }

    fn without(mut self, key: &str) -> Typed {
        self.rows.retain(|row| row.key != key);
        self
    }

    /// What is asked for. What is no number is none that can be given, and is told together with all else.
    pub(super) fn components(&self) -> Vec<ComponentIn> {
        let component = |row: &TypedRow| ComponentIn {
            sku_id: row.sku_id.parse().ok(),
            product_id: None,
            units: row.units.parse().unwrap_or_default(),
        };
        self.rows.iter().map(component).collect()
    }

    /// Everything that the rows show.
    pub(super) async fn shown(
        self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        refused: Option<&Error>,
    ) -> Result<Grid> {
        let ids: Vec<Uuid> = self
            .rows
            .iter()
            .filter_map(|row| row.sku_id.parse().ok())
            .collect();
        let named = catalog::queries::skus_of_ids(tx, &ids).await?;
        let filter = catalog::queries::Filter {
            keyword: Some(self.find.clone()).filter(|find| !find.is_empty()),
            limit: CHOICES,
            ..catalog::queries::Filter::default()
        };
        let others = catalog::queries::list_skus(tx, scope, &filter).await?;
        let typed = if self.rows.is_empty() {
            self.with_row()
        } else {
            self
        };
        let rows = typed.rows.iter().enumerate();
        let row = |(place, row): (usize, &TypedRow)| {
            let sku = named.iter().find(|sku| sku.id.to_string() == row.sku_id);
            let wrong = |field: &str| {
                let name = format!("components[{place}].{field}");
                let mut fields = refused.iter().flat_map(|error| &error.fields);
                let found = fields.find(|wrong| wrong.field == name);
                found.map(|wrong| wrong.message.clone())
            };
            FormRow {
                key: row.key.clone(),
                sku_id: sku.map_or_else(String::new, |sku| sku.id.to_string()),
                sku: sku.map_or_else(String::new, label),
                units: row.units.clone(),
                units_name: sku.map_or_else(|| "units".into(), |sku| sku.units.clone()),
                sku_error: wrong("sku_id"),
                units_error: wrong("units"),
            }
        };
        Ok(Grid {
            rows: rows.map(row).collect(),
            choices: others.iter().map(choice).collect(),
            find: typed.find.clone(),
        })
    }
}

fn label(sku: &Sku) -> String {
    format!("{} · {}", sku.code, sku.name)
}

fn choice(sku: &Sku) -> Choice {
    Choice {
        value: sku.id.to_string(),
        label: label(sku),
    }
}

/// The fields of the facts, in groups.
pub(super) fn groups(
    facts: &PlanFacts,
    fixed: bool,
    fulls: &[ServicePlan],
) -> Vec<(&'static str, Vec<Field>)> {
    let day = |day: Option<Date>| day.map_or_else(String::new, |day| day.to_string());
    let ticked = if facts.auto_renews { "on" } else { "" };
    let renewal = vec![
        Field::new("checkbox", "auto_renews", "Renews")
            .value(ticked)
            .hint("At the end of a term the next one begins, unless somebody says otherwise."),
        Field::new("number", "notice_days", "Days of notice")
            .value(facts.notice_days.to_string())
            .between("0", "3660")
            .hint("Before the end, from which the next term is announced."),
    ];
    let sale = vec![
        Field::new("date", "end_of_sale", "End of sale")
            .value(day(facts.end_of_sale))
            .hint("From this day on it cannot be assigned."),
        Field::new("date", "end_of_life", "End of life")
            .value(day(facts.end_of_life))
            .hint("From this day on it is not shown either."),
    ];
    vec![
        ("Plan", named(facts, fixed, fulls)),
        ("Renewal", renewal),
        ("Sale", sale),
    ]
}

/// What a plan is called, what it is, and how long it runs.
fn named(facts: &PlanFacts, fixed: bool, fulls: &[ServicePlan]) -> Vec<Field> {
    let editions = Edition::ALL.map(|edition| (edition.as_str(), edition.label()));
    let edition = match fixed {
        true => Field::new("static", "edition", "Edition")
            .value(facts.edition.label())
            .hint("Fixed, as customers were given this plan."),
        false => Field::select("edition", "Edition", &editions).value(facts.edition.as_str()),
    };
    let billing = [BilledEvery::Monthly, BilledEvery::Yearly];
    let billing = billing.map(|every| (every.as_str(), every.label()));
    let ids: Vec<String> = fulls.iter().map(|plan| plan.id.to_string()).collect();
    let plans = ids.iter().zip(fulls);
    let plans = plans.map(|(id, plan)| (id.as_str(), plan.name.as_str()));
    let becomes: Vec<(&str, &str)> = std::iter::once(("", "")).chain(plans).collect();
    let full_id = facts.full_plan_id.map(|id| id.to_string());
    vec![
        Field::text("name", "Name")
            .value(facts.name.clone())
            .required(),
        Field::text("code", "Code")
            .value(facts.code.clone())
            .required(),
        edition,
        Field::select("full_plan_id", "Becomes", &becomes)
            .value(full_id.unwrap_or_default())
            .source("/catalog/plans/options")
            .hint("The full plan that a trial becomes when it is converted."),
        Field::select("billing", "Billed", &billing).value(facts.billing.as_str()),
        Field::text("term", "Term")
            .value(facts.term.clone())
            .required()
            .hint("P1Y, P1M or P30D."),
    ]
}

/// The facts as they were typed; everything that cannot be read is named at once.
pub(super) fn typed_facts(form: &Form) -> Result<PlanFacts> {
    let day = |name: &str| {
        let day = form.parse::<jiff::civil::Date>(name, "a day");
        day.map(|day| day.map(Date))
    };
    let (sale, life) = (day("end_of_sale"), day("end_of_life"));
    let notice = form.need("notice_days", "a number of days");
    let full = form.parse("full_plan_id", "a plan");
    let wrong = [
        sale.as_ref().err(),
        life.as_ref().err(),
        notice.as_ref().err(),
        full.as_ref().err(),
    ];
    let wrong: Vec<_> = wrong
        .into_iter()
        .flatten()
        .flat_map(|error| error.fields.clone())
        .collect();
    if !wrong.is_empty() {
        return Err(Error::invalid_fields(wrong));
    }
    Ok(PlanFacts {
        code: form.text("code").into(),
        name: form.text("name").into(),
        edition: Edition::parse(form.text("edition")).unwrap_or_default(),
        billing: BilledEvery::parse(form.text("billing")).unwrap_or_default(),
        term: form.text("term").into(),
        auto_renews: !form.text("auto_renews").is_empty(),
        notice_days: notice?,
        full_plan_id: full?,
        end_of_sale: sale?,
        end_of_life: life?,
    })
}

/// Everything that the form says. An edition that is fixed is not sent.
pub(super) fn edit_of(facts: PlanFacts, form: &Form) -> PlanEdit {
    PlanEdit {
        edition: Edition::parse(form.text("edition")),
        code: Some(facts.code),
        name: Some(facts.name),
        billing: Some(facts.billing),
        term: Some(facts.term),
        auto_renews: Some(facts.auto_renews),
        notice_days: Some(facts.notice_days),
        full_plan_id: Some(facts.full_plan_id),
        end_of_sale: Some(facts.end_of_sale),
        end_of_life: Some(facts.end_of_life),
    }
}
