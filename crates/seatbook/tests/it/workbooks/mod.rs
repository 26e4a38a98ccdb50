//! The customers of a license as a workbook that comes back.

mod pages;
mod refused;
mod round_trip;
mod sheet;

use reqwest::{Method, multipart};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, TestApp, id, send};
use sheet::Sheet;

/// A partner with 1,000 units of a license, and customers that have some.
struct Stage {
    partner: Uuid,
    /// Its administrator.
    paula: Person,
    license: Uuid,
    /// The partner's pool of it.
    pool: Uuid,
}

impl Stage {
    async fn set(app: &TestApp) -> Stage {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let sku = app.insert_sku("MDR-1Y", Some("P1Y")).await;
        let (license, root) = app.license(app.provider, sku, 2_000).await;
        let pool = app.allocate(root, partner, 1_000).await;
        Stage {
            partner,
            paula: app.member(partner, "partner_administrator").await,
            license,
            pool,
        }
    }

    /// A customer with units: it, and its pool.
    async fn customer(&self, app: &TestApp, name: &str, units: i64) -> (Uuid, Uuid) {
        let customer = app.organization(self.partner, "customer", name).await;
        (customer, app.allocate(self.pool, customer, units).await)
    }

    /// Exports the customers, those that a keyword finds, and reads the file.
    async fn export(&self, keyword: &str) -> (Value, Sheet) {
        let path = format!("/api/v1/pools/{}/workbooks", self.pool);
        let made = self.paula.post(&path, json!({"q": keyword})).await;
        let workbook = made.expect(201);
        let path = format!("/api/v1/workbooks/{}/file", id(&workbook["id"]));
        let answer = self.paula.request(Method::GET, &path).send().await;
        let bytes = answer.expect("an answer").bytes().await.expect("a file");
        (workbook, Sheet::read(&bytes))
    }

    /// Brings a file back.
    async fn upload(&self, file: Vec<u8>) -> Answer {
        upload(&self.paula, file).await
    }

    /// The license's customers as the list has them.
    async fn listed(&self) -> Vec<Value> {
        let path = format!("/api/v1/pools/{}/customers?limit=200", self.pool);
        items(&self.paula, &path).await
    }
}

async fn upload(person: &Person, file: Vec<u8>) -> Answer {
    let part = multipart::Part::bytes(file).file_name("customers.xlsx");
    let form = multipart::Form::new()
        .text("kind", "customers")
        .part("file", part);
    let request = person.request(Method::POST, "/api/v1/imports");
    send(request.multipart(form)).await
}

async fn apply(person: &Person, import: &Value, body: Value) -> Answer {
    let path = format!("/api/v1/imports/{}/apply", id(&import["id"]));
    person.post(&path, body).await
}

async fn items(person: &Person, path: &str) -> Vec<Value> {
    let page = person.get(path).await.expect(200);
    page["items"].as_array().expect("items").clone()
}

/// The rows of an import of one outcome.
async fn rows(person: &Person, import: &Value, outcome: &str) -> Vec<Value> {
    let path = format!(
        "/api/v1/imports/{}/rows?outcome={outcome}&limit=200",
        id(&import["id"])
    );
    items(person, &path).await
}

/// What is wrong with rows: the first cell, the column, the code, the sentence.
async fn wrong(person: &Person, import: &Value) -> Vec<(String, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let told = |row: &Value| {
        let remarks = row["remarks"].as_array().expect("remarks").iter();
        let errors = remarks.filter(|remark| remark["error"] == true);
        let name = text(&row["cells"][0]);
        errors
            .map(|it| {
                let (column, code) = (text(&it["column"]), text(&it["code"]));
                (name.clone(), column, code, text(&it["message"]))
            })
            .collect::<Vec<_>>()
    };
    rows(person, import, "bad")
        .await
        .iter()
        .flat_map(told)
        .collect()
}

/// What is said of a whole file by this code.
fn oddity(import: &Value, code: &str) -> String {
    let all = import["oddities"].as_array().expect("oddities");
    let found = all.iter().find(|it| it["code"] == code);
    let found = found.unwrap_or_else(|| panic!("{code} in {all:#?}"));
    found["message"].as_str().expect("a sentence").to_owned()
}

async fn run_jobs(app: &TestApp) {
    seatbook::jobs::run_until_idle(&app.app, seatbook::router::KINDS)
        .await
        .expect("jobs run");
}
