//! The form that asks what a service plan would come to for many customers.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::{Date, Timestamp, Tx};
use uuid::Uuid;

use super::{
    commands::CreateRollout,
    customers::Found,
    model::{Action, Terms},
    pages::{CustomerRow, RolloutFormPage, whom},
    queries,
};
use crate::{
    app::App,
    console::{
        answer::{go, html},
        badges,
        fields::{Choice, Field, above, filled, rows},
        form::{Form, pairs, value},
        format::Moment,
        frame::{Frame, PageResult},
        pages::{PickerOption, PickerOptions},
    },
    error::{Error, Result},
    gate::{Caller, Key},
    organizations::{self, model::Kind},
    plans,
    provisioning::{
        orders::{Chosen, Seller, renamed},
        picker,
    },
    scope::{self, Permission},
};

/// Customers and plans to choose where pickers cannot ask.
const OFFERED: i64 = 50;

/// `/rollouts/new`; `?plan_id=` chooses the plan, each `?organization_id=` a customer.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let mut pairs = pairs(query.as_deref());
    let chosen = pairs.iter().filter(|(name, _)| name == "organization_id");
    let chosen: Vec<String> = chosen.map(|(_, id)| id.clone()).collect();
    for (place, id) in chosen.into_iter().enumerate() {
        pairs.push(("row".into(), place.to_string()));
        pairs.push((format!("organization.{place}"), id));
    }
    let key = Key::mint()?;
    let form = Form { pairs, key };
    let page = page(&app, &frame, (&form, "", None)).await?;
    Ok(html(StatusCode::OK, page.render()))
}

/// Queues the check and goes on to the rollout, or shows the form again.
pub async fn create(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let step = form.text("step").to_owned();
    if step != "save" {
        let page = page(&app, &frame, (&form, &step, None)).await?;
        return Ok(html(StatusCode::OK, page.render()));
    }
    let done = match command(&app, &frame, &form).await {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/rollouts/{}", done.outcome.id),
        )),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, (&form, "", Some(&renamed(error)))).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// What was typed, as the command has it.
async fn command(app: &App, frame: &Frame, form: &Form) -> Result<CreateRollout> {
    let ground = ground(app, frame, form).await?;
    let chosen = ground
        .chosen
        .ok_or_else(|| Error::invalid("plan_id", "required", "Please choose a service plan."))?;
    let seller_id = ground.seller.id;
    let terms = Terms::of(chosen.order(form, (seller_id, seller_id))?);
    let q = Some(form.text("q").to_owned()).filter(|q| !q.is_empty());
    let found = match form.text("whom") {
        "customers" => Some(Some(Kind::Customer)),
        "partners" => Some(Some(Kind::Partner)),
        "all" => Some(None),
        _ => None,
    };
    let organization_ids = match found {
        None => typed_rows(form).into_iter().map(|it| it.1).collect(),
        Some(_) => vec![],
    };
    Ok(CreateRollout {
        seller_id,
        plan_id: chosen.plan.id,
        action: Action::Assign,
        terms,
        organization_ids,
        found: found.map(|kind| Found { kind, q }),
    })
}

/// The customers that were chosen one by one, each with its row's key. Rows that say nothing are left out.
fn typed_rows(form: &Form) -> Vec<(String, Uuid)> {
    let row = |(key, fields): (String, BTreeMap<&str, &str>)| {
        let id = fields.get("organization")?.trim().parse().ok()?;
        Some((key, id))
    };
    rows(&form.pairs).into_iter().filter_map(row).collect()
}

/// What the form stands on.
struct Ground {
    seller: Seller,
    chosen: Option<Chosen>,
    plans: Vec<plans::model::ServicePlan>,
    today: jiff::civil::Date,
    /// Names of the customers that were chosen.
    names: BTreeMap<Uuid, String>,
    /// Customers to choose where pickers cannot ask.
    others: Vec<(Uuid, String)>,
}

