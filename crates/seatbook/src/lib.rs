//! The house: a room per noun, with its API, pages, SQL and verbs side by side.
//!
//! This is THE LIST: a room uses only what stands above it. `tests/it/tidy.rs` reads it.

// Foundations.
pub mod clock;
pub mod error;
pub mod schema;
pub mod scope;
pub mod journal;
pub mod secrets;
pub mod gate;
pub mod config;
pub mod app;
pub mod api;
pub mod console;
pub mod openapi;
pub mod jobs;

// Nouns.
pub mod organizations;
pub mod access;
pub mod people;
pub mod tokens;
pub mod catalog;
pub mod licenses;
pub mod allocations;

// Faces.
pub mod overview;
pub mod demo;

// The house as a whole.
pub mod router;
pub mod serve;
