//! The matrix over the API.

use axum::{Json, extract::State, response::Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::commands::SetFits;
use crate::{
    api::{Id, Write},
    app::App,
    catalog::{self, model::Product},
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
};

/// The bases an add-on is made for.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fits {
    /// Ids of base products.
    pub base_ids: Vec<Uuid>,
}

/// Shows which bases an add-on is made for.
#[utoipa::path(get, path = "/products/{id}/fits", tag = "catalog",
    params(("id" = Uuid, Path, description = "The add-on.")),
    responses((status = 200, description = "The bases it fits.", body = Fits)))]
pub async fn show(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Json<Fits>> {
    let visible = caller.scope.holds(Permission::CatalogRead);
    let found = app.read(move |mut tx| {
        Box::pin(async move {
            let product = catalog::queries::find_product(&mut tx, id).await?;
            product.filter(|_| visible).ok_or_else(Error::not_found)?;
            catalog::queries::bases_of(&mut tx, id).await
        })
    });
    let base_ids = found.await?;
    Ok(Json(Fits { base_ids }))
}

/// Says which bases an add-on is made for: all of them, so that what is left out no longer fits. Add-ons that
/// are bound already stay.
#[utoipa::path(put, path = "/products/{id}/fits", tag = "catalog", request_body = Fits,
    params(("id" = Uuid, Path, description = "The add-on.")),
    responses((status = 200, description = "The add-on, its version stepped.", body = Product)))]
pub async fn set(State(app): State<App>, Id(id): Id, write: Write<Fits>) -> Result<Response> {
    let command = SetFits {
        id,
        version: write.if_match(),
        base_ids: write.body.base_ids.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}
