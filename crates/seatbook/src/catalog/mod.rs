//! Catalog: what can be licensed, and how it can be ordered.
//!
//! Owns: products with their unit, SKUs with term, attributes and list price, the components a SKU includes.
//! Does not own: licenses issued from a SKU; they copied its dates and do not change when it does.
//! Keeps true: codes and references are unique; a list price is shown to those who may see the provider's prices.
//! Others may use: `queries`, [`model::Sku`], [`model::Product`], [`upsert`].

pub mod model;
pub mod queries;
