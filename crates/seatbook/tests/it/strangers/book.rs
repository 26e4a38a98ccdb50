//! A small book with somebody's things in it, and people who have no business with them.

use std::collections::BTreeMap;

use seatbook::mail::NewMail;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    operation::Operation,
    papers,
    things::{PERSONAL, PROPERTIES, SHARED, THINGS},
};
use crate::harness::{Person, TestApp, random_id};

/// What no stranger may read in any answer.
pub const SECRET: &str = "Hidden";

/// The book with the people who try it.
pub struct Book {
    pub document: Value,
    pub operator: Person,
    pub nobody: Person,
    /// Administrator of a partner that has nothing to do with the things in the book.
    pub foreign: Person,
    /// Sees the things and may change none of them.
    pub reader: Person,
    /// Speaks for the operator, with a token of no permissions.
    pub token: Person,
    /// Whose personal things are in the book.
    owner: Person,
    things: BTreeMap<&'static str, Uuid>,
}

impl Book {
    /// Writes it through the doors that there are.
    pub async fn write(app: &TestApp) -> Book {
        let document = app.operator.get("/api/v1/openapi.json").await.expect(200);
        let partner = organization(app, app.provider, ("partner", "Hidden Partner")).await;
        let customer = organization(app, partner, ("customer", "Hidden Customer")).await;
        let elsewhere = organization(app, app.provider, ("partner", "Elsewhere")).await;
        let owner = app.member(customer, "reader").await;
        let writer = Writer {
            app,
            document: &document,
            partner,
            customer,
        };
        writer.catalog_and_licenses().await;
        writer.people_and_work().await;
        writer.invoice().await;
        let book = Book {
            operator: app.operator.clone(),
            nobody: Person::nobody(app.address, random_id()),
            foreign: app.member(elsewhere, "partner_administrator").await,
            reader: app.member(partner, "reader").await,
            token: app.limited(&app.operator, &[]).await,
            owner,
            things: things(app, &document).await,
            document,
        };
        // "Last used" is written when a token is first seen: that is no change to the book.
        for person in [
            &book.operator,
            &book.foreign,
            &book.reader,
            &book.token,
            &book.owner,
        ] {
            person.get("/api/v1/openapi.json").await.expect(200);
        }
        book
    }

    /// Who may do this to the book's things.
    pub fn privileged(&self, operation: &Operation) -> &Person {
        if operation.is_about(&PERSONAL) {
            &self.owner
        } else {
            &self.operator
        }
    }

    /// The thing behind a segment of a path.
    pub fn thing(&self, segment: &str) -> Result<Uuid, String> {
        self.things.get(segment).copied().ok_or_else(|| {
            format!("the book has nothing behind `/{segment}/{{id}}`: write one in strangers/book.rs and add it to THINGS in strangers/things.rs")
        })
    }

    /// The id for a property of this name.
    pub fn id_for(&self, property: &str) -> Result<Uuid, String> {
        let known = PROPERTIES.iter().find(|(name, _)| *name == property);
        let (_, segment) = known.ok_or_else(|| {
            format!(
                "nobody knows whose id `{property}` is: add it to PROPERTIES in strangers/things.rs"
            )
        })?;
        self.thing(segment)
    }

    /// What a stranger's answer gives away, if anything.
    pub fn gives_away(&self, text: &str) -> Option<String> {
        let private = self
            .things
            .iter()
            .filter(|(segment, _)| !SHARED.contains(*segment));
        let mut ids = private.filter(|(_, id)| text.contains(&id.to_string()));
        let id = ids
            .next()
            .map(|(segment, id)| format!("the id {id} of {segment}"));
        id.or_else(|| text.contains(SECRET).then(|| format!("“{SECRET}”")))
    }
}

async fn organization(app: &TestApp, parent: Uuid, (kind, name): (&str, &str)) -> Uuid {
    let body = json!({"parent_id": parent, "kind": kind, "name": name});
    app.operator.post("/api/v1/organizations", body).await.id()
}

struct Writer<'a> {
    app: &'a TestApp,
    document: &'a Value,
    partner: Uuid,
    customer: Uuid,
}

