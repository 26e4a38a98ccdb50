//! The files of an invoice, for programs and people.

use axum::{
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::queries;
use crate::{
    app::App,
    console::frame::{Frame, PageResult},
    error::{Error, Result},
    gate::Caller,
    invoices,
};

/// Downloads an invoice as a file: the page with the e-invoice inside, or an e-invoice alone.
///
/// The files are made within moments of finalizing, once; until then they are not there. Issuer and buyer may read them.
#[utoipa::path(get, path = "/invoices/{id}/documents/{kind}", tag = "invoices",
    params(("id" = Uuid, Path, description = "The invoice."),
        ("kind" = String, Path, description = "`pdf` (PDF/A-3 with Factur-X inside), `facturx` (UN/CEFACT CII) or `ubl`.")),
    responses((status = 200, description = "The file.", body = Vec<u8>, content_type = "application/octet-stream")))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((id, kind)): Path<(Uuid, String)>,
) -> Result<Response> {
    file(&app, caller, id, kind).await
}

/// The same at an address for people.
pub async fn download(
    State(app): State<App>,
    frame: Frame,
    Path((id, kind)): Path<(Uuid, String)>,
) -> PageResult {
    Ok(file(&app, frame.caller, id, kind).await?)
}

async fn file(app: &App, caller: Caller, id: Uuid, kind: String) -> Result<Response> {
    let (media_type, ending) = match kind.as_str() {
        "pdf" => ("application/pdf", ".pdf"),
        "facturx" => ("application/xml", "-factur-x.xml"),
        "ubl" => ("application/xml", "-ubl.xml"),
        _ => return Err(Error::not_found()),
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let found = invoices::queries::find_visible(tx, &caller.scope, id).await?;
            let invoice = found.ok_or_else(Error::not_found)?;
            let content = queries::find(tx, id, &kind).await?;
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
