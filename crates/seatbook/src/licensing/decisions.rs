//! Forms over one license: editing, pausing, ending.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use uuid::Uuid;

use super::handlers::LicenseEditPage;
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, part_or_page},
        fields::{Field, filled},
        form::{Form, value},
        format,
        frame::{Frame, PageResult},
        pages::Confirm,
    },
    error::{Error, Result},
    licenses::{
        commands::{DeleteLicense, EditLicense, PauseLicense, TerminateLicense},
        model::License,
        queries,
    },
};

/// `/licenses/{id}/edit`.
pub async fn edit(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = edit_page(&app, &frame, id, (&[], None)).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

/// Saves, or shows the form again with what is wrong.
pub async fn save(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let done = match edited(id, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, &format!("/licenses/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = edit_page(&app, &frame, id, (&form.pairs, Some(&error))).await?;
            Ok(part_or_page(
                frame.fragment,
                StatusCode::UNPROCESSABLE_ENTITY,
                || page.as_sheet().render(),
                || page.render(),
            ))
        }
        Err(error) => Err(error.into()),
    }
}

fn edited(id: Uuid, form: &Form) -> Result<EditLicense> {
    Ok(EditLicense {
        id,
        version: form.parse("version", "a version")?,
        quantity: Some(form.need("quantity", "a whole number")?),
        support_reference: Some(form.text("support_reference").to_owned()),
        start_date: form
            .parse::<jiff::civil::Date>("start_date", "a date")?
            .map(store::Date),
        name: Some(form.text("name").to_owned()),
        note: None,
        expiring_days: None,
        price: None,
    })
}

async fn edit_page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<LicenseEditPage> {
    let (license, siblings) = find(app, frame, id).await?;
    let in_use = license.allocated + license.assigned;
    let fields = vec![
        Field::text("support_reference", "Support reference")
            .value(license.support_reference.clone().unwrap_or_default()),
        Field::new("date", "start_date", "First day")
            .value(license.start_date.to_string())
            .required(),
        Field::new("number", "quantity", "Quantity")
            .value(license.quantity.to_string())
            // Not from what is in use: the refusal says how many units to free, a browser's bubble does not.
            .between("1", "999999999")
            .required(),
        Field::text("name", "Name").value(license.name.clone().unwrap_or_default()),
    ];
    Ok(LicenseEditPage {
        shell: frame.shell("Edit license", "licenses"),
        id: id.to_string(),
        version: license.version,
        fixed: vec![
            ("Owner".into(), license.organization_name.clone()),
            (
                "Sales order".into(),
                license.sales_order.clone().unwrap_or_else(|| "–".into()),
            ),
            ("SKU".into(), license.sku_code.clone()),
        ],
        fields: filled(fields, given, refused),
        sales_order: license.sales_order.clone().unwrap_or_default(),
        order_siblings: siblings,
        in_use,
        end: license
            .end_date
            .map_or("no end".into(), |end| format::date(end.0)),
        planner: planner(license.pool_id, given, refused),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

/// Where to see who would lose a unit at the quantity that was refused.
fn planner(pool_id: Uuid, given: &[(String, String)], refused: Option<&Error>) -> String {
    match refused {
        Some(error) if error.code == "license.below_use" => {
            let quantity: i64 = value(given, "quantity").trim().parse().unwrap_or_default();
            format!("/subscriptions/{pool_id}/reduction?quantity={quantity}")
        }
        _ => String::new(),
    }
}

/// The license, and how many others stand on its order.
async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<(License, i64)> {
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let license = queries::find_visible(&mut tx, &scope, id)
                .await?
                .ok_or_else(Error::not_found)?;
            let siblings = match &license.sales_order {
                Some(order) => {
                    queries::on_order(&mut tx, license.organization_id, order)
                        .await?
                        .len() as i64
                        - 1
                }
                None => 0,
            };
            Ok((license, siblings))
        })
    });
    read.await
}

/// `/licenses/{id}/pause`, `terminate`, `delete`: what it would do, with numbers.
pub async fn confirm(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
) -> PageResult {
    let page = confirm_page(&app, &frame, (id, &decision), None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Does it.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    Path((id, decision)): Path<(Uuid, String)>,
    form: Form,
) -> PageResult {
    let (license, _) = find(&app, &frame, id).await?;
    let (caller, key) = (&frame.caller, form.key.clone());
    let (version, paused) = (Some(license.version), !license.paused);
    let done = match decision.as_str() {
        "pause" => app
            .gate
            .submit(
                caller,
                key,
                PauseLicense {
                    id,
                    version,
                    paused,
                },
            )
            .await
            .map(drop),
        "terminate" => app
            .gate
            .submit(caller, key, TerminateLicense { id, version })
            .await
            .map(drop),
        "delete" => app
            .gate
            .submit(caller, key, DeleteLicense { id, version })
            .await
            .map(drop),
        _ => return Err(Error::not_found().into()),
    };
    match done {
        Ok(()) if decision == "delete" => Ok(go(frame.fragment, "/licenses")),
        Ok(()) => Ok(go(frame.fragment, &format!("/licenses/{id}"))),
        Err(error) if error.is_refusal() => {
            let page = confirm_page(&app, &frame, (id, &decision), Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn confirm_page(
    app: &App,
    frame: &Frame,
    (id, decision): (Uuid, &str),
    error: Option<String>,
) -> Result<Confirm> {
    let (license, _) = find(app, frame, id).await?;
    let sku = &license.sku_code;
    let (title, lead, label, tone) = match decision {
        "pause" if license.paused => (
            format!("Let {sku} go on?"),
            "Units can be passed on and assigned again, and checks say yes.",
            "Resume",
            "warn",
        ),
        "pause" => (
            format!("Pause {sku}?"),
            "Nothing new can be passed on or assigned, and checks say no. The clock goes on.",
            "Pause",
            "warn",
        ),
        "terminate" => (
            format!("Terminate {sku}?"),
            "The license ends now, for everyone who received units of it. This is not undone.",
            "Terminate",
            "bad",
        ),
        "delete" => (
            format!("Delete {sku}?"),
            "It was never used, so nothing is lost but the record.",
            "Delete",
            "bad",
        ),
        _ => return Err(Error::not_found()),
    };
    let n = |units: i64| format::count(units, &license.unit, &license.units);
    Ok(Confirm {
        shell: frame.shell(title.clone(), "licenses"),
        title,
        lead: lead.into(),
        facts: vec![
            ("Quantity".into(), n(license.quantity)),
            ("Passed on".into(), n(license.allocated)),
            ("In use here".into(), n(license.assigned)),
        ],
        warnings: vec![],
        fields: vec![],
        tone,
        allowed: decision != "delete" || !license.used,
        action: format!("/licenses/{id}/{decision}"),
        label: label.into(),
        back: format!("/licenses/{id}"),
        back_label: sku.clone(),
        error,
    })
}
