//! A customer with telephones: a base that has extensions, add-ons that fit it, and people.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{TestApp, id, ids};

/// What a customer with telephones has.
pub struct Telephones {
    /// The customer.
    pub customer: Uuid,
    /// The product Phone System, and the pool of its license.
    pub phone: (Uuid, Uuid),
    /// The license of Phone System.
    pub license: Uuid,
    /// The add-ons Call Recording and Mobile, each with its pool.
    pub add_ons: [(Uuid, Uuid); 2],
    /// Anna Berg and Bruno Koch.
    pub people: [Uuid; 2],
}

impl TestApp {
    /// A customer with units of Phone System, as many of Call Recording and of Mobile, and two people.
    pub async fn telephones(&self, units: i64) -> Telephones {
        let customer = self
            .organization(self.provider, "customer", "Aurora Hospitals")
            .await;
        let body = json!({"code": "phone_system", "name": "Phone System", "unit": "extension",
            "units": "extensions", "has_extensions": true});
        let phone = self.operator.post("/api/v1/products", body).await.id();
        let (license, pool) = self.sold(customer, (phone, "PS-1Y"), units).await;
        let mut add_ons = Vec::new();
        for (code, name, sku) in [
            ("call_recording", "Call Recording", "REC-1Y"),
            ("device_mobile_app", "Mobile", "MOB-1Y"),
        ] {
            let body = json!({"code": code, "name": name, "kind": "add_on"});
            let add_on = self.operator.post("/api/v1/products", body).await.id();
            let fits = json!({"base_ids": [phone]});
            self.operator
                .put(&format!("/api/v1/products/{add_on}/fits"), fits)
                .await
                .expect(200);
            add_ons.push((add_on, self.sold(customer, (add_on, sku), units).await.1));
        }
        Telephones {
            customer,
            phone: (phone, pool),
            license,
            add_ons: [add_ons[0], add_ons[1]],
            people: [
                self.holder(customer, "Anna Berg").await,
                self.holder(customer, "Bruno Koch").await,
            ],
        }
    }

    /// Units of a product at a customer; gives license and pool.
    async fn sold(
        &self,
        customer: Uuid,
        (product, code): (Uuid, &str),
        units: i64,
    ) -> (Uuid, Uuid) {
        let sku = json!({"code": code, "name": code, "product_id": product, "validity": "P1Y"});
        let sku = self.operator.post("/api/v1/skus", sku).await.id();
        let license = json!({"organization_id": customer, "sku_id": sku, "quantity": units});
        ids(&self
            .operator
            .post("/api/v1/licenses", license)
            .await
            .expect(201))
    }

    /// Adds a user.
    pub async fn holder(&self, organization: Uuid, name: &str) -> Uuid {
        let body = json!({"organization_id": organization, "name": name});
        self.operator.post("/api/v1/holders", body).await.id()
    }

    /// Assigns a telephone with these add-ons; gives the assignment.
    pub async fn assigned(
        &self,
        book: &Telephones,
        user: Uuid,
        extension: &str,
        add_ons: &[Uuid],
    ) -> Uuid {
        let row = json!({"product_id": book.phone.0, "holder_id": user, "extension": extension, "add_ons": add_ons});
        let made = self.assign(book.customer, row).await;
        id(&made["assigned"][0]["id"])
    }

    /// Assigns one row.
    pub async fn assign(&self, organization: Uuid, row: Value) -> Value {
        let body = json!({"organization_id": organization, "rows": [row]});
        self.operator
            .post("/api/v1/assignments", body)
            .await
            .expect(201)
    }
}
