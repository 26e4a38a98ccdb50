//! Catalog: what can be licensed, and how it can be ordered.
//!
//! Owns: products with their unit, SKUs with term, attributes and list price, the components a SKU includes.
//! Does not own: licenses issued from a SKU; they copied its dates and do not change when it does.
//! Keeps true: codes and references are unique; a list price is shown to those who may see the provider's prices.
//! Others may use: `queries`, [`model::Sku`], [`model::Product`], [`upsert`], [`facts::Wrong`], [`forms::Sheet`].

pub mod api;
pub mod commands;
pub mod facts;
pub mod forms;
pub mod handlers;
pub mod model;
pub mod pages;
pub mod queries;
pub mod upsert;

use axum::{Router, routing::get};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

/// The operations of this room.
pub fn operations() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::list_products, api::create_product))
        .routes(routes!(api::mark_shareable))
        .routes(routes!(api::show_product, api::update_product))
        .routes(routes!(api::list_skus, api::create_sku))
        .routes(routes!(api::show_sku, api::update_sku))
}

/// The pages of this room.
pub fn pages() -> Router<App> {
    Router::new()
        .route("/catalog", get(handlers::list))
        .route(
            "/catalog/shareable",
            get(forms::shareable).post(forms::mark),
        )
        .route(
            "/catalog/products/new",
            get(forms::new_product).post(forms::create_product),
        )
        .route("/catalog/products/{id}", get(handlers::product))
        .route(
            "/catalog/products/{id}/edit",
            get(forms::edit_product).post(forms::save_product),
        )
        .route(
            "/catalog/skus/new",
            get(forms::new_sku).post(forms::create_sku),
        )
        .route("/catalog/skus/options", get(handlers::sku_options))
        .route("/catalog/skus/{id}", get(handlers::sku))
        .route(
            "/catalog/skus/{id}/edit",
            get(forms::edit_sku).post(forms::save_sku),
        )
}
