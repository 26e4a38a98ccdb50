//! Renewals through the door and by the clock.

mod billed;
mod changing;
mod clock;
mod pages;
mod plans;

use seatbook::renewals::sweep;
use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use crate::harness::{TestApp, ids};

/// Issues a license of one day to the provider's customer: license and pool.
async fn issued(app: &TestApp, sku: Uuid, owner: Uuid, more: Value) -> (Uuid, Uuid) {
    let mut body = json!({"organization_id": owner, "sku_id": sku, "quantity": 5});
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    ids(&app
        .operator
        .post("/api/v1/licenses", body)
        .await
        .expect(201))
}

/// Moves the clock to an instant and renews what is due then.
async fn at(app: &TestApp, instant: &str) {
    let now = Timestamp::new(instant.parse().expect("an instant"));
    app.clock.set(now);
    sweep::run(&app.app, now).await.expect("it sweeps");
}

async fn license(app: &TestApp, id: Uuid) -> Value {
    app.operator
        .get(&format!("/api/v1/licenses/{id}"))
        .await
        .expect(200)
}

async fn renewal(app: &TestApp, id: Uuid) -> Value {
    app.operator
        .get(&format!("/api/v1/subscriptions/{id}/renewal"))
        .await
        .expect(200)
}

/// The terms so far: first and last days.
async fn days(app: &TestApp, id: Uuid) -> Vec<(String, String)> {
    let found = renewal(app, id).await;
    let text = |it: &Value| it.as_str().expect("a day").to_owned();
    let terms = found["terms"].as_array().expect("a list").iter();
    terms
        .map(|it| (text(&it["start_date"]), text(&it["end_date"])))
        .collect()
}

fn path(of: Uuid, verb: &str) -> String {
    format!("/api/v1/subscriptions/{of}/{verb}")
}
