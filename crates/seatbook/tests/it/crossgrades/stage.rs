//! A provider with three products, a partner with units of them, a customer with people, and service plans.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{Answer, Engine, Person, TestApp, id, random_id};

pub const ASSIGN: &str = "/api/v1/plan-subscriptions";
pub const CROSSGRADE: &str = "/api/v1/crossgrades";

/// A product, its SKU, the partner's pool of it, and the license that is a share of.
#[derive(Clone, Copy)]
pub struct Stock {
    pub product: Uuid,
    pub sku: Uuid,
    pub pool: Uuid,
    pub license: Uuid,
}

/// The world of seed 002.
pub struct Stage {
    pub partner: Uuid,
    /// The partner's account manager, who may not issue.
    pub manager: Person,
    pub customer: Uuid,
    pub worry_free: Stock,
    pub xdr: Stock,
    pub email: Stock,
    /// {Worry-Free}, and {Worry-Free, XDR, Email}.
    pub standard: Uuid,
    pub suite: Uuid,
}

impl Stage {
    /// The partner has `units` of each product.
    pub async fn open(app: &TestApp, units: i64) -> Stage {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let customer = app.organization(partner, "customer", "Aurora").await;
        let mut stocks = Vec::new();
        for (code, name) in [("WF", "Worry-Free"), ("XDR", "XDR"), ("EMAIL", "Email Security")] {
            let product = json!({"code": code, "name": name, "unit": "user", "units": "users"});
            let product = app.operator.post("/api/v1/products", product).await.id();
            let sku = json!({"code": format!("{code}-1Y"), "name": name, "product_id": product, "validity": "P1Y"});
            let sku = app.operator.post("/api/v1/skus", sku).await.id();
            // It runs for two years, so that what is drawn from it runs for one.
            let license = json!({"organization_id": app.provider, "sku_id": sku, "quantity": units, "end_date": "2028-05-31"});
            let license = app.operator.post("/api/v1/licenses", license).await.expect(201);
            let share = json!({"pool_id": license["pool_id"], "organization_id": partner, "units": units});
            app.operator.post("/api/v1/allocations", share).await.expect(201);
            let path = format!("/api/v1/pools?organization_id={partner}&limit=200");
            let pools = app.operator.get(&path).await.expect(200);
            let items = pools["items"].as_array().expect("pools");
            let own = items.iter().find(|it| it["license_id"] == license["id"]);
            stocks.push(Stock {
                product,
                sku,
                pool: id(&own.expect("a share")["id"]),
                license: id(&license["id"]),
            });
        }
        let [worry_free, xdr, email] = [stocks[0], stocks[1], stocks[2]];
        let standard = app.plan("WFS", "full", &[(worry_free.sku, 25)]).await;
        let all = [(worry_free.sku, 25), (xdr.sku, 10), (email.sku, 5)];
        let suite = app.plan("SUITE", "full", &all).await;
        Stage {
            partner,
            manager: app.member(partner, "account_manager").await,
            customer,
            worry_free,
            xdr,
            email,
            standard,
            suite,
        }
    }

    /// An order of the partner for its customer.
    pub fn order(&self, plan: Uuid, extra: Value) -> Value {
        let mut body = json!({"seller_id": self.partner, "organization_id": self.customer, "plan_id": plan});
        let extra = extra.as_object().expect("an object").clone();
        body.as_object_mut().expect("an object").extend(extra);
        body
    }

    /// Units of one component.
    pub fn units(&self, stock: Stock, units: i64) -> Value {
        json!({"components": [{"sku_id": stock.sku, "units": units}]})
    }

    /// Gives the customer a plan.
    pub async fn assign(&self, plan: Uuid, extra: Value) -> Answer {
        self.manager.post(ASSIGN, self.order(plan, extra)).await
    }

    /// Moves the customer to a plan.
    pub async fn crossgrade(&self, plan: Uuid, extra: Value, overlaps: Value) -> Answer {
        let body = json!({"order": self.order(plan, extra), "overlaps": overlaps});
        self.manager.post(CROSSGRADE, body).await
    }

    /// Binds units of Worry-Free to that many people of the customer; gives the assignments.
    pub async fn bind(&self, app: &TestApp, count: usize) -> Vec<Uuid> {
        let mut rows = Vec::new();
        for number in 0..count {
            let person = app.holder(self.customer, &format!("Person {number:03}")).await;
            rows.push(json!({"product_id": self.worry_free.product, "holder_id": person}));
        }
        let body = json!({"organization_id": self.customer, "rows": rows});
        let made = app.operator.post("/api/v1/assignments", body).await.expect(201);
        let made = made["assigned"].as_array().expect("rows").clone();
        let mut ids: Vec<Uuid> = made.iter().map(|row| id(&row["id"])).collect();
        ids.sort_unstable();
        ids
    }

    /// The open assignments of a license, by id.
    pub async fn bound(&self, app: &TestApp, license: Uuid) -> Vec<Uuid> {
        let path = format!("/api/v1/assignments?license_id={license}&limit=200");
        let found = app.operator.get(&path).await.expect(200);
        let mut found: Vec<Uuid> = found["items"].as_array().expect("rows").iter().map(|it| id(&it["id"])).collect();
        found.sort_unstable();
        found
    }
}

impl TestApp {
    /// A service plan of these SKUs with their units, for a year.
    pub async fn plan(&self, code: &str, edition: &str, components: &[(Uuid, i64)]) -> Uuid {
        let plan = random_id();
        let raw = |id: Uuid| match self.engine {
            Engine::Sqlite => format!("x'{}'", id.simple()),
            Engine::Postgres => format!("'{id}'"),
        };
        let now = match self.engine {
            Engine::Sqlite => "1780315200000000",
            Engine::Postgres => "'2026-06-01T12:00:00Z'",
        };
        let own = raw(plan);
        self.tamper(&format!(
            "INSERT INTO service_plan (id, code, name, edition, billing, term, auto_renews, notice_days, composition,
             created_at, version) VALUES ({own}, '{code}', 'Plan {code}', '{edition}', 'yearly', 'P1Y', TRUE, 30, 1, {now}, 1)"
        ))
        .await;
        let text = format!("plan {code}").to_lowercase();
        self.tamper(&format!("INSERT INTO service_plan_search_text (id, text) VALUES ({own}, '{text}')"))
            .await;
        for (position, (sku, units)) in components.iter().enumerate() {
            let sku = raw(*sku);
            self.tamper(&format!(
                "INSERT INTO service_plan_component (plan_id, composition, position, sku_id, units)
                 VALUES ({own}, 1, {position}, {sku}, {units})"
            ))
            .await;
        }
        plan
    }
}

