//! Other days: what the journal tells of the past, and what the clock will have done by a day to come.

mod coming;
mod pages;
mod past;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use crate::harness::{Person, TestApp, id};

/// What is compared of a pool.
const TOLD: [&str; 7] = [
    "license_id",
    "quantity",
    "allocated",
    "assigned",
    "start_date",
    "end_date",
    "paused",
];

/// Pools by id, with what is compared of them.
type Told = BTreeMap<Uuid, Value>;

fn told(list: &Value) -> Told {
    let items = list["items"].as_array().expect("items").iter();
    let facts = |it: &Value| TOLD.iter().map(|name| (*name, it[*name].clone())).collect();
    items.map(|it| (id(&it["id"]), facts(it))).collect()
}

/// What an organization holds now.
async fn now(person: &Person, organization: Uuid) -> Told {
    let path = format!("/api/v1/pools?organization_id={organization}&limit=200");
    told(&person.get(&path).await.expect(200))
}

fn path(organization: Uuid, date: &str) -> String {
    format!("/api/v1/as-of/pools?organization_id={organization}&date={date}&limit=200")
}

/// What it held, or will hold, on a day.
async fn on(person: &Person, organization: Uuid, date: &str) -> Told {
    told(&person.get(&path(organization, date)).await.expect(200))
}

/// Who had units of a pool on a day: name, units, and those in use there.
async fn customers(person: &Person, pool: Uuid, date: &str) -> Vec<(String, i64, i64)> {
    let path = format!("/api/v1/as-of/pools/{pool}/customers?date={date}");
    let list = person.get(&path).await.expect(200);
    let items = list["items"].as_array().expect("items").iter();
    let row = |it: &Value| {
        let name = it["name"].as_str().expect("a name").to_owned();
        let number = |name: &str| it[name].as_i64().expect("units");
        (name, number("quantity"), number("in_use"))
    };
    items.map(row).collect()
}

fn set(app: &TestApp, instant: &str) {
    app.clock
        .set(Timestamp::new(instant.parse().expect("an instant")));
}

async fn edit(app: &TestApp, license: Uuid, facts: Value) {
    let path = format!("/api/v1/licenses/{license}");
    app.operator.patch(&path, facts).await.expect(200);
}

/// Issues a license without an order to the provider: license and pool.
async fn issued(app: &TestApp, code: &str, more: Value) -> (Uuid, Uuid) {
    let sku = app.insert_sku(code, Some("P1Y")).await;
    let mut body = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 50});
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    let license = app.operator.post("/api/v1/licenses", body).await;
    crate::harness::ids(&license.expect(201))
}
