//! The form that assigns a service plan to a customer.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::{
    coming::Foretold,
    orders::{Chosen, Ground, foresee, renamed},
    pages::AssignPage,
    picker,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, above, filled},
        form::{Form, KEY_FIELD, pairs, value},
        format::{self, Moment},
        frame::{Frame, PageResult},
    },
    error::{Error, Kind, Result},
    gate::Key,
    licenses::model::License,
    plan_subscriptions::{commands::AssignPlan, model::Overlap},
    plans::{self, model::ServicePlan},
    requests::commands::RequestUnits,
};

/// Plans offered at once; the picker finds the others.
const OFFERED: i64 = 50;

/// `/organizations/{id}/licenses/assign`; `?plan_id=` chooses the plan.
pub async fn new(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let asked = Asked::of(pairs(query.as_deref()))?;
    let page = page(&app, &frame, id, (&asked, None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// `/organizations/{id}/licenses/assign/preview`: what it would do, asked while the form is filled.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let asked = Asked::of(pairs(query.as_deref()))?;
    let page = page(&app, &frame, id, (&asked, None)).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Assigns it, goes on to the review of a crossgrade, or shows the form again.
pub async fn assign(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let (step, ask) = (form.text("step").to_owned(), form.text("ask").to_owned());
    let mut asked = Asked { form, told: None };
    if !ask.is_empty() {
        let sent = ask_for_more(&app, &frame, &asked.form, &ask).await;
        return again(&app, &frame, id, (&mut asked, sent)).await;
    }
    if step == "review" {
        let to = format!(
            "/organizations/{id}/licenses/crossgrade?{}",
            address(&asked.form)
        );
        return Ok(go(frame.fragment, &to));
    }
    if step != "save" {
        return again(&app, &frame, id, (&mut asked, Ok(None))).await;
    }
    let done = match order(&app, &frame, id, &asked.form).await {
        Ok(command) => {
            let key = asked.form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => {
            let (begun, entry) = (done.outcome.subscription.id, done.journal_id);
            let to = format!("/organizations/{id}/licenses?given={begun}&entry={entry}");
            Ok(go(frame.fragment, &to))
        }
        Err(error) => again(&app, &frame, id, (&mut asked, Err(error))).await,
    }
}

/// A form as it was filled, and what has just been done from it.
struct Asked {
    form: Form,
    told: Option<String>,
}

impl Asked {
    fn of(pairs: Vec<(String, String)>) -> Result<Asked> {
        Ok(Asked {
            form: Form {
                pairs,
                key: Key::mint()?,
            },
            told: None,
        })
    }
}

/// The form again: with what was done, or with what is wrong.
async fn again(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (asked, done): (&mut Asked, Result<Option<String>>),
) -> PageResult {
    let refused = match done {
        Ok(told) => {
            asked.told = told;
            None
        }
        Err(error) if error.is_refusal() => Some(renamed(error)),
        Err(error) => return Err(error.into()),
    };
    let status = match refused {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let page = page(app, frame, id, (asked, refused.as_ref())).await?;
    Ok(shown(frame, status, &page))
}

fn shown(frame: &Frame, status: StatusCode, page: &AssignPage) -> axum::response::Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// What was typed, as the address of the review carries it on.
fn address(form: &Form) -> String {
    let mut to = form_urlencoded::Serializer::new(String::new());
    let carried = form.pairs.iter().filter(|(name, value)| {
        !value.is_empty() && name != KEY_FIELD && name != "step" && name != "ask"
    });
    to.extend_pairs(carried).finish()
}

/// Reads what the form stands on.
async fn ground(app: &App, frame: &Frame, id: Uuid, given: &[(String, String)]) -> Result<Ground> {
    let plan_id = value(given, "plan_id").trim().parse().ok();
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let whose = (frame.visitor.organization_id, id);
    let read = app.read(move |mut tx| {
        Box::pin(async move { Ground::read(&mut tx, &caller, whose, plan_id, now).await })
    });
    read.await
}

async fn order(app: &App, frame: &Frame, id: Uuid, form: &Form) -> Result<AssignPlan> {
    let ground = ground(app, frame, id, &form.pairs).await?;
    let chosen = ground
        .chosen
        .ok_or_else(|| Error::invalid("plan_id", "required", "Please choose a service plan."))?;
    Ok(AssignPlan {
        order: chosen.order(form, (ground.seller.id, id))?,
    })
}

/// Asks the organization above the seller for more units: `sku:units`.
async fn ask_for_more(
    app: &App,
    frame: &Frame,
    form: &Form,
    wanted: &str,
) -> Result<Option<String>> {
    let parts = wanted.split_once(':');
    let parts = parts.and_then(|(sku, units)| Some((sku.parse().ok()?, units.parse().ok()?)));
    let (sku_id, quantity) =
        parts.ok_or_else(|| Error::invalid("ask", "field.invalid", "Say what to ask for."))?;
    let command = RequestUnits {
        organization_id: frame.visitor.organization_id,
        sku_id,
        quantity,
        note: None,
    };
    let asked = app.gate.submit(&frame.caller, form.key.clone(), command);
    let asked = asked.await?.outcome;
    let units = format::count(asked.quantity, &asked.unit, &asked.units);
    Ok(Some(format!(
        "The organization above yours was asked for {units} of {}.",
        asked.sku_code
    )))
}

async fn page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (asked, refused): (&Asked, Option<&Error>),
) -> Result<AssignPage> {
    let given = &asked.form.pairs;
    let ground = ground(app, frame, id, given).await?;
    let plan = plan_field(app, &ground, given, refused).await?;
    let customer = &ground.place.organization;
    let mut page = AssignPage {
        shell: frame.shell("Assign service plan", "organizations"),
        customer: (id.to_string(), customer.name.clone()),
        plan,
        words: String::new(),
        components: vec![],
        further: vec![],
        overlaps: vec![],
        foretold: Foretold::default(),
        told: asked.told.clone().unwrap_or_default(),
        error: None,
    };
    if let Some(chosen) = &ground.chosen {
        page.words = chosen.words().into();
        page.components = chosen.components(&ground.seller, given, refused);
        page.further = chosen.further(&ground.seller, given, refused);
        let has = |it: &Overlap| has(&customer.name, it);
        page.overlaps = chosen.overlaps.iter().map(has).collect();
        if chosen.overlaps.is_empty() {
            page.foretold = foretell(app, frame, (&ground, chosen), &asked.form).await?;
        }
    }
    page.error = problem(&page, refused);
    Ok(page)
}

/// What no field says of a refusal; what is short stands below, component by component.
fn problem(page: &AssignPage, refused: Option<&Error>) -> Option<String> {
    let of_components = page.components.iter().flat_map(|it| it.fields());
    let fields: Vec<Field> = of_components
        .chain(&page.further)
        .chain([&page.plan])
        .cloned()
        .collect();
    above(&fields, refused)
}

/// The choice of the plan.
async fn plan_field(
    app: &App,
    ground: &Ground,
    given: &[(String, String)],
    refused: Option<&Error>,
) -> Result<Field> {
    let now = app.gate.now();
    let today = Moment::new(now, &ground.place.organization.time_zone).today;
    let read = app.read(move |mut tx| {
        Box::pin(
            async move { plans::queries::offers(&mut tx, None, store::Date(today), OFFERED).await },
        )
    });
    let mut plans: Vec<(Uuid, String)> = picker::first(&read.await?, today);
    let name = |it: &ServicePlan| (it.id, format!("{} · {}", it.name, it.code));
    if let Some(chosen) = &ground.chosen
        && plans.iter().all(|(id, _)| *id != chosen.plan.id)
    {
        plans.push(name(&chosen.plan));
    }
    let plans: Vec<(String, String)> = std::iter::once((String::new(), String::new()))
        .chain(plans.into_iter().map(|(id, name)| (id.to_string(), name)))
        .collect();
    let choices: Vec<(&str, &str)> = plans
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_str()))
        .collect();
    let source = format!(
        "/organizations/{}/licenses/plans",
        ground.place.organization.id
    );
    let field = Field::select("plan_id", "Service plan", &choices)
        .source(source)
        .required();
    Ok(filled(vec![field], given, refused)
        .pop()
        .unwrap_or_default())
}

/// "Aurora Hospitals has Worry-Free already: 80 of 80 users in use, until 31 May 2027".
pub fn has(customer: &str, it: &Overlap) -> String {
    let pool = &it.pool;
    let all = format::count(pool.quantity, &pool.unit, &pool.units);
    let end = pool.end_date.map_or("without end".into(), |end| {
        format!("until {}", format::date(end.0))
    });
    format!(
        "{customer} has {} already: {} of {all} in use, {end}.",
        it.shared.join(" and "),
        format::number(pool.allocated + pool.assigned)
    )
}

/// What assigning it would do: the gate's own preview.
async fn foretell(
    app: &App,
    frame: &Frame,
    (ground, chosen): (&Ground, &Chosen),
    form: &Form,
) -> Result<Foretold> {
    let order = match chosen.order(form, (ground.seller.id, ground.place.organization.id)) {
        Ok(order) => order,
        // What cannot be read is said beside its field when the form is sent.
        Err(_) => return Ok(Foretold::default()),
    };
    match foresee(app, &frame.caller, &AssignPlan { order }).await {
        Ok(done) => {
            let it = &done.subscription;
            let days = (it.start_date, it.end_date);
            let licenses: Vec<&License> = done.parts.iter().map(|it| &it.license).collect();
            Foretold::drawn(app, &licenses, days).await
        }
        // A preview that takes too long is given up; the form can be sent without it.
        Err(error) if error.is_refusal() || error.kind == Kind::Unavailable => {
            Ok(Foretold::refused(chosen, &error, ground.seller.may_ask))
        }
        Err(error) => Err(error),
    }
}
