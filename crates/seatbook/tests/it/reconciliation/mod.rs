//! What customers bought, were passed, use and were billed for, side by side; and what a distributor says of it.

mod comparing;
mod long;
mod months;
mod pages;
mod stating;

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    exports,
    harness::{Answer, Person, TestApp, id, send},
};

/// A provider that sells and bills, and what it sells.
struct Trade<'a> {
    app: &'a TestApp,
    sku: Uuid,
}

impl<'a> Trade<'a> {
    async fn open(app: &'a TestApp) -> Trade<'a> {
        let seller = json!({"legal_name": "Provider GmbH", "street": "Hauptstr. 1", "city": "Berlin", "postcode": "10115",
            "country": "DE", "vat_id": "DE123456789", "email": "billing@provider.example"});
        bills(app, app.provider, seller).await;
        Trade {
            app,
            sku: app.insert_sku("DESK", Some("P1Y")).await,
        }
    }

    /// A customer of the provider that is taxed.
    async fn customer(&self, name: &str) -> Uuid {
        let customer = self.app.organization(self.app.provider, "customer", name);
        let customer = customer.await;
        let buyer = json!({"legal_name": name, "street": "Gasse 2", "city": "Köln", "postcode": "50667",
            "country": "DE", "email": "invoices@customer.example", "tax_category": "zero"});
        bills(self.app, customer, buyer).await;
        customer
    }

    /// Sells units that are issued for it.
    async fn sells(&self, customer: Uuid, units: i64) -> Uuid {
        self.sells_as(customer, json!({"quantity": units, "issue": true}))
            .await
    }

    async fn sells_as(&self, customer: Uuid, facts: Value) -> Uuid {
        let mut body = json!({"seller_id": self.app.provider, "customer_id": customer, "sku_id": self.sku,
            "price_minor": 1_000, "currency": "EUR"});
        let facts = facts.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(facts);
        let sold = self.app.operator.post("/api/v1/licenses/sell", body).await;
        id(&sold.expect(201)["license"]["id"])
    }

    /// Bills what is due of a license; gives the invoice.
    async fn invoices(&self, license: Uuid) -> Uuid {
        let body = json!({"license_ids": [license]});
        let sent = self.app.operator.post("/api/v1/invoices/send", body).await;
        id(&sent.expect(200)["invoices"][0]["id"])
    }

    async fn changes(&self, license: Uuid, facts: Value) {
        let path = format!("/api/v1/licenses/{license}");
        self.app.operator.patch(&path, facts).await.expect(200);
    }

    /// What differs and what agrees: Alder agrees, Birch was not billed, Cedar had more when it was, Doug's invoice was
    /// taken back, Elm was passed units and passed some on, Fir has nothing.
    async fn known_book(&self) -> Known {
        let app = self.app;
        let mut ids = Vec::new();
        for name in ["Alder", "Birch", "Cedar", "Doug", "Elm", "Fir"] {
            ids.push(self.customer(name).await);
        }
        self.invoices(self.sells(ids[0], 10).await).await;
        self.sells(ids[1], 10).await;
        let cedar = self.sells(ids[2], 20).await;
        self.invoices(cedar).await;
        self.changes(cedar, json!({"quantity": 15})).await;
        let doug = self.invoices(self.sells(ids[3], 8).await).await;
        let credit = format!("/api/v1/invoices/{doug}/credit");
        let note = json!({"note": "Wrong."});
        app.operator.post(&credit, note).await.expect(200);
        let (license, pool) = app.license(app.provider, self.sku, 100).await;
        let elm = app.allocate(pool, ids[4], 30).await;
        let leaf = app.organization(ids[4], "customer", "Leaf").await;
        app.allocate(elm, leaf, 4).await;
        Known {
            alder: ids[0],
            birch: ids[1],
            license,
            pool,
        }
    }
}

/// Of the book that is known.
struct Known {
    alder: Uuid,
    birch: Uuid,
    /// The provider's license, and its pool.
    license: Uuid,
    pool: Uuid,
}

/// Says what stands on invoices about an organization.
async fn bills(app: &TestApp, organization: Uuid, facts: Value) {
    let path = format!("/api/v1/organizations/{organization}/billing-profile");
    app.operator.put(&path, facts).await.expect(200);
}

/// A page of the reconciliation.
async fn asks(person: &Person, query: &str) -> Value {
    let path = format!("/api/v1/reconciliation?{query}");
    person.get(&path).await.expect(200)
}

/// Customers and numbers of a page, in its order.
fn told(page: &Value, names: &[&str]) -> Vec<Value> {
    let items = page["items"].as_array().expect("items").iter();
    let of = |it: &Value| {
        json!(
            names
                .iter()
                .map(|name| it[name].clone())
                .collect::<Vec<_>>()
        )
    };
    items.map(of).collect()
}

/// The lines of a month as a file, the heading among them.
async fn written(app: &TestApp, query: &str) -> Vec<Vec<String>> {
    let body = json!({"list": "reconciliation", "format": "csv", "query": query});
    exports::lines(&exports::exported(app, &app.operator, body).await)
}

/// Sends a distributor's file about a month.
async fn states(person: &Person, (organization, month): (Uuid, &str), rows: &str) -> Answer {
    let form = Form::new()
        .text("month", month.to_owned())
        .text("organization_id", organization.to_string())
        .part(
            "file",
            Part::text(rows.to_owned()).file_name("distributor.csv"),
        );
    let request = person.request(Method::POST, "/api/v1/statements");
    send(request.multipart(form)).await
}
