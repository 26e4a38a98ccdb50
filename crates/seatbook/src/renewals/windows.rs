//! The pages over terms: of one subscription those there were, changing it, and the next one; of an organization,
//! bringing several licenses to one day. The money stands beside the form while it is filled.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use jiff::civil;
use store::Date;
use uuid::Uuid;

use super::{
    commands::{CoTerm, WithdrawSchedule},
    queries,
    terms::{CoTermPage, Dialog, One, in_a_line, named},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::Field,
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
    },
    error::Result,
    gate::Key,
    licenses::{self, model::License},
    organizations::tabs::Place,
    scope::Permission,
};

/// Licenses offered, those that end first before the others.
const LISTED: i64 = 200;

/// `/subscriptions/{id}/terms`.
pub async fn terms(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = One::read(&app, &frame, id).await?.page(&frame);
    Ok(html(StatusCode::OK, page.render()))
}

/// `/subscriptions/{id}/change`.
pub async fn change(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    shown(&app, &frame, (id, "change")).await
}

/// `/subscriptions/{id}/next-term`.
pub async fn next_term(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    shown(&app, &frame, (id, "next-term")).await
}

async fn shown(app: &App, frame: &Frame, (id, verb): (Uuid, &'static str)) -> PageResult {
    let page = One::read(app, frame, id).await?;
    let page = page.dialog(frame, verb, (&[], None));
    Ok(answered(frame, StatusCode::OK, &page))
}

fn answered(frame: &Frame, status: StatusCode, page: &Dialog) -> axum::response::Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// `/subscriptions/{id}/change/preview`: asked while the form is filled.
pub async fn preview_change(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let form = asked(query.as_deref())?;
    let page = previewed(&app, &frame, (id, "change"), &form).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// `/subscriptions/{id}/next-term/preview`: asked while the form is filled.
pub async fn preview_next_term(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let form = asked(query.as_deref())?;
    let page = previewed(&app, &frame, (id, "next-term"), &form).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// What was typed so far, as a form.
pub(super) fn asked(query: Option<&str>) -> Result<Form> {
    Ok(Form {
        pairs: pairs(query),
        key: Key::mint()?,
    })
}

async fn previewed(
    app: &App,
    frame: &Frame,
    (id, verb): (Uuid, &'static str),
    form: &Form,
) -> Result<Dialog> {
    let one = One::read(app, frame, id).await?;
    let mut page = one.dialog(frame, verb, (&form.pairs, None));
    match one.preview(app, frame, (verb, form)).await {
        Ok(preview) => page.preview = preview,
        Err(error) if error.is_refusal() => page.refused = Some(in_a_line(&error)),
        Err(error) => return Err(error),
    }
    Ok(page)
}

/// Changes it, or shows the form again with what is wrong.
pub async fn save_change(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    saved(&app, &frame, (id, "change"), &form).await
}

/// Says what the next term shall be, or shows the form again with what is wrong.
pub async fn save_next_term(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    saved(&app, &frame, (id, "next-term"), &form).await
}

async fn saved(
    app: &App,
    frame: &Frame,
    (id, verb): (Uuid, &'static str),
    form: &Form,
) -> PageResult {
    if form.text("step") == "preview" {
        let page = previewed(app, frame, (id, verb), form).await?;
        return Ok(html(StatusCode::OK, page.render()));
    }
    let one = One::read(app, frame, id).await?;
    match submit(app, frame, (&one, verb), form).await {
        Ok(()) => Ok(go(
            frame.fragment,
            &format!("/subscriptions/{}/terms", one.pool.id),
        )),
        // Somebody would lose theirs: who, is seen first.
        Err(error) if error.code == "reduction.not_accepted" => {
            let at_renewal = verb == "next-term" || form.text("effective") == "renewal";
            let when = if at_renewal { "renewal" } else { "now" };
            let quantity: i64 = form.need("quantity", "a whole number")?;
            let place = format!("/subscriptions/{}/reduction", one.pool.id);
            let plan = format!("{place}?quantity={quantity}&when={when}");
            Ok(go(frame.fragment, &plan))
        }
        Err(error) if error.is_refusal() => {
            let page = one.dialog(frame, verb, (&form.pairs, Some(&error)));
            Ok(answered(frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(app: &App, frame: &Frame, (one, verb): (&One, &str), form: &Form) -> Result<()> {
    let (gate, caller, key) = (&app.gate, &frame.caller, form.key.clone());
    if verb == "change" {
        return gate.submit(caller, key, one.change(form)?).await.map(drop);
    }
    if form.text("step") == "withdraw" {
        let (id, version) = (one.pool.id, None);
        let command = WithdrawSchedule { id, version };
        return gate.submit(caller, key, command).await.map(drop);
    }
    gate.submit(caller, key, one.schedule(form)?)
        .await
        .map(drop)
}

/// `/organizations/{id}/co-term`.
pub async fn choose(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let form = asked(None)?;
    let page = co_term_page(&app, &frame, (id, &form)).await?;
    Ok(html(StatusCode::OK, page.render()))
}

/// `/organizations/{id}/co-term/preview`: asked while the form is filled.
pub async fn preview_co_term(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let form = asked(query.as_deref())?;
    let page = co_term_previewed(&app, &frame, (id, &form)).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Brings them to the day, or shows the form again with what is wrong.
pub async fn bring(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    if form.text("step") == "preview" {
        let page = co_term_previewed(&app, &frame, (id, &form)).await?;
        return Ok(html(StatusCode::OK, page.render()));
    }
    let done = match co_term(id, &form) {
        Ok(command) => {
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(
            frame.fragment,
            &format!("/organizations/{id}/subscriptions"),
        )),
        Err(error) if error.is_refusal() => {
            let mut page = co_term_page(&app, &frame, (id, &form)).await?;
            page.error = Some(in_a_line(&error));
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

fn co_term(organization_id: Uuid, form: &Form) -> Result<CoTerm> {
    let chosen = form.all("license");
    let end: civil::Date = form.need("end_date", "a date")?;
    Ok(CoTerm {
        organization_id,
        license_ids: chosen.filter_map(|id| id.parse().ok()).collect(),
        end_date: Date(end),
    })
}

async fn co_term_previewed(
    app: &App,
    frame: &Frame,
    (id, form): (Uuid, &Form),
) -> Result<CoTermPage> {
    let mut page = co_term_page(app, frame, (id, form)).await?;
    if form.all("license").next().is_none() || form.text("end_date").is_empty() {
        return Ok(page);
    }
    let done = match co_term(id, form) {
        Ok(command) => app.gate.preview(&frame.caller, command).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(preview) => page.fill(&preview.outcome),
        Err(error) if error.is_refusal() => page.refused = Some(in_a_line(&error)),
        Err(error) => return Err(error),
    }
    Ok(page)
}

async fn co_term_page(app: &App, frame: &Frame, (id, form): (Uuid, &Form)) -> Result<CoTermPage> {
    let (caller, now) = (frame.caller.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let place = Place::read(tx, &caller, id, Permission::LicensesEdit).await?;
            let ids = queries::running(tx, id, now, LISTED).await?;
            let mut found = licenses::queries::of_ids(tx, &ids).await?;
            found.sort_by_key(|it: &License| (it.ends_at, it.id));
            Ok((place, found))
        })
    });
    let (place, found) = read.await?;
    let chosen: Vec<&str> = form.all("license").collect();
    let row = |it: &License| {
        (
            it.id.to_string(),
            named(&it.product_name, it.name.as_deref()),
            format::count(it.quantity, &it.unit, &it.units),
            it.end_date
                .map_or_else(String::new, |end| format::date(end.0)),
            chosen.contains(&it.id.to_string().as_str()),
        )
    };
    Ok(CoTermPage {
        shell: frame.shell("Co-term", "organizations"),
        licenses: found.iter().map(row).collect(),
        tabs: place.tabs("subscriptions"),
        organization: (id.to_string(), place.organization.name.clone()),
        field: Field::new("date", "end_date", "Last day of all of them")
            .value(form.text("end_date"))
            .required(),
        lines: vec![],
        sums: vec![],
        refused: None,
        error: None,
    })
}
