//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod catalog;
mod harness;
mod imports;
mod organizations;
mod tidy;
