//! The files of an invoice over the API.

use axum::{extract::State, response::Response};

use super::files::file;
use crate::{api::Id, app::App, error::Result, gate::Caller};

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
