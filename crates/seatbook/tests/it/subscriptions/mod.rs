//! Subscriptions through the door: what stops at once, what stops at the renewal, what is taken back.

mod leaving;
mod pages;
mod races;
mod reactivating;
mod reducing;
mod renewing;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    assignments::stage::Stage,
    harness::{TestApp, id},
};

/// Binds a unit of a product to each of these, a minute apart; gives their assignments.
async fn bind(app: &TestApp, stage: &Stage, product: Uuid, names: &[&str]) -> Vec<Uuid> {
    let mut bound = Vec::new();
    for name in names {
        let holder = stage.user(name).await;
        let row = json!([{"product_id": product, "holder_id": holder}]);
        let made = stage.assign(row).await.expect(201);
        bound.push(id(&made["assigned"][0]["id"]));
        app.clock.advance_seconds(60);
    }
    bound
}

/// Passes units of the provider on to the customer: the provider's pool and the customer's.
async fn passed(app: &TestApp, stage: &Stage, units: i64) -> (Uuid, Uuid) {
    let product = json!({"code": "shared", "name": "Shared"});
    let product = app.operator.post("/api/v1/products", product).await.id();
    let sku = json!({"code": "shared", "name": "Shared", "product_id": product, "validity": "P1Y"});
    let sku = app.operator.post("/api/v1/skus", sku).await.id();
    let (_, root) = app.license(app.provider, sku, 10).await;
    let body = json!({"pool_id": root, "organization_id": stage.customer, "units": units});
    app.operator
        .post("/api/v1/allocations", body)
        .await
        .expect(201);
    let path = format!("/api/v1/pools?organization_id={}&q=shared", stage.customer);
    let pools = stage.admin.get(&path).await.expect(200);
    (root, id(&pools["items"][0]["id"]))
}

/// The product whose units a pool holds: what its bindings name.
async fn shared_product(app: &TestApp) -> Uuid {
    let products = app.operator.get("/api/v1/products?q=shared").await;
    id(&products.expect(200)["items"][0]["id"])
}

fn path(of: Uuid, verb: &str) -> String {
    format!("/api/v1/subscriptions/{of}/{verb}")
}

async fn show(stage: &Stage, of: Uuid) -> Value {
    let path = format!("/api/v1/subscriptions/{of}");
    stage.admin.get(&path).await.expect(200)
}

/// The assignments that an answer names.
fn ids_of(list: &Value, field: &str) -> Vec<Uuid> {
    let list = list.as_array().expect("a list").iter();
    list.map(|row| id(&row[field])).collect()
}
