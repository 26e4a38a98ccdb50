//! The house: a room per noun, with its API, pages, SQL and verbs side by side.
//!
//! This is THE LIST: a room uses only what stands above it. `tests/it/tidy` reads it.

// Foundations.
pub mod clock;
pub mod error;
pub mod confined;
pub mod files;
pub mod schema;
pub mod journal;
pub mod scope;
pub mod secrets;
pub mod chain;
pub mod memory;
pub mod quarantine;
pub mod gate;
pub mod config;
pub mod printing;
pub mod condition;
pub mod app;
pub mod api;
pub mod console;
pub mod listings;
pub mod openapi;
pub mod jobs;
pub mod mail;

// Nouns.
pub mod organizations;
pub mod access;
pub mod roles;
pub mod people;
pub mod tokens;
pub mod recovery;
pub mod catalog;
pub mod fits;
pub mod plans;
pub mod licenses;
pub mod licensing;
pub mod holdings;
pub mod figures;
pub mod activation;
pub mod requests;
pub mod allocations;
pub mod holders;
pub mod assignments;
pub mod extensions;
pub mod entitlements;

// Processes.
pub mod subscriptions;
pub mod reductions;
pub mod plan_subscriptions;
pub mod crossgrades;
pub mod provisioning;
pub mod renewals;
pub mod compositions;
pub mod rollouts;
pub mod amendments;
pub mod configuration;
pub mod billing;
pub mod invoices;
pub mod invoicing;
pub mod dispatch;
pub mod offboarding;
pub mod customers;
pub mod workbooks;
pub mod calendars;
pub mod notices;
pub mod rows;
pub mod differences;
pub mod sheets;
pub mod undo;
pub mod imports;
pub mod sales;
pub mod statements;
pub mod reconciliation;

// Faces.
pub mod verify;
pub mod backups;
pub mod history;
pub mod as_of;
pub mod portal;
pub mod overview;
pub mod exports;
pub mod reference;
pub mod demo;

// The house as a whole.
pub mod operations;
pub mod router;
pub mod serve;
