//! What the provider sells to a family: products, SKUs and service plans, which everybody may read.

use serde_json::json;
use uuid::Uuid;

use super::family::Things;
use crate::harness::TestApp;

/// The catalog.
pub struct Stock {
    /// A base product, and its SKU.
    pub product: Uuid,
    pub sku: Uuid,
    pub add_on_sku: Uuid,
    pub second_sku: Uuid,
    /// Three units of the base product.
    pub plan: Uuid,
    /// Is made of other parts later.
    pub changing: Uuid,
    pub trial: Uuid,
    /// All of it by name.
    pub things: Things,
}

impl Stock {
    pub async fn write(app: &TestApp) -> Stock {
        let (product, sku) = sold(app, "BASE", "base").await;
        let (add_on, add_on_sku) = sold(app, "ADD", "add_on").await;
        let (second, second_sku) = sold(app, "SECOND", "base").await;
        let fits = json!({"base_ids": [product]});
        let path = format!("/api/v1/products/{add_on}/fits");
        app.operator.put(&path, fits).await.expect(200);
        let plan = app.plan("PLAN", "full", &[(sku, 3)]).await;
        let larger = app
            .plan("LARGER", "full", &[(sku, 3), (second_sku, 1)])
            .await;
        let changing = app.plan("CHANGING", "full", &[(second_sku, 2)]).await;
        let trial = app.plan("TRIAL", "trial", &[(sku, 2)]).await;
        let path = format!("/api/v1/service-plans/{trial}");
        let full = json!({"full_plan_id": larger});
        app.operator.patch(&path, full).await.expect(200);
        let things = [
            ("product", product),
            ("add_on", add_on),
            ("second", second),
            ("sku", sku),
            ("add_on_sku", add_on_sku),
            ("second_sku", second_sku),
            ("plan", plan),
            ("larger", larger),
            ("trial_plan", trial),
        ];
        Stock {
            product,
            sku,
            add_on_sku,
            second_sku,
            plan,
            changing,
            trial,
            things: things.into(),
        }
    }

    /// The plan that changes gets a part more.
    pub async fn change(&self, app: &TestApp) {
        let parts =
            json!([{"sku_id": self.second_sku, "units": 2}, {"sku_id": self.sku, "units": 1}]);
        let path = format!("/api/v1/service-plans/{}/compositions", self.changing);
        let made = app.operator.post(&path, json!({"components": parts})).await;
        assert!(made.status.is_success(), "{}", made.text);
    }
}

async fn sold(app: &TestApp, code: &str, kind: &str) -> (Uuid, Uuid) {
    let product = json!({"code": code, "name": format!("Product {code}"), "kind": kind});
    let product = app.operator.post("/api/v1/products", product).await.id();
    let sku = json!({"code": code, "name": format!("SKU {code}"), "product_id": product, "validity": "P1Y"});
    let sku = app.operator.post("/api/v1/skus", sku).await.id();
    (product, sku)
}
