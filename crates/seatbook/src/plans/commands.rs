//! The verbs of service plans. They are the provider's, like the catalog they stand in.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    composing,
    facts::{ComponentIn, PlanEdit, PlanFacts},
    model::{Edition, ServicePlan, WholePlan},
    queries,
    writes::{self, Part},
};
use crate::{
    catalog::{
        commands::{check_version, require},
        facts::Wrong,
        upsert::changed_meanwhile,
    },
    error::{Error, Result},
    gate::{Command, Tx},
    journal::{self, Change},
    scope::{Permission, tree},
};

/// Adds a service plan, in its first composition.
#[derive(Clone, Debug, Serialize)]
pub struct AddServicePlan {
    /// What is said about it.
    pub facts: PlanFacts,
    /// What it is made of.
    pub components: Vec<ComponentIn>,
}

impl Command for AddServicePlan {
    const NAME: &'static str = "plans.add";
    type Outcome = WholePlan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<WholePlan> {
        require(tx, Permission::CatalogEdit).await?;
        let mut wrong = Wrong::default();
        let facts = checked(tx, self.facts.clone(), Uuid::nil(), &mut wrong).await?;
        let parts = composing::resolve(tx, &self.components, &mut wrong).await?;
        wrong.judge(())?;
        let (id, at) = (tx.new_id(), tx.now());
        if !writes::insert(tx, id, &facts, at).await? {
            return Err(changed_meanwhile());
        }
        writes::insert_components(tx, (id, 1), &parts).await?;
        let made = whole(tx, id).await?;
        record(tx, (id, 1), None, Some(all_of(&made)?)).await?;
        Ok(made)
    }
}

/// Changes what is said about a service plan. What customers have of it keeps the terms it was given on.
#[derive(Clone, Debug, Serialize)]
pub struct EditServicePlan {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// What changes; what is not said stays.
    pub edit: PlanEdit,
}

impl Command for EditServicePlan {
    const NAME: &'static str = "plans.edit";
    type Outcome = WholePlan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<WholePlan> {
        let found = begin(tx, self.id, self.version).await?;
        let before = PlanFacts::of(&found);
        let mut wrong = Wrong::default();
        let after = self.edit.onto(before.clone());
        let after = checked(tx, after, self.id, &mut wrong).await?;
        wrong.judge(())?;
        if after.edition != before.edition {
            check_edition(tx, &found).await?;
        }
        if after == before {
            return whole(tx, self.id).await;
        }
        let (old, new) = journal::difference(&before, &after)?;
        if !writes::update(tx, (self.id, found.version), &after).await? {
            return Err(changed_meanwhile());
        }
        record(tx, (self.id, found.version + 1), Some(old), Some(new)).await?;
        whole(tx, self.id).await
    }
}

/// Makes a service plan of other components: its next composition. Customers keep the one they have until somebody
/// approves the next one for them.
#[derive(Clone, Debug, Serialize)]
pub struct SetComposition {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
    /// All components from now on.
    pub components: Vec<ComponentIn>,
}

impl Command for SetComposition {
    const NAME: &'static str = "plans.compose";
    type Outcome = WholePlan;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<WholePlan> {
        let found = begin(tx, self.id, self.version).await?;
        let mut wrong = Wrong::default();
        let parts = composing::resolve(tx, &self.components, &mut wrong).await?;
        wrong.judge(())?;
        let before = whole(tx, self.id).await?;
        // In another order they are the same: nobody should have to approve that.
        if sorted(parts.clone()) == sorted(parts_of(&before)) {
            let message = "The plan is made of these SKUs with these units already.";
            return Err(Error::conflict("plan.composition_same", message));
        }
        if !writes::next_composition(tx, self.id, found.version).await? {
            return Err(changed_meanwhile());
        }
        writes::insert_components(tx, (self.id, found.composition + 1), &parts).await?;
        let after = whole(tx, self.id).await?;
        let (old, new) = (composition(&before), composition(&after));
        record(tx, (self.id, after.plan.version), Some(old), Some(new)).await?;
        Ok(after)
    }
}

/// Removes a service plan that no customer was ever given.
#[derive(Clone, Debug, Serialize)]
pub struct RemoveServicePlan {
    /// Which.
    pub id: Uuid,
    /// The version the editor saw; any where there is none.
    pub version: Option<i64>,
}

impl Command for RemoveServicePlan {
    const NAME: &'static str = "plans.remove";
    type Outcome = ();

