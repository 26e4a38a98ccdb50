//! Notices and calendars through the door: what is told, to whom, how often, and what a calendar program reads.

mod calendars;
mod low;
mod pages;
mod telling;

use reqwest::Method;
use seatbook::notices;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, TestApp, id, send};

/// A day of the clock.
pub const DAY: i64 = 86_400;

/// A partner with an account manager, and a customer of it with an administrator.
pub struct Desk {
    pub sku: Uuid,
    pub partner: Uuid,
    pub manager: Person,
    pub customer: Uuid,
    pub admin: Person,
}

impl Desk {
    pub async fn set(app: &TestApp) -> Desk {
        let sku = app.insert_sku("SIGN", Some("P1M")).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let customer = app.organization(partner, "customer", "Customer").await;
        Desk {
            sku,
            partner,
            manager: app.member(partner, "account_manager").await,
            customer,
            admin: app.member(customer, "customer_administrator").await,
        }
    }

    /// A license of ten devices that the customer owns, through this day.
    pub async fn license(&self, app: &TestApp, name: &str, end: &str) -> Uuid {
        let body = json!({"organization_id": self.customer, "sku_id": self.sku, "quantity": 10, "name": name,
            "start_date": "2026-01-01", "end_date": end});
        app.operator.post("/api/v1/licenses", body).await.id()
    }

    /// One that the partner sold.
    pub async fn sale(&self, app: &TestApp, name: &str) -> Uuid {
        let body = json!({"seller_id": self.partner, "customer_id": self.customer, "sku_id": self.sku, "quantity": 2,
            "issue": true, "name": name});
        let sold = app.operator.post("/api/v1/licenses/sell", body).await;
        id(&sold.expect(201)["license"]["id"])
    }
}

/// Looks once for what is to be told, at the time of the clock.
pub async fn sweep(app: &TestApp) {
    notices::sweep::run(&app.app, app.app.gate.now())
        .await
        .expect("everybody is told");
}

/// Goes on by days and looks once.
pub async fn after_days(app: &TestApp, days: i64) {
    app.clock.advance_seconds(days * DAY);
    sweep(app).await;
}

/// Mails of a kind on behalf of an organization, the oldest first: address, subject and text.
pub async fn mails(app: &TestApp, kind: &str, organization: Uuid) -> Vec<(String, String, String)> {
    let path = format!("/api/v1/mails?limit=200&kind={kind}&organization_id={organization}");
    let list = app.operator.get(&path).await.expect(200);
    let mut found = Vec::new();
    for mail in list["items"].as_array().expect("items").iter().rev() {
        let mail = app
            .operator
            .get(&format!("/api/v1/mails/{}", id(&mail["id"])))
            .await
            .expect(200);
        let word = |name: &str| mail[name].as_str().expect("text").to_owned();
        found.push((word("to_address"), word("subject"), word("text")));
    }
    found
}

/// Their subjects.
pub async fn subjects(app: &TestApp, kind: &str, organization: Uuid) -> Vec<String> {
    let mails = mails(app, kind, organization).await;
    mails.into_iter().map(|(_, subject, _)| subject).collect()
}

/// The address of somebody.
pub async fn address(app: &TestApp, person: &Person) -> String {
    let path = format!("/api/v1/people/{}", person.id);
    let found = app.operator.get(&path).await.expect(200);
    found["email"].as_str().expect("an address").to_owned()
}

/// What the operator sees was told of a license: organization, state and lead time of each.
pub async fn told(app: &TestApp, license: Uuid) -> Vec<(String, String, i64)> {
    let path = format!("/api/v1/licenses/{license}/notices");
    let found = app.operator.get(&path).await.expect(200);
    let row = |it: &Value| {
        let word = |name: &str| it[name].as_str().expect("text").to_owned();
        let lead = it["lead_days"].as_i64().unwrap_or_default();
        (word("organization_name"), word("state"), lead)
    };
    found["told"]
        .as_array()
        .expect("a list")
        .iter()
        .map(row)
        .collect()
}

/// Says how the notices of a license go out.
pub async fn say(app: &TestApp, license: Uuid, body: Value) -> Value {
    let path = format!("/api/v1/licenses/{license}/notices");
    app.operator.put(&path, body).await.expect(200)
}

/// Reads an address as a calendar program does: nobody, with these headers.
pub async fn fetch(app: &TestApp, url: &str, headers: &[(&str, &str)]) -> crate::harness::Answer {
    let base = format!("http://{}", app.address);
    let path = url.strip_prefix(&base).expect("an address of this server");
    let nobody = Person::nobody(app.address, Uuid::nil());
    let mut request = nobody.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(request).await
}