impl Writer<'_> {
    /// Posts where the document has such a door.
    async fn post(&self, path: &str, body: Value) -> Option<Uuid> {
        let path = format!("/api/v1{path}");
        if !self.document["paths"][&path]["post"].is_object() {
            return None;
        }
        let made = self.app.operator.post(&path, body).await.expect(201);
        let id = made["id"].as_str().and_then(|id| id.parse().ok());
        Some(id.unwrap_or_default())
    }

    /// The hidden customer has a service plan, to which it came from another, and is asked about for one more.
    async fn service_plans(&self) {
        let product = json!({"code": "P2", "name": "Second product"});
        let product = self.post("/products", product).await;
        let sku = json!({"code": "S2", "name": "Second SKU", "product_id": product});
        let sku = self.post("/skus", sku).await;
        let components = json!([{"sku_id": sku, "units": 3}]);
        let mut orders = Vec::new();
        for code in ["SP2", "SP3"] {
            let plan = json!({"code": code, "name": code, "components": components});
            let plan = self.post("/service-plans", plan).await;
            orders.push(
                json!({"seller_id": self.app.provider, "organization_id": self.customer, "plan_id": plan, "issue": true}),
            );
        }
        self.post("/plan-subscriptions", orders[0].clone()).await;
        self.post("/crossgrades", json!({"order": orders[1]})).await;
        let many = json!({"seller_id": self.partner, "plan_id": orders[0]["plan_id"], "organization_ids": [self.customer]});
        self.post("/rollouts", many).await;
    }

    async fn catalog_and_licenses(&self) {
        let Some(product) = self
            .post("/products", json!({"code": "P", "name": "Product"}))
            .await
        else {
            return;
        };
        let sku = json!({"code": "S", "name": "SKU", "product_id": product});
        let Some(sku) = self.post("/skus", sku).await else {
            return;
        };
        let plan = json!({"code": "SP", "name": "Service plan", "components": [{"sku_id": sku, "units": 10}]});
        self.post("/service-plans", plan).await;
        let license = json!({"organization_id": self.partner, "sku_id": sku, "quantity": 50, "name": "Hidden license",
            "price_minor": 100, "currency": "EUR"});
        if self.post("/licenses", license).await.is_none() {
            return;
        }
        let pool = find(self.app, "SELECT id FROM pool WHERE parent_id IS NULL").await;
        self.post(
            "/allocations",
            json!({"pool_id": pool, "organization_id": self.customer, "units": 5}),
        )
        .await;
        let sale = json!({"seller_id": self.app.provider, "customer_id": self.customer, "sku_id": sku, "quantity": 2,
            "issue": true, "name": "Hidden sale"});
        self.post("/licenses/sell", sale).await;
        let wish = json!({"organization_id": self.customer, "sku_id": sku, "quantity": 3, "note": "Hidden wish"});
        self.post("/unit-requests", wish).await;
        // A redemption waits after a hundred wrong codes only, so this one is put there.
        let waits = "INSERT INTO redemption_request (id, organization_id, partner_id, fingerprint, person_id, state,
             created_at, version)
             SELECT l.id, o.id, l.organization_id, 'hidden', l.id, 'waiting', l.created_at, 1
             FROM license l, organization o WHERE o.name = 'Hidden Customer' AND l.seller_id IS NULL";
        self.app.tamper(waits).await;
        let holder = json!({"organization_id": self.customer, "name": "Hidden user", "email": "hidden@example.org"});
        let holder = self.post("/holders", holder).await;
        let device =
            json!({"organization_id": self.customer, "kind": "device", "name": "Hidden device"});
        self.post("/holders", device).await;
        let row = json!({"product_id": product, "holder_id": holder});
        let assign = json!({"organization_id": self.customer, "rows": [row]});
        self.post("/assignments", assign).await;
        self.service_plans().await;
    }

    /// An invoice with a payment, for the license that somebody sold.
    async fn invoice(&self) {
        if !self.document["paths"]["/api/v1/invoices/send"]["post"].is_object() {
            return;
        }
        let sold = "UPDATE license SET seller_id = (SELECT id FROM organization_node WHERE parent_id IS NULL)
            WHERE seller_id IS NULL";
        self.app.tamper(sold).await;
        let said = json!({"legal_name": "Hidden party", "city": "Berlin", "country": "DE", "vat_id": "DE123456789",
            "tax_category": "zero"});
        for organization in [self.app.provider, self.partner] {
            let path = format!("/api/v1/organizations/{organization}/billing-profile");
            self.app.operator.put(&path, said.clone()).await.expect(200);
        }
        let license = find(
            self.app,
            "SELECT id FROM license WHERE price_minor IS NOT NULL",
        )
        .await;
        let body = json!({"license_ids": [license]});
        let sent = self
            .app
            .operator
            .post("/api/v1/invoices/send", body)
            .await
            .expect(200);
        let invoice = sent["invoices"][0]["id"].as_str().expect("an id");
        let payment = json!({"amount_minor": 1, "reference": "Hidden reference"});
        // Its files are made by a job.
        seatbook::jobs::run_until_idle(&self.app.app, seatbook::router::KINDS)
            .await
            .expect("jobs run");
        let path = format!("/api/v1/invoices/{invoice}/payments");
        self.app.operator.post(&path, payment).await.expect(201);
    }

    async fn people_and_work(&self) {
        let role = json!({"organization_id": self.customer, "name": "Hidden role", "permissions": ["jobs.read"]});
        self.post("/roles", role).await;
        let invitation = json!({"email": "hidden-too@example.org", "organization_id": self.customer, "role": "reader"});
        self.post("/invitations", invitation).await;
        papers::send_in(self.app, (self.partner, self.customer)).await;
        self.workbook().await;
        let job = self
            .app
            .hand_in(
                &self.app.operator,
                "test.add",
                (self.customer, &["Hidden work"]),
            )
            .await;
        let list = json!({"list": "licenses", "organization_id": self.partner});
        let asked = self.app.operator.post("/api/v1/exports", list);
        asked.await.expect(202);
        self.app.post_mail(self.mail()).await;
        // Ended, so that its stream ends.
        self.app
            .operator
            .act(&format!("/api/v1/jobs/{job}/cancel"))
            .await
            .expect(200);
    }

    /// Customers of a license, exported to come back.
    async fn workbook(&self) {
        let pools = format!("/api/v1/pools?organization_id={}", self.partner);
        let pools = self.app.operator.get(&pools).await.expect(200);
        let pool = pools["items"][0]["id"].as_str().expect("a pool");
        let path = format!("/api/v1/pools/{pool}/workbooks");
        let made = self.app.operator.post(&path, json!({})).await;
        made.expect(201);
    }

    /// A mail with a file.
    fn mail(&self) -> NewMail {
        NewMail {
            kind: "hidden",
            attachments: vec![crate::mail::stage::pdf("Hidden.pdf")],
            ..crate::mail::stage::to(self.customer, "hidden@example.org")
        }
    }
}

/// One thing of each sort whose path the document has.
async fn things(app: &TestApp, document: &Value) -> BTreeMap<&'static str, Uuid> {
    let paths = document["paths"].as_object().expect("paths");
    let mut things = BTreeMap::new();
    for (segment, table, sql) in THINGS {
        let made = seatbook::schema::MIGRATIONS
            .iter()
            .any(|it| it.sql.contains(&format!("CREATE TABLE {table} (")));
        if !made
            || !paths
                .keys()
                .any(|path| path.contains(&format!("/{segment}")))
        {
            continue;
        }
        if let Some(id) = find(app, sql).await {
            things.insert(*segment, id);
        }
    }
    things
}

/// The id that a statement finds.
pub async fn find(app: &TestApp, sql: &'static str) -> Option<Uuid> {
    let read = app
        .app
        .read(move |mut tx| Box::pin(async move { Ok(tx.query_opt::<(Uuid,)>(sql, &[]).await?) }));
    read.await.expect("the book is read").map(|(id,)| id)
}
