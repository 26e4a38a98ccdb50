//! The page from which a workbook is downloaded, and to which it comes back.

use askama::Template;
use axum::{extract::State, http::StatusCode};
use uuid::Uuid;

use super::{commands::ExportWorkbook, exporting, keys};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::{Field, above, filled},
        form::Form,
        format,
        frame::{Frame, PageResult},
        layout::Shell,
    },
    customers,
    error::{Error, Result},
    licenses::{model::Pool, pools},
    scope::Permission,
};

/// `/licenses/{id}/workbook`.
#[derive(Template)]
#[template(path = "workbooks/show.html")]
pub struct WorkbookPage {
    shell: Shell,
    license_id: String,
    /// Who holds the pool.
    organization_id: String,
    sku: String,
    /// How many customers there are, in words.
    customers: String,
    /// There are too many to come back, unless the export is narrowed.
    read_only: bool,
    fields: Vec<Field>,
    error: Option<String>,
}

/// `/licenses/{id}/workbook`.
pub async fn show(State(app): State<App>, frame: Frame, Id(license_id): Id) -> PageResult {
    let page = page(&app, &frame, license_id, (&[], None)).await?;
    Ok(html(StatusCode::OK, page.render()))
}

/// Exports the customers, and sends the browser to the file.
pub async fn export(
    State(app): State<App>,
    frame: Frame,
    Id(license_id): Id,
    form: Form,
) -> PageResult {
    match exported(&app, &frame, license_id, &form).await {
        Ok(id) => Ok(go(frame.fragment, &format!("/workbooks/{id}/file"))),
        Err(error) if error.is_refusal() => {
            let page = page(&app, &frame, license_id, (&form.pairs, Some(&error))).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn exported(app: &App, frame: &Frame, license_id: Uuid, form: &Form) -> Result<Uuid> {
    let (pool, _) = pool(app, frame, license_id).await?;
    let command = ExportWorkbook {
        pool_id: pool.id,
        keyword: Some(form.text("q").to_owned()),
    };
    let key = form.key.clone();
    let done = app.gate.submit(&frame.caller, key, command).await?;
    Ok(exporting::fill(app, done.outcome).await?.id)
}

/// The pool whose customers the page is about, and how many there are.
async fn pool(app: &App, frame: &Frame, license_id: Uuid) -> Result<(Pool, i64)> {
    let scope = frame.caller.scope.clone();
    scope.require(Permission::ImportsRun)?;
    scope.require(Permission::AllocationsRead)?;
    let place = (license_id, frame.visitor.organization_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let pool = customers::queries::pool_of(&mut tx, &scope, place).await?;
            let count = pools::count_shares(&mut tx, pool.id).await?;
            Ok((pool, count))
        })
    });
    read.await
}

async fn page(
    app: &App,
    frame: &Frame,
    license_id: Uuid,
    (given, refused): (&[(String, String)], Option<&Error>),
) -> Result<WorkbookPage> {
    let (pool, count) = pool(app, frame, license_id).await?;
    let narrow = Field::new("search", "q", "Only customers with")
        .hint("In name, reference, web site or tax number. Empty: all of them.");
    let fields = filled(vec![narrow], given, refused);
    Ok(WorkbookPage {
        shell: frame.shell(format!("Workbook of {}", pool.sku_code), "licenses"),
        license_id: pool.license_id.to_string(),
        organization_id: pool.organization_id.to_string(),
        customers: format::count(count, "customer", "customers"),
        read_only: !keys::can_come_back(count),
        error: above(&fields, refused),
        fields,
        sku: pool.sku_code,
    })
}
