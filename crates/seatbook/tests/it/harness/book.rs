//! A small book to start from, made through the door where a door exists.

use seatbook::{figures::follower::follow_once, journal::sealer::seal_once};
use serde_json::{Value, json};
use uuid::Uuid;

use super::TestApp;

impl TestApp {
    /// Numbers the journal and lets the figures follow it, as the server's background does.
    pub async fn follow(&self) {
        let (db, now, holder) = (self.app.gate.db(), self.app.gate.now(), Uuid::from_u128(1));
        while seal_once(db, holder, now).await.expect("it seals") > 0 {}
        while follow_once(db, now).await.expect("it follows") {}
    }

    /// Adds an organization as the operator.
    pub async fn organization(&self, parent: Uuid, kind: &str, name: &str) -> Uuid {
        let body = json!({"parent_id": parent, "kind": kind, "name": name});
        self.operator.post("/api/v1/organizations", body).await.id()
    }

    /// Adds a product counted in devices and a SKU of it, as the operator.
    pub async fn insert_sku(&self, code: &str, validity: Option<&str>) -> Uuid {
        let name = format!("Product of {code}");
        let product = json!({"code": code, "name": name, "unit": "device", "units": "devices"});
        let product = self.operator.post("/api/v1/products", product).await.id();
        let sku = json!({"code": code, "name": name, "product_id": product, "type": "Device", "tier": "Premium",
            "class": "Class 2", "validity": validity});
        self.operator.post("/api/v1/skus", sku).await.id()
    }

    /// Issues a license as the operator; gives license and root pool.
    pub async fn license(&self, owner: Uuid, sku: Uuid, quantity: i64) -> (Uuid, Uuid) {
        let body = json!({"organization_id": owner, "sku_id": sku, "quantity": quantity, "sales_order": "SO-1"});
        ids(&self
            .operator
            .post("/api/v1/licenses", body)
            .await
            .expect(201))
    }

    /// Passes units on as the operator; gives the child's pool.
    pub async fn allocate(&self, pool: Uuid, child: Uuid, units: i64) -> Uuid {
        let body = json!({"pool_id": pool, "organization_id": child, "units": units});
        self.operator
            .post("/api/v1/allocations", body)
            .await
            .expect(201);
        let pools = self
            .operator
            .get(&format!("/api/v1/pools?organization_id={child}"))
            .await
            .expect(200);
        id(&pools["items"][0]["id"])
    }

    /// Quantity, allocated, assigned and free of a pool.
    pub async fn balance(&self, pool: Uuid) -> [i64; 4] {
        let body = self
            .operator
            .get(&format!("/api/v1/pools/{pool}"))
            .await
            .expect(200);
        ["quantity", "allocated", "assigned", "free"]
            .map(|name| body[name].as_i64().expect("a number"))
    }
}

/// License and root pool of an answer.
pub fn ids(license: &Value) -> (Uuid, Uuid) {
    (id(&license["id"]), id(&license["pool_id"]))
}

/// An id in an answer.
pub fn id(value: &Value) -> Uuid {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("an id")
}
