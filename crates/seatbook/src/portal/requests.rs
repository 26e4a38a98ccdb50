//! Asking for units, and taking that back.

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use uuid::Uuid;

use crate::{
    api::Id,
    app::App,
    catalog::{self, model::Sku},
    console::{
        answer::go,
        fields::{Field, filled},
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
        pages::{Confirm, Sheet},
    },
    error::{Error, Result},
    requests::{
        commands::{RequestUnits, WithdrawRequest},
        model::UnitRequest,
        queries,
    },
    scope::{Permission, queries::check_visible},
};

/// Plans offered at once; the picker finds the others.
const OFFERED: i64 = 50;

/// `/portal/requests/new`.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let sheet = sheet(&app, &frame, &given, None).await?;
    Ok(sheet.shown(&frame, StatusCode::OK))
}

/// Asks, or shows the form again with what is wrong.
pub async fn ask(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let done = match command(&frame, &form) {
        Ok(command) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => Ok(go(frame.fragment, "/portal?asked")),
        Err(error) if error.is_refusal() => {
            let sheet = sheet(&app, &frame, &form.pairs, Some(&error)).await?;
            Ok(sheet.shown(&frame, StatusCode::UNPROCESSABLE_ENTITY))
        }
        Err(error) => Err(error.into()),
    }
}

fn command(frame: &Frame, form: &Form) -> Result<RequestUnits> {
    Ok(RequestUnits {
        organization_id: frame.visitor.organization_id,
        sku_id: form.need("sku_id", "a plan")?,
        quantity: form.need("quantity", "a whole number")?,
        note: Some(form.text("note").to_owned()),
    })
}

async fn sheet(
    app: &App,
    frame: &Frame,
    given: &[(String, String)],
    refused: Option<&Error>,
) -> Result<Sheet> {
    frame.caller.scope.require(Permission::UnitsRequest)?;
    let scope = frame.caller.scope.clone();
    let first = catalog::queries::Filter {
        limit: OFFERED,
        ..catalog::queries::Filter::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { catalog::queries::list_skus(&mut tx, &scope, &first).await })
    });
    let plan = |sku: &Sku| (sku.id.to_string(), format!("{} · {}", sku.code, sku.name));
    let plans: Vec<(String, String)> = read.await?.iter().map(plan).collect();
    let plans: Vec<(&str, &str)> = std::iter::once(("", ""))
        .chain(
            plans
                .iter()
                .map(|(id, label)| (id.as_str(), label.as_str())),
        )
        .collect();
    let fields = vec![
        Field::select("sku_id", "Plan", &plans)
            .source("/catalog/skus/options")
            .required(),
        Field::new("number", "quantity", "Quantity")
            .between("1", "999999999")
            .required(),
        Field::new("textarea", "note", "What for").hint("Your account manager reads it."),
    ];
    Ok(Sheet {
        shell: frame.shell("Ask for units", "portal"),
        title: "Ask for more units".into(),
        lead: "Your account manager approves or refuses, and you see the answer here.".into(),
        fields: filled(fields, given, refused),
        action: "/portal/requests/new".into(),
        label: "Send request".into(),
        back: "/portal".into(),
        back_label: "Portal".into(),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}

/// `/portal/requests/{id}/withdraw`: what is taken back.
pub async fn confirm(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = question(&app, &frame, id, None).await?;
    Ok(page.shown(&frame, StatusCode::OK))
}

/// Takes it back.
pub async fn withdraw(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let command = WithdrawRequest { id, version: None };
    let done = app.gate.submit(&frame.caller, form.key.clone(), command);
    match done.await {
        Ok(_) => Ok(go(frame.fragment, "/portal")),
        Err(error) if error.is_refusal() => {
            let page = question(&app, &frame, id, Some(error.message)).await?;
            Ok(page.shown(&frame, StatusCode::CONFLICT))
        }
        Err(error) => Err(error.into()),
    }
}

async fn question(app: &App, frame: &Frame, id: Uuid, error: Option<String>) -> Result<Confirm> {
    let request = find(app, frame, id).await?;
    Ok(Confirm {
        shell: frame.shell("Withdraw request", "portal"),
        title: "Withdraw this request?".into(),
        lead: "Your account manager will not be asked any more.".into(),
        facts: vec![(
            request.sku_code.clone(),
            format::count(request.quantity, &request.unit, &request.units),
        )],
        warnings: vec![],
        fields: vec![],
        tone: "warn",
        allowed: request.state == "waiting",
        action: format!("/portal/requests/{id}/withdraw"),
        label: "Withdraw".into(),
        back: "/portal".into(),
        back_label: "Portal".into(),
        error,
    })
}

async fn find(app: &App, frame: &Frame, id: Uuid) -> Result<UnitRequest> {
    frame.caller.scope.require(Permission::UnitsRequest)?;
    let scope = frame.caller.scope.clone();
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = queries::find(tx, id).await?;
            let request = found.ok_or_else(Error::not_found)?;
            let asks = Permission::UnitsRequest;
            check_visible(tx, &scope, asks, request.organization_id).await?;
            Ok(request)
        })
    });
    read.await
}
