//! Invoices through the door: billing, numbers, payments, credit notes, and who sees what.

mod delivery;
mod drafts;
mod money;
mod pages;
mod profiles;
mod races;
mod sending;
mod standing;
mod templates;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, TestApp, id};

/// What a seller says of itself.
fn seller() -> Value {
    json!({"legal_name": "Provider GmbH", "street": "Hauptstr. 1", "city": "Berlin", "postcode": "10115",
        "country": "DE", "vat_id": "DE123456789", "email": "billing@provider.example", "iban": "DE02120300000000202051",
        "series": "INV-2026"})
}

/// What is said of a buyer that pays 19 %.
fn buyer() -> Value {
    json!({"legal_name": "Customer AG", "street": "Gasse 2", "city": "Köln", "postcode": "50667", "country": "DE",
        "email": "invoices@customer.example", "tax_category": "standard", "tax_rate_basis_points": 1900})
}

/// A provider that bills, and what it sold.
pub struct Desk<'a> {
    app: &'a TestApp,
    sku: Uuid,
    pub customer: Uuid,
}

impl<'a> Desk<'a> {
    /// A provider with a customer, and a SKU of one year.
    pub async fn set(app: &'a TestApp) -> Desk<'a> {
        say(app, app.provider, seller()).await;
        let sku = app.insert_sku("DESK", Some("P1Y")).await;
        let mut desk = Desk {
            app,
            sku,
            customer: Uuid::nil(),
        };
        desk.customer = desk.buyer("Customer").await;
        desk
    }

    /// Another customer that is taxed.
    async fn buyer(&self, name: &str) -> Uuid {
        let app = self.app;
        let id = app.organization(app.provider, "customer", name).await;
        say(app, id, buyer()).await;
        id
    }

    /// A license that the provider sold: so many units at a price.
    pub async fn sold(&self, owner: Uuid, (units, price, currency): (i64, i64, &str)) -> Uuid {
        self.sold_as(
            owner,
            json!({"quantity": units, "price_minor": price, "currency": currency}),
        )
        .await
    }

    async fn sold_as(&self, owner: Uuid, facts: Value) -> Uuid {
        let mut body = json!({"organization_id": owner, "sku_id": self.sku, "quantity": 10});
        let fields = body.as_object_mut().expect("an object");
        fields.extend(facts.as_object().expect("an object").clone());
        let license = self.app.operator.post("/api/v1/licenses", body).await.id();
        // Whoever issues it does not say yet that it sold it.
        let sold = "UPDATE license SET seller_id = (SELECT id FROM organization_node WHERE parent_id IS NULL)";
        self.app.tamper(sold).await;
        license
    }

    async fn send(&self, licenses: &[Uuid]) -> Answer {
        let body = json!({"license_ids": licenses});
        self.app.operator.post("/api/v1/invoices/send", body).await
    }

    /// Sends one license; gives its invoice.
    async fn invoice(&self, license: Uuid) -> Value {
        let mut sent = self.send(&[license]).await.expect(200);
        sent["invoices"][0].take()
    }

    async fn show(&self, invoice: &Value) -> Value {
        let path = path(invoice, "");
        self.app.operator.get(&path).await.expect(200)
    }

    async fn post(&self, invoice: &Value, verb: &str, body: Value) -> Answer {
        self.app.operator.post(&path(invoice, verb), body).await
    }

    async fn billing(&self, license: Uuid) -> Value {
        let path = format!("/api/v1/licenses/{license}/billing");
        self.app.operator.get(&path).await.expect(200)
    }
}

/// Says what stands on invoices about an organization, as the operator.
async fn say(app: &TestApp, organization: Uuid, facts: Value) -> Value {
    let path = format!("/api/v1/organizations/{organization}/billing-profile");
    app.operator.put(&path, facts).await.expect(200)
}

/// The address of an invoice, and of what is done to it.
fn path(invoice: &Value, verb: &str) -> String {
    let path = format!("/api/v1/invoices/{}/{verb}", id(&invoice["id"]));
    path.trim_end_matches('/').to_owned()
}

/// Numbers of invoices, in the order they were made.
async fn numbers(app: &TestApp) -> Vec<String> {
    let list = app.operator.get("/api/v1/invoices?limit=200").await;
    let list = list.expect(200);
    let mut numbers: Vec<String> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it["number"].as_str().map(str::to_owned))
        .collect();
    numbers.sort();
    numbers
}
