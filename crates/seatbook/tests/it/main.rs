//! Tests through the door: every room over HTTP, on both engines, in one binary.

mod contract;
mod harness;
mod history;
mod jobs;
mod organizations;
mod strangers;
mod tidy;
