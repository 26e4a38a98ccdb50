//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod access;
mod catalog;
mod configuration;
mod contract;
mod demo;
mod harness;
mod history;
mod holder_pages;
mod undo;
mod imports;
mod jobs;
mod organization_pages;
mod organizations;
mod overview;
mod licenses;
mod lists;
mod allocations;
mod assignments;
mod subscriptions;
mod invoices;
mod holders;
mod entitlements;
mod verify;
mod sealer;
mod strangers;
mod tidy;
