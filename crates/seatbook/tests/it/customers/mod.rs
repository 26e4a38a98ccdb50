//! Customers of a license: listed, taken in, edited, let go.

mod editing;
mod leaving;
mod listing;
mod onboarding;
mod pages;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Person, TestApp, id};

/// A partner with 1,000 units of one license and 20 of another, of the provider's.
struct Stage {
    partner: Uuid,
    /// Its administrator.
    paula: Person,
    /// The license, and the partner's pool of it.
    license: Uuid,
    pool: Uuid,
    /// Another license, and the partner's pool of that.
    other: Uuid,
    spare: Uuid,
}

impl Stage {
    async fn set(app: &TestApp) -> Stage {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let (license, pool) = stock(app, partner, ("MDR-1Y", 1_000)).await;
        let (other, spare) = stock(app, partner, ("CLOUD-1Y", 20)).await;
        Stage {
            partner,
            paula: app.member(partner, "partner_administrator").await,
            license,
            pool,
            other,
            spare,
        }
    }

    /// A customer with units of the first license: it, and its pool.
    async fn customer(&self, app: &TestApp, name: &str, units: i64) -> (Uuid, Uuid) {
        let customer = app.organization(self.partner, "customer", name).await;
        let pool = app.allocate(self.pool, customer, units).await;
        (customer, pool)
    }

    fn list(&self) -> String {
        format!("/api/v1/pools/{}/customers", self.pool)
    }

    /// A new customer as it is sent.
    fn newcomer(&self, name: &str, more: Value) -> Value {
        let mut body = json!({"parent_id": self.partner, "name": name});
        let more = more.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(more);
        body
    }
}

/// Units of a new SKU at the provider, all passed on: the license, and the receiver's pool.
async fn stock(app: &TestApp, receiver: Uuid, (code, units): (&str, i64)) -> (Uuid, Uuid) {
    let sku = app.insert_sku(code, Some("P1Y")).await;
    let (license, root) = app.license(app.provider, sku, units).await;
    app.allocate(root, receiver, units).await;
    let path = format!("/api/v1/pools?organization_id={receiver}&license_id={license}");
    let found = app.operator.get(&path).await.expect(200);
    (license, id(&found["items"][0]["id"]))
}

/// One column of a list's rows.
fn column(list: &Value, name: &str) -> Vec<Value> {
    let items = list["items"].as_array().expect("items").iter();
    items.map(|it| it[name].clone()).collect()
}
