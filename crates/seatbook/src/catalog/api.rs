//! The catalog over the API.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    commands::{CreateProduct, CreateSku, EditProduct, EditSku, MarkShareable},
    facts::{ProductFacts, SkuFacts},
    model::{Product, Sku, SkuWithComponents},
    queries,
};
use crate::{
    api::{Id, List, Paging, Params, Write, etag},
    app::App,
    error::{Error, Result},
    gate::Caller,
    scope::Permission,
};

/// Which products.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductParams {
    /// Any part of code, name or reference.
    q: Option<String>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the products, by name.
#[utoipa::path(get, path = "/products", tag = "catalog", params(ProductParams),
    responses((status = 200, description = "A page of products.", body = List<Product>)))]
pub async fn list_products(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ProductParams>,
) -> Result<Json<List<Product>>> {
    let paging = Paging {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        after: paging.after()?,
        limit: limit + 1,
        ..queries::Filter::default()
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list_products(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| {
        (last.name.clone(), last.id)
    })))
}

/// Adds a product to the provider's catalog.
#[utoipa::path(post, path = "/products", tag = "catalog", request_body = ProductFacts,
    responses((status = 201, description = "The new product.", body = Product)))]
pub async fn create_product(
    State(app): State<App>,
    write: Write<ProductFacts>,
) -> Result<Response> {
    let command = CreateProduct {
        facts: write.body.clone(),
    };
    let answer = write.submit(&app, command).await?;
    let location = format!("/api/v1/products/{}", answer.outcome.id);
    Ok(answer.created(&location))
}

/// Shows one product.
#[utoipa::path(get, path = "/products/{id}", tag = "catalog",
    params(("id" = Uuid, Path, description = "The product.")),
    responses((status = 200, description = "The product, its version as ETag.", body = Product)))]
pub async fn show_product(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let found =
        app.read(move |mut tx| Box::pin(async move { queries::find_product(&mut tx, id).await }));
    let visible = caller.scope.holds(Permission::CatalogRead);
    let found = found
        .await?
        .filter(|_| visible)
        .ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.version))], Json(found)).into_response())
}

/// Replaces what is said about a product.
#[utoipa::path(put, path = "/products/{id}", tag = "catalog", request_body = ProductFacts,
    params(("id" = Uuid, Path, description = "The product.")),
    responses((status = 200, description = "The product as it is now.", body = Product)))]
pub async fn update_product(
    State(app): State<App>,
    Id(id): Id,
    write: Write<ProductFacts>,
) -> Result<Response> {
    let command = EditProduct {
        id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    Ok(write.submit(&app, command).await?.ok())
}

/// Which components.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FrequencyIn {
    /// Components that come with more SKUs than this are marked.
    in_more_than: i64,
}

/// The products that were marked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Marked {
    /// Each with its new version, the most frequent first.
    items: Vec<Product>,
}

/// Marks every component that comes with more than so many SKUs as shareable: what is everywhere never
/// counts as an overlap. Ask with `preview=true` which they would be.
#[utoipa::path(post, path = "/products/mark-shareable", tag = "catalog", request_body = FrequencyIn,
    responses((status = 200, description = "The products that were marked.", body = Marked)))]
pub async fn mark_shareable(State(app): State<App>, write: Write<FrequencyIn>) -> Result<Response> {
    let command = MarkShareable {
        more_than: write.body.in_more_than,
    };
    let answer = write.submit(&app, command).await?;
    Ok(answer.map(|items| Marked { items }).ok())
}

/// Which SKUs.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SkuParams {
    /// Any part of code, name, reference, type, tier or class.
    q: Option<String>,
    /// SKUs that sell this product.
    product_id: Option<Uuid>,
    /// SKUs that include this product.
    component_id: Option<Uuid>,
    /// Rows in a page: 1 to 200, 50 unless said.
    limit: Option<i64>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the SKUs, by name. List prices are the provider's own: others see none.
#[utoipa::path(get, path = "/skus", tag = "catalog", params(SkuParams),
    responses((status = 200, description = "A page of SKUs.", body = List<Sku>)))]
pub async fn list_skus(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<SkuParams>,
) -> Result<Json<List<Sku>>> {
    let paging = Paging {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = paging.limit()?;
    let filter = queries::Filter {
        keyword: params.q,
        product_id: params.product_id,
        component_id: params.component_id,
        after: paging.after()?,
        limit: limit + 1,
    };
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::list_skus(&mut tx, &caller.scope, &filter).await })
    });
    Ok(Json(List::page(read.await?, limit, |last| {
        (last.name.clone(), last.id)
    })))
}

/// Adds a SKU to the provider's catalog, with the products it includes.
#[utoipa::path(post, path = "/skus", tag = "catalog", request_body = SkuFacts,
    responses((status = 201, description = "The new SKU.", body = SkuWithComponents)))]
pub async fn create_sku(State(app): State<App>, write: Write<SkuFacts>) -> Result<Response> {
    let command = CreateSku {
        facts: write.body.clone(),
    };
    let sees = sees_prices(&app, &write.caller).await?;
    let answer = write.submit(&app, command).await?.map(|all| all.seen(sees));
    let location = format!("/api/v1/skus/{}", answer.outcome.sku.id);
    Ok(answer.created(&location))
}

/// Shows one SKU with the products it includes. The list price is the provider's own: others see none.
#[utoipa::path(get, path = "/skus/{id}", tag = "catalog",
    params(("id" = Uuid, Path, description = "The SKU.")),
    responses((status = 200, description = "The SKU, its version as ETag.", body = SkuWithComponents)))]
pub async fn show_sku(State(app): State<App>, caller: Caller, Id(id): Id) -> Result<Response> {
    let found = app.read(move |mut tx| {
        Box::pin(async move { queries::find_visible_sku(&mut tx, &caller.scope, id).await })
    });
    let found = found.await?.ok_or_else(Error::not_found)?;
    Ok(([("etag", etag(found.sku.version))], Json(found)).into_response())
}

/// Replaces what is said about a SKU, and its components. Licenses issued from it keep the dates they copied.
#[utoipa::path(put, path = "/skus/{id}", tag = "catalog", request_body = SkuFacts,
    params(("id" = Uuid, Path, description = "The SKU.")),
    responses((status = 200, description = "The SKU as it is now.", body = SkuWithComponents)))]
pub async fn update_sku(
    State(app): State<App>,
    Id(id): Id,
    write: Write<SkuFacts>,
) -> Result<Response> {
    let command = EditSku {
        id,
        version: write.if_match(),
        facts: write.body.clone(),
    };
    let sees = sees_prices(&app, &write.caller).await?;
    Ok(write
        .submit(&app, command)
        .await?
        .map(|all| all.seen(sees))
        .ok())
}

/// Whether the answer may show list prices.
async fn sees_prices(app: &App, caller: &Caller) -> Result<bool> {
    let scope = caller.scope.clone();
    app.read(move |mut tx| Box::pin(async move { queries::sees_prices(&mut tx, &scope).await }))
        .await
}
