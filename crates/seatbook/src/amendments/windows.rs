//! The page on which a service plan of a customer is changed; the money, and who loses a unit, stand beside the form
//! while it is filled.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use uuid::Uuid;

use super::{commands::ChangePlanSubscription, form::One, pages::ChangePage};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        form::{Form, pairs},
        frame::{Frame, PageResult},
    },
    error::{Error, Kind, Result},
    gate::Key,
    provisioning::orders::foresee,
};

/// `/plan-subscriptions/{id}/change`.
pub async fn change(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let page = filled(&app, &frame, id, (&asked(query.as_deref())?, None)).await?;
    Ok(shown(&frame, StatusCode::OK, &page))
}

/// `/plan-subscriptions/{id}/change/preview`: asked while the form is filled.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let page = filled(&app, &frame, id, (&asked(query.as_deref())?, None)).await?;
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Changes it, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    if form.text("step") != "save" {
        let page = filled(&app, &frame, id, (&form, None)).await?;
        return Ok(shown(&frame, StatusCode::OK, &page));
    }
    let one = One::read(&app, &frame, id, &form).await?;
    let done = match one.command(&form) {
        Ok(command) => submit(&app, &frame, command, &form).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => Ok(go(frame.fragment, &format!("/plan-subscriptions/{id}"))),
        Err(error) if error.is_refusal() => {
            let error = one.renamed(error);
            let page = filled(&app, &frame, id, (&form, Some(&error))).await?;
            Ok(shown(&frame, StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn submit(
    app: &App,
    frame: &Frame,
    command: ChangePlanSubscription,
    form: &Form,
) -> Result<()> {
    let key = form.key.clone();
    app.gate.submit(&frame.caller, key, command).await.map(drop)
}

/// What was typed so far, as a form.
fn asked(query: Option<&str>) -> Result<Form> {
    Ok(Form {
        pairs: pairs(query),
        key: Key::mint()?,
    })
}

fn shown(frame: &Frame, status: StatusCode, page: &ChangePage) -> Response {
    part_or_page(
        frame.fragment,
        status,
        || page.as_sheet().render(),
        || page.render(),
    )
}

/// The form as it was filled, with what it would come to.
async fn filled(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (form, refused): (&Form, Option<&Error>),
) -> Result<ChangePage> {
    let one = One::read(app, frame, id, form).await?;
    let mut page = one.page(app, frame, (form, refused));
    // A form that nobody filled yet changes nothing.
    if form.pairs.is_empty() {
        return Ok(page);
    }
    let mut command = match one.command(form) {
        Ok(command) => command,
        Err(error) => {
            page.result.problem = Some(error.in_a_line());
            return Ok(page);
        }
    };
    one.as_seen(&mut command);
    match foresee(app, &frame.caller, &command).await {
        Ok(done) => page.result.tell(&done),
        Err(error) if error.fields.iter().any(|it| it.code == "change.nothing") => {}
        // A preview that takes too long is given up; the form can be sent without it.
        Err(error) if error.is_refusal() || error.kind == Kind::Unavailable => {
            page.result.problem = Some(error.in_a_line());
        }
        Err(error) => return Err(error),
    }
    Ok(page)
}