async fn ground(app: &App, frame: &Frame, form: &Form) -> Result<Ground> {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let place = (
        frame.visitor.organization_id,
        Moment::new(now, &frame.visitor.time_zone).today,
    );
    let plan_id = form.text("plan_id").parse().ok();
    let chosen: Vec<Uuid> = typed_rows(form).into_iter().map(|it| it.1).collect();
    let read = app.read(move |mut tx| {
        Box::pin(async move { Ground::read(&mut tx, &caller, place, (plan_id, chosen)).await })
    });
    read.await
}

impl Ground {
    async fn read(
        tx: &mut Tx<'_>,
        caller: &Caller,
        (seller_id, today): (Uuid, jiff::civil::Date),
        (plan_id, customers): (Option<Uuid>, Vec<Uuid>),
    ) -> Result<Ground> {
        let seller = Seller::of(tx, caller, seller_id).await?;
        let seller = seller.ok_or_else(|| scope::missing(Permission::LicensesSell))?;
        let plan = match plan_id {
            Some(id) => plans::queries::find(tx, id).await?,
            None => None,
        };
        let chosen = match plan {
            Some(plan) => {
                let parts = plans::queries::components(tx, plan.id, plan.composition).await?;
                Some(Chosen::of(plan, parts))
            }
            None => None,
        };
        let filter = below(seller_id, None, OFFERED);
        let others = organizations::queries::list(tx, &caller.scope, &filter).await?;
        Ok(Ground {
            plans: plans::queries::offers(tx, None, Date(today), OFFERED).await?,
            names: queries::below(tx, seller_id, &customers).await?,
            others: others.into_iter().map(|it| (it.id, it.name)).collect(),
            seller,
            chosen,
            today,
        })
    }

    /// The choice of the plan.
    fn plan(&self) -> Field {
        let mut plans = picker::first(&self.plans, self.today);
        if let Some(chosen) = &self.chosen
            && plans.iter().all(|(id, _)| *id != chosen.plan.id)
        {
            let name = format!("{} · {}", chosen.plan.name, chosen.plan.code);
            plans.push((chosen.plan.id, name));
        }
        let plans: Vec<(String, String)> = std::iter::once((String::new(), String::new()))
            .chain(plans.into_iter().map(|(id, name)| (id.to_string(), name)))
            .collect();
        let choices: Vec<(&str, &str)> = plans
            .iter()
            .map(|(id, name)| (id.as_str(), name.as_str()))
            .collect();
        Field::select("plan_id", "Service plan", &choices)
            .source("/rollouts/plans")
            .required()
    }

    /// The customers as they are chosen, after a step that needs no script; one to be filled where there is none.
    fn rows(&self, form: &Form, (step, refused): (&str, Option<&Error>)) -> Vec<CustomerRow> {
        let typed = typed_rows(form);
        let mut shown: Vec<CustomerRow> = Vec::with_capacity(typed.len() + 1);
        for (place, (key, id)) in typed.into_iter().enumerate() {
            let field = format!("organization_ids[{place}]");
            let wrong = refused.and_then(|it| it.fields.iter().find(|it| it.field == field));
            if step.strip_prefix("remove ") == Some(key.as_str()) {
                continue;
            }
            shown.push(CustomerRow {
                name: self.names.get(&id).cloned().unwrap_or_default(),
                error: wrong.map(|wrong| wrong.message.clone()),
                id: id.to_string(),
                key,
            });
        }
        if shown.is_empty() || step == "add" {
            let taken: BTreeSet<&str> = shown.iter().map(|it| it.key.as_str()).collect();
            let mut keys = (shown.len()..).map(|number| format!("new{number}"));
            let key = keys.find(|key| !taken.contains(key.as_str()));
            shown.push(CustomerRow {
                key: key.unwrap_or_default(),
                ..CustomerRow::default()
            });
        }
        shown
    }
}

