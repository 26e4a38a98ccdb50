//! Deleting what is left over of a plan, while nobody has used it.

use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use crate::{
    app::App,
    console::{
        answer::go,
        form::Form,
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    licenses::{commands::DeleteLicense, model::License, queries},
};

/// `/organizations/{id}/licenses/{license_id}/delete`: what goes with it.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path(whose): Path<(Uuid, Uuid)>,
) -> PageResult {
    let page = question(&app, &frame, whose, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Deletes it.
pub async fn delete(
    State(app): State<App>,
    frame: Frame,
    Path(whose): Path<(Uuid, Uuid)>,
    form: Form,
) -> PageResult {
    let license = find(&app, &frame, whose).await?;
    let command = DeleteLicense {
        id: license.id,
        version: Some(license.version),
    };
    let done = app.gate.submit(&frame.caller, form.key.clone(), command);
    match done.await {
        Ok(_) => Ok(go(
            frame.fragment,
            &format!("/organizations/{}/licenses", whose.0),
        )),
        Err(error) if error.is_refusal() => {
            let page = question(&app, &frame, whose, Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn question(
    app: &App,
    frame: &Frame,
    whose: (Uuid, Uuid),
    error: Option<String>,
) -> Result<Confirm> {
    let license = find(app, frame, whose).await?;
    let (id, license_id) = whose;
    let end = license
        .end_date
        .map_or("no end".into(), |end| format::date(end.0));
    Ok(Confirm {
        shell: frame.shell("Delete license", "organizations"),
        title: format!("Delete {} of {}?", license.sku_code, license.product_name),
        lead: match license.used {
            true => "It was used, so it cannot be deleted; it runs to its own end.".into(),
            false => "Nobody has used it, so nothing is lost but the record. Its units go back where they came from."
                .into(),
        },
        facts: vec![
            (
                "Units".into(),
                format::count(license.quantity, &license.unit, &license.units),
            ),
            ("Last day".into(), end),
        ],
        warnings: vec![],
        fields: vec![],
        tone: "bad",
        allowed: !license.used,
        action: format!("/organizations/{id}/licenses/{license_id}/delete"),
        label: "Delete".into(),
        back: format!("/organizations/{id}/licenses"),
        back_label: "Licenses".into(),
        error,
    })
}

/// The license, where it is this organization's own and can be seen.
async fn find(app: &App, frame: &Frame, (id, license_id): (Uuid, Uuid)) -> Result<License> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible(&mut tx, &scope, license_id).await })
    });
    let found = read.await?.filter(|it| it.organization_id == id);
    found.ok_or_else(Error::not_found)
}
