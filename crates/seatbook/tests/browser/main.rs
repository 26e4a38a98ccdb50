//! The console as people use it: real clicks and keys in a real Chromium.
//!
//! `cargo xtask test` installs Chromium and fetches axe; CONTRIBUTING.md says how to run these tests alone and
//! how to renew the pictures of the documentation.

mod accessibility;
mod assignment;
mod axe;
mod chromium;
mod configuration;
mod customers;
mod exports;
mod forgot;
#[expect(
    dead_code,
    unused_imports,
    reason = "the other binary's harness: a browser needs only part of it"
)]
#[path = "../it/harness/mod.rs"]
mod harness;
mod licenses;
mod mass_configuration;
mod overview;
mod payloads;
mod pictures;
mod plans;
mod reconciliation;
#[expect(
    dead_code,
    reason = "the other binary's world of service plans: a journey needs only part of it"
)]
#[path = "../it/crossgrades/stage.rs"]
mod plan_stage;
mod rollouts;
mod routes;
mod sales;
mod selling;
mod service_plans;
mod stage;
mod subscriptions;
mod tree;
mod visitor;
#[expect(
    dead_code,
    reason = "the other binary's spreadsheet: a journey needs only part of it"
)]
#[path = "../it/workbooks/sheet.rs"]
mod workbook_sheet;
mod workbooks;

/// Writes one test for each engine.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => { $(mod $name {
        use crate::harness::Engine;
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() { super::$name(Engine::Sqlite).await }
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() { super::$name(Engine::Postgres).await }
    })+ };
}
use on_both;
