//! The files of an invoice, as they leave: for programs and for people.

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

/// One of them, at an address for people.
pub async fn download(
    State(app): State<App>,
    frame: Frame,
    Path((id, kind)): Path<(Uuid, String)>,
) -> PageResult {
    Ok(file(&app, frame.caller, id, &kind).await?)
}

/// One file, for issuer and buyer.
pub async fn file(app: &App, caller: Caller, id: Uuid, kind: &str) -> Result<Response> {
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
