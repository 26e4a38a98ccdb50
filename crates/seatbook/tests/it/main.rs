//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod harness;
mod jobs;
mod organizations;
mod tidy;
