//! The files of an invoice, for programs and people.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::queries;
use crate::{
    api::Id,
    app::App,
    console::frame::{Frame, PageResult},
    error::{Error, Result},
    gate::Caller,
    invoices,
};

/// Downloads an invoice as a PDF/A-3, with its Factur-X inside.
///
/// It is made within moments of finalizing, once; until then it is not there. Issuer and buyer may read it.
#[utoipa::path(get, path = "/invoices/{id}/pdf", tag = "invoices",
    params(("id" = Uuid, Path, description = "The invoice.")),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/pdf")))]
pub async fn pdf(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    file(&app, caller, id, "pdf").await
}

/// Downloads the e-invoice that is inside the PDF: UN/CEFACT CII, the EN 16931 profile of Factur-X.
#[utoipa::path(get, path = "/invoices/{id}/factur-x", tag = "invoices",
    params(("id" = Uuid, Path, description = "The invoice.")),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/xml")))]
pub async fn facturx(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    file(&app, caller, id, "facturx").await
}

/// Downloads the same e-invoice as UBL 2.1.
#[utoipa::path(get, path = "/invoices/{id}/ubl", tag = "invoices",
    params(("id" = Uuid, Path, description = "The invoice.")),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/xml")))]
pub async fn ubl(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    file(&app, caller, id, "ubl").await
}

/// One of them, at an address for people.
pub async fn download(
    State(app): State<App>,
    frame: Frame,
    Path((id, kind)): Path<(Uuid, String)>,
) -> PageResult {
    Ok(file(&app, frame.caller, id, &kind).await?)
}

async fn file(app: &App, caller: Caller, id: Uuid, kind: &str) -> Result<Response> {
    let (kind, media_type, ending) = match kind {
        "pdf" => ("pdf", "application/pdf", ".pdf"),
        "facturx" => ("facturx", "application/xml", "-factur-x.xml"),
        "ubl" => ("ubl", "application/xml", "-ubl.xml"),
        _ => return Err(Error::not_found()),
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = invoices::queries::find_visible(tx, &caller.scope, id).await?;
            let invoice = found.ok_or_else(Error::not_found)?;
            let content = queries::find(tx, id, kind).await?;
            Ok((invoice, content.ok_or_else(Error::not_found)?))
        })
    });
    let (invoice, content) = read.await?;
    // A number is made of the issuer's own text, so it is cut down to what no header minds.
    let number = invoice.number.unwrap_or_default();
    let plain = number.replace(|it: char| !(it.is_ascii_alphanumeric() || it == '-'), "_");
    let disposition = format!("attachment; filename=\"{plain}{ending}\"");
    Ok((
        [
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (
                header::CONTENT_DISPOSITION,
                HeaderValue::from_str(&disposition).map_err(Error::internal)?,
            ),
        ],
        content,
    )
        .into_response())
}
