//! The forms over service plans: new ones, their facts, their compositions, and giving them up.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{
    commands::{AddServicePlan, EditServicePlan, RemoveServicePlan, SetComposition},
    facts::{PlanFacts, USUAL_NOTICE},
    model::{BilledEvery, Edition, ServicePlan, WholePlan},
    pages::PlanFormPage,
    queries,
    typed::{CHOICES, Typed, edit_of, groups, typed_facts},
};
use crate::{
    api::Id,
    app::App,
    catalog::forms::Sheet,
    console::{
        answer::{go, html},
        fields::{Field, above, filled},
        form::Form,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    scope::Permission,
};

/// What was typed, and why it was refused.
type Given<'a> = (Option<&'a Form>, Option<&'a Error>);

/// `/catalog/plans/new`.
pub async fn new(State(app): State<App>, frame: Frame) -> PageResult {
    new_page(&app, &frame, Typed::blank(), (None, None)).await
}

/// Adds a plan.
pub async fn create(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let typed = Typed::read(&form);
    if let Some(typed) = typed.clone().stepped(form.text("step")) {
        return new_page(&app, &frame, typed, (Some(&form), None)).await;
    }
    let command = typed_facts(&form).map(|facts| AddServicePlan {
        facts,
        components: typed.components(),
    });
    let done = match command {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(go(frame.fragment, &place(done.outcome.plan.id))),
        Err(error) if error.is_refusal() => {
            new_page(&app, &frame, typed, (Some(&form), Some(&error))).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `/catalog/plans/{id}/edit`: its facts.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    facts_sheet(&app, &frame, (id, None))
        .await?
        .show(&frame, None, None)
}

/// Saves its facts.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let edit = typed_facts(&form).map(|facts| edit_of(facts, &form));
    let done = match (edit, form.parse("version", "a version")) {
        (Ok(edit), Ok(version)) => {
            let command = EditServicePlan { id, version, edit };
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    let done = done.map(|_| place(id));
    facts_sheet(&app, &frame, (id, Some(&form)))
        .await?
        .end(&frame, &form, done)
}

/// `/catalog/plans/{id}/composition`: what it is made of.
pub async fn composition(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let typed = Typed::of(&found.components);
    composition_page(&app, &frame, (&found, typed), (None, None)).await
}

/// Makes it of other components.
pub async fn compose(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let typed = Typed::read(&form);
    if let Some(typed) = typed.clone().stepped(form.text("step")) {
        return composition_page(&app, &frame, (&found, typed), (Some(&form), None)).await;
    }
    let command = SetComposition {
        id,
        version: form.parse("version", "a version")?,
        components: typed.components(),
    };
    match app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await
    {
        Ok(_) => Ok(go(frame.fragment, &place(id))),
        Err(error) if error.is_refusal() => {
            let given = (Some(&form), Some(&error));
            composition_page(&app, &frame, (&found, typed), given).await
        }
        Err(error) => Err(error.into()),
    }
}

/// `/catalog/plans/{id}/delete`: says first what it does.
pub async fn ask_delete(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let found = find(&app, &frame, id).await?;
    Ok(delete_page(&frame, &found.plan, None).shown(&frame, StatusCode::OK))
}

/// Gives it up.
pub async fn delete(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let found = find(&app, &frame, id).await?;
    let command = RemoveServicePlan {
        id,
        version: form.parse("version", "a version")?,
    };
    match app
        .gate
        .submit(&frame.caller, form.key.clone(), command)
        .await
    {
        Ok(_) => Ok(go(frame.fragment, "/catalog/plans")),
        Err(error) if error.is_refusal() => {
            let page = delete_page(&frame, &found.plan, Some(error.message));
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

fn delete_page(frame: &Frame, plan: &ServicePlan, error: Option<String>) -> Confirm {
    Confirm {
        shell: frame.shell("Delete service plan", "catalog"),
        title: format!("Delete {}?", plan.name),
        lead: "A plan that no customer was ever given is deleted with all its compositions. Others get an end of life."
            .into(),
        facts: vec![("Code".into(), plan.code.clone())],
        warnings: vec![],
        fields: vec![Field::new("hidden", "version", "").value(plan.version.to_string())],
        tone: "bad",
        allowed: true,
        action: format!("{}/delete", place(plan.id)),
        label: "Delete".into(),
        back: place(plan.id),
        back_label: plan.name.clone(),
        error,
    }
}

/// The plan as somebody sees it who may change it, or 404.
async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<WholePlan> {
    frame.caller.scope.require(Permission::CatalogEdit)?;
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, (id, None), now).await })
    });
    read.await?.ok_or_else(Error::not_found)
}

fn place(id: Uuid) -> String {
    format!("/catalog/plans/{id}")
}

async fn new_page(app: &App, frame: &Frame, typed: Typed, given: Given<'_>) -> PageResult {
    let blank = PlanFacts {
        auto_renews: true,
        notice_days: USUAL_NOTICE,
        term: PlanFacts::usual_term(BilledEvery::Yearly).into(),
        ..PlanFacts::default()
    };
    let fulls = full_plans(app, frame, given.0.and_then(chosen_full)).await?;
    let groups = groups(&blank, false, &fulls);
    let page = PlanFormPage {
        shell: frame.shell("New service plan", "catalog"),
        title: "New service plan".into(),
        lead: "Several licenses that a customer is given as one.".into(),
        places: ("/catalog/plans/new".into(), "/catalog/plans".into()),
        plan: String::new(),
        label: "Add service plan",
        hidden: vec![],
        groups,
        rows: vec![],
        choices: vec![],
        find: String::new(),
        error: None,
    };
    shown(app, frame, (page, typed), given).await
}

async fn composition_page(
    app: &App,
    frame: &Frame,
    (found, typed): (&WholePlan, Typed),
    given: Given<'_>,
) -> PageResult {
    let plan = &found.plan;
    let page = PlanFormPage {
        shell: frame.shell(format!("Composition of {}", plan.name), "catalog"),
        title: "Change composition".into(),
        lead: format!(
            "What is saved here is composition {}. Customers keep the one they have until it is approved for them.",
            plan.composition + 1
        ),
        places: (format!("{}/composition", place(plan.id)), place(plan.id)),
        plan: plan.name.clone(),
        label: "Save composition",
        hidden: vec![Field::new("hidden", "version", "").value(plan.version.to_string())],
        groups: vec![],
        rows: vec![],
        choices: vec![],
        find: String::new(),
        error: None,
    };
    shown(app, frame, (page, typed), given).await
}

/// The page with what was typed, and all that is wrong with it.
async fn shown(
    app: &App,
    frame: &Frame,
    (mut page, typed): (PlanFormPage, Typed),
    (form, refused): Given<'_>,
) -> PageResult {
    frame.caller.scope.require(Permission::CatalogEdit)?;
    let (scope, error) = (frame.caller.scope.clone(), refused.cloned());
    let read = app.read(move |mut tx| {
        Box::pin(async move { typed.shown(&mut tx, &scope, error.as_ref()).await })
    });
    let grid = read.await?;
    let nothing = vec![];
    let pairs = form.map_or(&nothing, |form| &form.pairs);
    let sent = form.is_some();
    let fill = |(title, fields): (&'static str, Vec<Field>)| {
        let mut fields = filled(fields, pairs, refused);
        for field in fields.iter_mut().filter(|it| sent && it.kind == "checkbox") {
            // A box that is not ticked is not sent.
            if !pairs.iter().any(|(name, _)| *name == field.name) {
                field.value = String::new();
            }
        }
        (title, fields)
    };
    page.groups = page.groups.into_iter().map(fill).collect();
    page.hidden = filled(page.hidden, pairs, None);
    let elsewhere = refused.map(|error| Error {
        fields: error
            .fields
            .iter()
            .filter(|wrong| !wrong.field.starts_with("components["))
            .cloned()
            .collect(),
        ..error.clone()
    });
    let all: Vec<Field> = page.groups.iter().flat_map(|it| it.1.clone()).collect();
    let by_rows = refused.is_some_and(|error| !error.fields.is_empty())
        && elsewhere
            .as_ref()
            .is_some_and(|error| error.fields.is_empty());
    page.error = above(&all, elsewhere.as_ref().filter(|_| !by_rows));
    (page.rows, page.choices, page.find) = (grid.rows, grid.choices, grid.find);
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    Ok(html(status, page.render()))
}

/// The full plan that was picked.
fn chosen_full(form: &Form) -> Option<Uuid> {
    form.text("full_plan_id").parse().ok()
}

/// Full plans to choose where pickers cannot ask, and the one that is chosen.
async fn full_plans(app: &App, frame: &Frame, chosen: Option<Uuid>) -> Result<Vec<ServicePlan>> {
    let filter = queries::Filter {
        edition: Some(Edition::Full),
        limit: CHOICES,
        ..queries::Filter::default()
    };
    let (scope, now) = (frame.caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::list(&mut tx, &scope, &filter, now).await?;
            let mut plans: Vec<ServicePlan> = found.into_iter().map(|it| it.plan).collect();
            let missing = chosen.filter(|id| plans.iter().all(|plan| plan.id != *id));
            if let Some(id) = missing {
                plans.extend(queries::find(&mut tx, id).await?);
            }
            Ok(plans)
        })
    });
    read.await
}

async fn facts_sheet(
    app: &App,
    frame: &Frame,
    (id, typed): (Uuid, Option<&Form>),
) -> Result<Sheet> {
    frame.caller.scope.require(Permission::CatalogEdit)?;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = queries::find(&mut tx, id).await?;
            let plan = found.ok_or_else(Error::not_found)?;
            let fixed = queries::was_assigned(&mut tx, id).await?;
            Ok((plan, fixed))
        })
    });
    let (plan, fixed) = read.await?;
    let chosen = typed.map_or(plan.full_plan_id, chosen_full);
    let fulls = full_plans(app, frame, chosen).await?;
    let mut fields = vec![Field::new("hidden", "version", "").value(plan.version.to_string())];
    for (title, group) in groups(&PlanFacts::of(&plan), fixed, &fulls) {
        fields.push(Field::heading(title));
        fields.extend(group);
    }
    Ok(Sheet {
        title: "Edit service plan",
        action: format!("{}/edit", place(id)),
        label: "Save",
        note: "What customers have of this plan keeps the terms it was given on.",
        back: place(id),
        fields,
    })
}