async fn page(
    app: &App,
    frame: &Frame,
    (form, step, refused): (&Form, &str, Option<&Error>),
) -> Result<RolloutFormPage> {
    let ground = ground(app, frame, form).await?;
    let seller = frame.visitor.organization.clone();
    let narrowed = Field::text("q", "Only those with").hint(
        "In name, reference, web site or tax number. For all of a kind, not for those you choose.",
    );
    let mut fields = filled(vec![ground.plan(), narrowed], &form.pairs, refused);
    let narrowed = fields.pop().unwrap_or_default();
    let plan = fields.pop().unwrap_or_default();
    let (mut components, mut further, mut words) = (vec![], vec![], "");
    if let Some(chosen) = &ground.chosen {
        components = chosen.components(&ground.seller, &form.pairs, refused);
        further = chosen.further(&ground.seller, &form.pairs, refused);
        words = chosen.words();
    }
    let of = |name: &str| {
        let wrong = refused.and_then(|it| it.fields.iter().find(|it| it.field == name));
        wrong.map(|wrong| wrong.message.clone())
    };
    let shown: Vec<Field> = components
        .iter()
        .flat_map(|it| it.prices.iter().chain([&it.units]))
        .chain(&further)
        .chain([&plan, &narrowed])
        .cloned()
        .collect();
    let said = |name: &str| name.starts_with("organization_ids");
    let elsewhere = refused.map(|error| Error {
        fields: error
            .fields
            .iter()
            .filter(|it| !said(&it.field))
            .cloned()
            .collect(),
        ..error.clone()
    });
    let by_rows = refused.is_some_and(|error| error.fields.iter().any(|it| said(&it.field)));
    let elsewhere = elsewhere.filter(|error| !(by_rows && error.fields.is_empty()));
    let chosen = ground.chosen.as_ref().map(|it| &it.plan);
    Ok(RolloutFormPage {
        shell: frame.shell("Assign to many customers", "catalog"),
        whom: whom(&seller, form.text("whom")),
        chosen: chosen
            .map(|it| (it.id.to_string(), it.name.clone()))
            .unwrap_or_default(),
        words: words.into(),
        rows: ground.rows(form, (step, refused)),
        choices: ground
            .others
            .iter()
            .map(|(id, name)| Choice {
                value: id.to_string(),
                label: name.clone(),
            })
            .collect(),
        whom_error: of("organization_ids"),
        error: above(&shown, elsewhere.as_ref()),
        plan,
        components,
        further,
        narrowed,
    })
}

/// `/rollouts/plans?q=`: the first plans that match, those on sale before the others.
pub async fn plans(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let keyword = keyword(query.as_deref());
    let now: Timestamp = app.gate.now();
    let today = Moment::new(now, &frame.visitor.time_zone).today;
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let limit = PickerOptions::MOST + 1;
            plans::queries::offers(&mut tx, keyword.as_deref(), Date(today), limit).await
        })
    });
    Ok(html(StatusCode::OK, picker::render(&read.await?, today)))
}

/// `/rollouts/customers?q=`: the first below one's own organization that match.
pub async fn customers(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    frame.caller.scope.require(Permission::LicensesSell)?;
    let keyword = keyword(query.as_deref());
    let filter = below(
        frame.visitor.organization_id,
        keyword,
        PickerOptions::MOST + 1,
    );
    let scope = frame.caller.scope;
    let read = app.read(move |mut tx| {
        Box::pin(async move { organizations::queries::list(&mut tx, &scope, &filter).await })
    });
    let option = |found: organizations::model::Organization| PickerOption {
        value: found.id.to_string(),
        note: badges::kind(found.kind.as_str()).label,
        label: found.name,
    };
    let options = PickerOptions::of(read.await?.into_iter().map(option));
    Ok(html(StatusCode::OK, options.render()))
}

fn keyword(query: Option<&str>) -> Option<String> {
    let keyword = value(&pairs(query), "q").trim().to_owned();
    Some(keyword).filter(|keyword| !keyword.is_empty())
}

fn below(seller_id: Uuid, keyword: Option<String>, limit: i64) -> organizations::queries::Filter {
    organizations::queries::Filter {
        below: Some(seller_id),
        keyword,
        limit,
        ..organizations::queries::Filter::default()
    }
}
