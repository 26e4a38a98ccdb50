//! The form that issues a license.

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};

use super::handlers::LicenseNewPage;
use crate::{
    app::App,
    catalog,
    console::{
        answer::{go, html, part_or_page},
        fields::{Field, filled},
        form::{Form, pairs},
        format,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    licenses::commands::IssueLicense,
    scope::Permission,
};

/// `/licenses/new`.
pub async fn new(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let given = pairs(query.as_deref());
    let page = new_page(&app, &frame, &given, None).await?;
    Ok(part_or_page(
        frame.fragment,
        StatusCode::OK,
        || page.as_sheet().render(),
        || page.render(),
    ))
}

/// `/licenses/new/preview`: what would be issued, asked while the form is filled.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    let given = pairs(query.as_deref());
    let mut page = new_page(&app, &frame, &given, None).await?;
    let form = Form {
        pairs: given,
        key: crate::gate::Key::mint()?,
    };
    page.preview = preview_of(&app, &frame, &form).await.unwrap_or_default();
    Ok(html(StatusCode::OK, page.as_preview().render()))
}

/// Issues, or shows the form again with what is wrong.
pub async fn issue(State(app): State<App>, frame: Frame, form: Form) -> PageResult {
    let wanted = new_license(&frame, &form);
    let done = match (form.text("step"), wanted) {
        ("preview", Ok(_)) => {
            let mut page = new_page(&app, &frame, &form.pairs, None).await?;
            page.preview = preview_of(&app, &frame, &form).await?;
            return Ok(html(StatusCode::OK, page.render()));
        }
        (_, Ok(command)) => {
            app.gate
                .submit(&frame.caller, form.key.clone(), command)
                .await
        }
        (_, Err(error)) => Err(error),
    };
    match done {
        Ok(done) => Ok(go(
            frame.fragment,
            &format!("/licenses/{}", done.outcome.id),
        )),
        Err(error) if error.is_refusal() => {
            let page = new_page(&app, &frame, &form.pairs, Some(&error)).await?;
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

fn new_license(frame: &Frame, form: &Form) -> Result<IssueLicense> {
    let text = |name: &str| Some(form.text(name).to_owned()).filter(|text| !text.is_empty());
    Ok(IssueLicense {
        organization_id: form
            .parse("organization_id", "an organization")?
            .unwrap_or(frame.visitor.organization_id),
        sku_id: form.need("sku_id", "a SKU")?,
        quantity: form.need("quantity", "a whole number")?,
        sales_order: text("sales_order"),
        support_reference: text("support_reference"),
        start_date: form
            .parse::<jiff::civil::Date>("start_date", "a date")?
            .map(store::Date),
        end_date: None,
        name: text("name"),
        note: None,
        price: None,
    })
}

async fn preview_of(app: &App, frame: &Frame, form: &Form) -> Result<Vec<(String, String)>> {
    let issue = new_license(frame, form)?;
    let license = app.gate.preview(&frame.caller, issue).await?.outcome;
    let end = license
        .end_date
        .map_or("no end".into(), |end| format::date(end.0));
    Ok(vec![
        ("Owner".into(), license.organization_name.clone()),
        ("Product".into(), license.product_name.clone()),
        (
            "Units".into(),
            format::count(license.quantity, &license.unit, &license.units),
        ),
        ("First day".into(), format::date(license.start_date.0)),
        ("Last day".into(), end),
    ])
}

async fn new_page(
    app: &App,
    frame: &Frame,
    given: &[(String, String)],
    refused: Option<&Error>,
) -> Result<LicenseNewPage> {
    frame.caller.scope.require(Permission::LicensesIssue)?;
    let scope = frame.caller.scope.clone();
    let first = catalog::queries::Filter {
        limit: 50,
        ..catalog::queries::Filter::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { catalog::queries::list_skus(&mut tx, &scope, &first).await })
    });
    let skus = read.await?;
    let choices: Vec<(String, String)> = skus
        .iter()
        .map(|sku| (sku.id.to_string(), format!("{} · {}", sku.code, sku.name)))
        .collect();
    // Nothing is chosen at first: a license of whichever SKU stands on top is soon issued by mistake.
    let choices: Vec<(&str, &str)> = std::iter::once(("", ""))
        .chain(
            choices
                .iter()
                .map(|(id, label)| (id.as_str(), label.as_str())),
        )
        .collect();
    let owner = (
        frame.visitor.organization_id.to_string(),
        frame.visitor.organization.clone(),
    );
    let fields = vec![
        Field::select("organization_id", "Owner", &[(&owner.0, &owner.1)])
            .source("/organizations/options")
            .required(),
        Field::select("sku_id", "SKU", &choices)
            .source("/catalog/skus/options")
            .required(),
        Field::new("number", "quantity", "Quantity")
            .between("1", "999999999")
            .required(),
        Field::text("sales_order", "Sales order"),
        Field::text("support_reference", "Support reference"),
        Field::new("date", "start_date", "First day").hint("Today, unless you choose another day."),
        Field::text("name", "Name").hint("To find it by; optional."),
    ];
    Ok(LicenseNewPage {
        shell: frame.shell("Issue license", "licenses"),
        fields: filled(fields, given, refused),
        preview: vec![],
        no_skus: skus.is_empty(),
        error: refused
            .filter(|error| error.fields.is_empty())
            .map(|error| error.message.clone()),
    })
}