    async fn run(&self, tx: &mut Tx<'_>) -> Result<()> {
        let found = begin(tx, self.id, self.version).await?;
        if queries::was_assigned(tx, self.id).await? {
            let message =
                "Customers were given this plan, so it stays; say when its life ends instead.";
            return Err(Error::conflict("plan.in_use", message));
        }
        check_trials(tx, self.id).await?;
        let before = all_of(&whole(tx, self.id).await?)?;
        if !writes::delete(tx, self.id, found.version).await? {
            return Err(changed_meanwhile());
        }
        record(tx, (self.id, found.version + 1), Some(before), None).await
    }
}

/// The plan, in the version that the editor saw, for somebody who may change it.
async fn begin(tx: &mut Tx<'_>, id: Uuid, seen: Option<i64>) -> Result<ServicePlan> {
    require(tx, Permission::CatalogEdit).await?;
    let found = queries::find(tx, id).await?;
    let found = found.ok_or_else(Error::not_found)?;
    check_version(seen, found.version)?;
    Ok(found)
}

/// The facts; what is wrong with them, alone or beside other plans, is added to the rest.
async fn checked(
    tx: &mut Tx<'_>,
    facts: PlanFacts,
    id: Uuid,
    wrong: &mut Wrong,
) -> Result<PlanFacts> {
    let facts = facts.checked(wrong);
    if queries::code_taken(tx, &facts.code, id).await? {
        wrong.add("code", "plan.code_taken", "Another plan has this code.");
    }
    if let (Some(full_id), Edition::Trial) = (facts.full_plan_id, facts.edition) {
        let full = queries::find(tx, full_id).await?;
        if full.is_none_or(|full| full.id == id || full.edition != Edition::Full) {
            let message = "A trial is converted to a plan of the full edition.";
            wrong.add("full_plan_id", "plan.not_full", message);
        }
    }
    Ok(facts)
}

/// Another edition has other rules, which what customers have was not given under.
async fn check_edition(tx: &mut Tx<'_>, plan: &ServicePlan) -> Result<()> {
    if queries::was_assigned(tx, plan.id).await? {
        let message = "Customers were given this plan, so its edition is fixed; add another plan.";
        return Err(Error::conflict("plan.in_use", message));
    }
    check_trials(tx, plan.id).await
}

async fn check_trials(tx: &mut Tx<'_>, id: Uuid) -> Result<()> {
    let trials = queries::trials_of(tx, id).await?;
    let Some(first) = trials.first() else {
        return Ok(());
    };
    let message = format!(
        "“{}” is converted to this plan; choose another one for it first.",
        first.name
    );
    let ids: Vec<Uuid> = trials.iter().map(|trial| trial.id).collect();
    Err(Error::conflict("plan.in_use", message).with("plan_ids", json!(ids)))
}

async fn whole(tx: &mut Tx<'_>, id: Uuid) -> Result<WholePlan> {
    let plan = queries::find(tx, id).await?.ok_or_else(Error::not_found)?;
    let now = tx.now();
    let today = queries::today(tx, now).await?;
    Ok(WholePlan {
        state: plan.sale_state(today),
        components_of: plan.composition,
        components: queries::components(tx, id, plan.composition).await?,
        plan,
    })
}

fn parts_of(plan: &WholePlan) -> Vec<Part> {
    let part = |it: &super::model::Component| Part {
        sku_id: it.sku_id,
        units: it.units,
    };
    plan.components.iter().map(part).collect()
}

fn sorted(mut parts: Vec<Part>) -> Vec<Part> {
    parts.sort_unstable();
    parts
}

/// What the journal says of a composition.
fn composition(plan: &WholePlan) -> Value {
    let components = plan.components.iter();
    let components = components
        .map(|it| json!({"sku_id": it.sku_id, "sku_code": it.sku_code, "units": it.units}));
    json!({"composition": plan.components_of, "components": components.collect::<Vec<Value>>()})
}

/// What the journal says of a whole plan.
fn all_of(plan: &WholePlan) -> Result<Value> {
    let mut all = serde_json::to_value(PlanFacts::of(&plan.plan))?;
    if let (Some(all), Value::Object(composition)) = (all.as_object_mut(), composition(plan)) {
        all.extend(composition);
    }
    Ok(all)
}

async fn record(
    tx: &mut Tx<'_>,
    (row_id, version): (Uuid, i64),
    before: Option<Value>,
    after: Option<Value>,
) -> Result<()> {
    let organization_id = tree::root(tx).await?;
    tx.changed(Change {
        noun: "service_plan",
        row_id,
        version,
        organization_id,
        before,
        after,
    });
    Ok(())
}
