//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod access;
mod catalog;
mod demo;
mod harness;
mod organization_pages;
mod organizations;
mod overview;
mod licenses;
mod allocations;
mod tidy;
