//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod access;
mod harness;
mod organizations;
mod tidy;
