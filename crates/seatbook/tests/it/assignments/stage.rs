//! A customer with what it takes to bind units: products, licenses, holders.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Person, TestApp, ids};

/// A customer of the provider, and its administrator.
pub struct Stage {
    pub admin: Person,
    pub customer: Uuid,
    /// A product of which a holder has one.
    pub desk: Uuid,
    pub desk_license: Uuid,
    pub desk_pool: Uuid,
    /// A product of which a holder may have several.
    pub room: Uuid,
    pub room_sku: Uuid,
    pub room_pool: Uuid,
    /// A base whose units belong to extensions.
    pub phone: Uuid,
    pub phone_sku: Uuid,
    pub phone_pool: Uuid,
    /// A user who is there.
    pub someone: Uuid,
    operator: Person,
    provider: Uuid,
}

impl Stage {
    /// Sets it: this many units of each product, bought by the customer.
    pub async fn set(app: &TestApp, units: i64) -> Stage {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let admin = app.member(customer, "customer_administrator").await;
        let mut stage = Stage {
            admin,
            customer,
            desk: Uuid::nil(),
            desk_license: Uuid::nil(),
            desk_pool: Uuid::nil(),
            room: Uuid::nil(),
            room_sku: Uuid::nil(),
            room_pool: Uuid::nil(),
            phone: Uuid::nil(),
            phone_sku: Uuid::nil(),
            phone_pool: Uuid::nil(),
            someone: Uuid::nil(),
            operator: app.operator.clone(),
            provider: app.provider,
        };
        let desk = stage
            .product(json!({"code": "desk", "name": "Desk"}), units)
            .await;
        (stage.desk, stage.desk_license, stage.desk_pool) = (desk.0, desk.2, desk.3);
        let room = json!({"code": "room", "name": "Room", "many_per_holder": true});
        let room = stage.product(room, units).await;
        (stage.room, stage.room_sku, stage.room_pool) = (room.0, room.1, room.3);
        let phone = json!({"code": "phone", "name": "Phone System", "has_extensions": true});
        let phone = stage.product(phone, units).await;
        (stage.phone, stage.phone_sku, stage.phone_pool) = (phone.0, phone.1, phone.3);
        stage.someone = stage.user("Someone").await;
        stage
    }

    /// Adds a product with a SKU and a license of the customer: product, SKU, license, pool.
    pub async fn product(&self, product: Value, units: i64) -> (Uuid, Uuid, Uuid, Uuid) {
        let code = product["code"].clone();
        let id = self.operator.post("/api/v1/products", product).await.id();
        let sku = json!({"code": code, "name": code, "product_id": id, "validity": "P1Y"});
        let sku = self.operator.post("/api/v1/skus", sku).await.id();
        let license = json!({"organization_id": self.customer, "sku_id": sku, "quantity": units});
        let license = self
            .operator
            .post("/api/v1/licenses", license)
            .await
            .expect(201);
        let (license, pool) = ids(&license);
        (id, sku, license, pool)
    }

    /// Adds an add-on that fits the phone system, with units of it: product and pool.
    pub async fn add_on(&self, code: &str, units: i64) -> (Uuid, Uuid) {
        let product = json!({"code": code, "name": code, "kind": "add_on"});
        let (id, _, _, pool) = self.product(product, units).await;
        let fits = json!({"base_ids": [self.phone]});
        self.operator
            .put(&format!("/api/v1/products/{id}/fits"), fits)
            .await
            .expect(200);
        (id, pool)
    }

    /// Adds a user of the customer.
    pub async fn user(&self, name: &str) -> Uuid {
        let body = json!({"organization_id": self.customer, "name": name});
        self.admin.post("/api/v1/holders", body).await.id()
    }

    /// Binds rows as the customer's administrator, all of them or none.
    pub async fn assign(&self, rows: Value) -> Answer {
        let body = json!({"organization_id": self.customer, "rows": rows});
        self.admin.post("/api/v1/assignments", body).await
    }

    /// A user of another customer.
    pub async fn stranger(&self, app: &TestApp) -> Uuid {
        let elsewhere = app
            .organization(self.provider, "customer", "Elsewhere")
            .await;
        let body = json!({"organization_id": elsewhere, "name": "Stranger"});
        self.operator.post("/api/v1/holders", body).await.id()
    }
}
