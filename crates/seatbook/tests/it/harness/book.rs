//! A small book to start from, made through the door where a door exists.

use serde_json::{Value, json};
use store::{Place, Timestamp};
use uuid::Uuid;

use super::TestApp;

impl TestApp {
    /// Adds an organization as the operator.
    pub async fn organization(&self, parent: Uuid, kind: &str, name: &str) -> Uuid {
        let body = json!({"parent_id": parent, "kind": kind, "name": name});
        self.operator.post("/api/v1/organizations", body).await.id()
    }

    /// Puts a product counted in devices and a SKU of it straight into the database.
    pub async fn insert_sku(&self, code: &'static str, validity: Option<&'static str>) -> Uuid {
        let (product, sku) = (fresh(), fresh());
        let now = Timestamp::new(super::NOW.parse().expect("an instant"));
        let done = self.app.gate.db().plumb(Place::ALONE, move |mut tx| {
            Box::pin(async move {
                let name = format!("Product of {code}");
                tx.execute(
                    "INSERT INTO product (id, code, name, unit, units, kind, shareable, created_at, version)
                     VALUES ($1, $2, $3, 'device', 'devices', 'base', FALSE, $4, 1)",
                    &[&product, &code, &name, &now],
                )
                .await?;
                tx.execute(
                    "INSERT INTO sku (id, code, name, product_id, type, tier, class, validity, grace_days, created_at,
                     version) VALUES ($1, $2, $3, $4, 'Device', 'Premium', 'Class 2', $5, 0, $6, 1)",
                    &[&sku, &code, &name, &product, &validity, &now],
                )
                .await
            })
        });
        done.await.expect("a SKU is stored");
        sku
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

#[expect(
    clippy::disallowed_methods,
    reason = "rows put past the gate need ids of their own"
)]
pub fn fresh() -> Uuid {
    Uuid::now_v7()
}
