//! The review of a crossgrade: what becomes of each overlap, seen before it is done.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use uuid::Uuid;

use super::{
    coming::rows, licenses::edition, orders::renamed, pages::CrossgradePage, review::Scene,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, above},
        form::{Form, pairs},
        format::Moment,
        frame::{Frame, PageResult},
    },
    crossgrades::commands::Crossgrade,
    error::{Error, Result},
    gate::Key,
};

/// `/organizations/{id}/licenses/crossgrade?plan_id=`: what the customer has, what it gets, and what all of it comes
/// to; the module asks for the latter alone while choices are made.
pub async fn review(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let form = Form {
        pairs: pairs(query.as_deref()),
        key: Key::mint()?,
    };
    shown(&app, &frame, id, (&form, None)).await
}

/// Does it, or shows it again.
pub async fn crossgrade(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    form: Form,
) -> PageResult {
    if form.text("step") != "save" {
        return shown(&app, &frame, id, (&form, None)).await;
    }
    let scene = Scene::find(&app, &frame, id, &form).await?;
    let Some(scene) = scene.filter(|it| !it.overlaps.is_empty()) else {
        return Ok(elsewhere(&frame, id, &form));
    };
    let done = match scene.order(&form) {
        Ok(order) => {
            let overlaps = scene.said(&form);
            let command = Crossgrade { order, overlaps };
            let key = form.key.clone();
            app.gate.submit(&frame.caller, key, command).await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(done) => {
            let (begun, entry) = (done.outcome.assigned.subscription.id, done.journal_id);
            let to = format!("/organizations/{id}/licenses?given={begun}&entry={entry}");
            Ok(go(frame.fragment, &to))
        }
        Err(error) if error.is_refusal() => {
            let error = renamed(error);
            shown(&app, &frame, id, (&form, Some(&error))).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn shown(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (form, refused): (&Form, Option<&Error>),
) -> PageResult {
    let scene = Scene::find(app, frame, id, form).await?;
    let Some(scene) = scene.filter(|it| !it.overlaps.is_empty()) else {
        return Ok(elsewhere(frame, id, form));
    };
    let page = page(app, frame, &scene, (form, refused)).await?;
    if refused.is_some() {
        return Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()));
    }
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_result().render(),
        || page.render(),
    ))
}

/// Where nothing is shared, a plan is assigned and not moved to.
fn elsewhere(frame: &Frame, id: Uuid, form: &Form) -> Response {
    let plan = match form.text("plan_id").parse::<Uuid>() {
        Ok(plan) => format!("?plan_id={plan}"),
        Err(_) => String::new(),
    };
    go(
        frame.fragment,
        &format!("/organizations/{id}/licenses/assign{plan}"),
    )
}

async fn page(
    app: &App,
    frame: &Frame,
    scene: &Scene,
    (form, refused): (&Form, Option<&Error>),
) -> Result<CrossgradePage> {
    let (place, plan) = (&scene.place, &scene.chosen.plan);
    let moment = Moment::new(app.gate.now(), &frame.visitor.time_zone);
    let given = &form.pairs;
    let cards = scene.cards((given, refused), &moment);
    let components = scene.chosen.components(&scene.seller, given, refused);
    let further = scene.chosen.further(&scene.seller, given, refused);
    let result = rows(app, frame, scene, form).await?;
    let of_components = components.iter().flat_map(|it| it.fields());
    let fields: Vec<Field> = of_components
        .chain(&further)
        .chain(cards.iter().flat_map(|it| &it.fields))
        .cloned()
        .collect();
    Ok(CrossgradePage {
        shell: frame.shell(
            format!("Crossgrade · {}", place.organization.name),
            "organizations",
        ),
        customer: (
            place.organization.id.to_string(),
            place.organization.name.clone(),
        ),
        plan: (plan.id.to_string(), plan.name.clone()),
        edition: edition(plan.edition),
        has: scene.has(),
        error: match refused {
            Some(error) if error.code == "reduction.not_accepted" => Some(
                "People would lose what they use. Look at who, and tick that you have seen it."
                    .into(),
            ),
            _ => above(&fields, refused),
        },
        components,
        further,
        cards,
        result,
    })
}
