//! A plan is made of other parts: locked for its customers, until that is approved or declined.

mod approving;
mod deciding;
mod locked;
mod pages;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    crossgrades::stage::{ASSIGN, Stage},
    harness::{Answer, Person, TestApp, send},
};

/// Makes a plan of these SKUs with these units: its next composition.
async fn compose(app: &TestApp, plan: Uuid, components: &[(Uuid, i64)]) {
    let parts = components.iter();
    let parts = parts.map(|(sku, units)| json!({"sku_id": sku, "units": units}));
    let body = json!({"components": parts.collect::<Vec<_>>()});
    let path = format!("/api/v1/service-plans/{plan}/compositions");
    let made = app.operator.post(&path, body).await;
    assert!(made.status.is_success(), "{}", made.text);
}

/// What is asked about the composition of a customer's plan.
fn path(of: Uuid, verb: &str) -> String {
    format!("{ASSIGN}/{of}/composition{verb}")
}

async fn approve(who: &Person, of: Uuid, body: Value) -> Answer {
    who.post(&path(of, "/approve"), body).await
}

async fn decline(who: &Person, of: Uuid) -> Answer {
    who.post(&path(of, "/decline"), json!({})).await
}

/// The same over a version that was seen.
async fn over(who: &Person, of: Uuid, (verb, version): (&str, i64)) -> Answer {
    let request = who.request(Method::POST, &path(of, verb));
    let request = request.header("If-Match", format!("\"{version}\""));
    send(request.json(&json!({}))).await
}

async fn shown(who: &Person, of: Uuid) -> Value {
    who.get(&format!("{ASSIGN}/{of}")).await.expect(200)
}

/// How many of the customer's plans are locked.
async fn count_locked(stage: &Stage) -> usize {
    let list = format!("{ASSIGN}?locked=true&organization_id={}", stage.customer);
    let found = stage.manager.get(&list).await.expect(200);
    found["items"].as_array().map_or(0, Vec::len)
}
