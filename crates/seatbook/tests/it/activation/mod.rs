//! Selling and activation through the door.

mod guessing;
mod redeeming;
mod selling;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, TestApp, id};

/// A provider that sells, a partner with units to draw from, and a customer of each.
pub struct Market {
    /// The plan, for a year.
    pub sku: Uuid,
    /// The partner.
    pub partner: Uuid,
    /// The partner's account manager, who may not issue.
    pub manager: Person,
    /// The partner's pool: 50 units of a license of the provider.
    pub pool: Uuid,
    /// The license that pool is of.
    pub license: Uuid,
    /// A customer of the partner.
    pub customer: Uuid,
    /// Its administrator.
    pub admin: Person,
}

impl Market {
    pub async fn open(app: &TestApp) -> Market {
        let sku = app.insert_sku("SIGN", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let customer = app.organization(partner, "customer", "Customer").await;
        let (license, root) = app.license(app.provider, sku, 80).await;
        let pool = app.allocate(root, partner, 50).await;
        Market {
            sku,
            partner,
            manager: app.member(partner, "account_manager").await,
            pool,
            license,
            customer,
            admin: app.member(customer, "customer_administrator").await,
        }
    }

    /// What the manager sells, drawn from the partner's pool.
    pub fn sale(&self, quantity: i64, extra: Value) -> Value {
        let mut body = json!({"seller_id": self.partner, "sku_id": self.sku, "quantity": quantity, "source_pool_id": self.pool});
        let extra = extra.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(extra);
        body
    }

    /// Sells to whoever redeems: the license and its code.
    pub async fn unassigned(&self, quantity: i64) -> (Uuid, String) {
        let sold = self
            .manager
            .post(SELL, self.sale(quantity, json!({})))
            .await;
        let sold = sold.expect(201);
        let code = sold["code"].as_str().expect("a code").to_owned();
        (id(&sold["license"]["id"]), code)
    }
}

pub const SELL: &str = "/api/v1/licenses/sell";

/// Redeems a code for an organization.
pub async fn redeem(person: &Person, organization: Uuid, code: &str) -> Answer {
    let body = json!({"organization_id": organization, "code": code});
    person.post("/api/v1/activation-codes/redeem", body).await
}
