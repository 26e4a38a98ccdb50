//! Service plans of customers, changed as one.

mod changing;
mod converting;
mod pages;
mod refusing;

use reqwest::Method;
use seatbook::renewals::sweep;
use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use crate::{
    crossgrades::stage::{ASSIGN, Stage},
    harness::{Answer, Person, TestApp, id, send},
};

/// A service plan that the customer was given: the subscription, and the license of its first component.
pub struct Given {
    pub path: String,
    pub subscription: Uuid,
    pub license: Uuid,
    pub pool: Uuid,
}

impl Given {
    fn of(body: &Value) -> Given {
        let license = &body["parts"][0]["license"];
        Given {
            path: format!("{ASSIGN}/{}", id(&body["id"])),
            subscription: id(&body["id"]),
            license: id(&license["id"]),
            pool: id(&license["pool_id"]),
        }
    }

    async fn change(&self, person: &Person, body: Value) -> Answer {
        person.patch(&self.path, body).await
    }

    async fn preview(&self, person: &Person, body: Value) -> Answer {
        person
            .patch(&format!("{}?preview=true", self.path), body)
            .await
    }

    async fn show(&self, app: &TestApp) -> Value {
        app.operator.get(&self.path).await.expect(200)
    }
}

/// So many units of Worry-Free at 365.00 a year, drawn from the partner's.
async fn standard(stage: &Stage, units: i64) -> Given {
    let priced = json!({"components": [
        {"sku_id": stage.worry_free.sku, "units": units, "price_minor": 36_500, "currency": "EUR"},
    ]});
    Given::of(&stage.assign(stage.standard, priced).await.expect(201))
}

/// The same, as new units of the provider: nothing above them ends.
async fn issued(app: &TestApp, stage: &Stage, units: i64) -> Given {
    let mut order = stage.order(
        stage.standard,
        json!({"issue": true, "components": [
            {"sku_id": stage.worry_free.sku, "units": units, "price_minor": 12_000, "currency": "EUR"},
        ]}),
    );
    order["seller_id"] = json!(app.provider);
    Given::of(&app.operator.post(ASSIGN, order).await.expect(201))
}

/// Units of Worry-Free.
fn units(stage: &Stage, units: i64) -> Value {
    json!({"components": [{"sku_id": stage.worry_free.sku, "units": units}]})
}

async fn with_version(person: &Person, path: &str, version: i64, body: Value) -> Answer {
    let request = person.request(Method::PATCH, path);
    send(
        request
            .header("If-Match", format!("\"{version}\""))
            .json(&body),
    )
    .await
}

fn set(app: &TestApp, instant: &str) {
    app.clock
        .set(Timestamp::new(instant.parse().expect("an instant")));
}

/// Moves the clock to an instant and renews what is due then.
async fn at(app: &TestApp, instant: &str) {
    set(app, instant);
    sweep::run(&app.app, app.app.gate.now())
        .await
        .expect("it sweeps");
}
