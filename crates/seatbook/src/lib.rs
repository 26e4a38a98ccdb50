//! The house: a room per noun, with its API, pages, SQL and verbs side by side.
//!
//! This is THE LIST: a room uses only what stands above it. `tests/it/tidy.rs` reads it.

pub mod access;
pub mod api;
pub mod app;
pub mod catalog;
pub mod clock;
pub mod config;
pub mod console;
pub mod error;
pub mod files;
pub mod gate;
pub mod imports;
pub mod journal;
pub mod openapi;
pub mod organizations;
pub mod router;
pub mod schema;
pub mod scope;
pub mod secrets;
pub mod serve;
pub mod sheets;
