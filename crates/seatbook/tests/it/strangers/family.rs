//! A partner with all rights over its customers, in the middle of others that have the same: its parent, a partner
//! and a customer beside it.

use std::collections::BTreeMap;

use reqwest::Method;
use seatbook::scope::Permission;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{book::SECRET, stock::Stock, tries::with_body};
use crate::harness::{Person, TestApp, id, send};

/// Things by their names.
pub type Things = BTreeMap<&'static str, Uuid>;

/// The partner, and who is near it.
pub struct Family {
    /// May do everything at the partner and below it.
    pub boss: Person,
    /// What the good requests name: `customer`, `share`, `moved_pool`.
    pub home: Things,
    /// By how near they are, the same things of others: by the segment of the path to them.
    pub others: [(&'static str, Things); 3],
    /// The code of a license of the partner that nobody has yet.
    pub code: String,
}

impl Family {
    /// Writes it through the doors.
    pub async fn write(app: &TestApp) -> Family {
        let stock = Stock::write(app).await;
        let parent = app
            .organization(app.provider, "partner", "Hidden parent")
            .await;
        let home = app.organization(parent, "partner", "Home").await;
        let beside = app
            .organization(parent, "partner", "Hidden partner beside")
            .await;
        let customer = app
            .organization(parent, "customer", "Hidden customer beside")
            .await;
        let writer = Writer { app, stock: &stock };
        let mut others = [
            ("sibling partner", writer.others(beside).await),
            ("sibling customer", writer.others(customer).await),
            ("parent", writer.others(parent).await),
        ];
        let below = app.organization(beside, "customer", "Hidden below").await;
        let rollout = writer.rollout(beside, &[below]).await;
        others[0].1.insert("rollouts", rollout);
        let statement = writer.statement(beside).await;
        others[0].1.insert("statements", statement);
        let import = writer.import(beside).await;
        others[0].1.insert("imports", import);
        // Roles from above are given below: those of the parent are nobody else's.
        others[2].1.remove("roles");
        // Lists that have a place between two rows.
        writer.bills(app.provider, parent).await;
        writer.belongings(beside, SECRET).await;
        writer.invitation(beside).await;
        let boss = writer.boss(home).await;
        let mut family = Family {
            boss,
            home: stock.things.clone(),
            others,
            code: String::new(),
        };
        family.home.insert("home", home);
        writer.home(&mut family).await;
        for person in [&family.boss, &app.operator] {
            person.get("/api/v1/openapi.json").await.expect(200);
        }
        family
    }

    /// What a parameter of this name holds.
    pub fn id_for(&self, name: &str) -> Option<Uuid> {
        let thing = match name {
            "organization_id" | "parent_id" | "seller_id" | "partner_id" => "home",
            "organization" | "customer_id" => "customer",
            "product_id" | "component_id" | "product" => "product",
            "license_id" => "license",
            "holder_id" | "user_id" | "owner_id" | "holder" => "user",
            "base_id" => "assignment",
            "uuid" => "share",
            "plan_id" => "plan",
            "role" => "role",
            _ => return None,
        };
        Some(self.of(thing))
    }

    /// A thing that a good request names.
    pub fn of(&self, name: &str) -> Uuid {
        let known = self.home.get(name);
        *known.unwrap_or_else(|| panic!("the family has no `{name}`"))
    }
}

struct Writer<'a> {
    app: &'a TestApp,
    stock: &'a Stock,
}

impl Writer<'_> {
    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .app
            .operator
            .post(&format!("/api/v1{path}"), body)
            .await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answer.body
    }

    async fn make(&self, path: &str, body: Value) -> Uuid {
        id(&self.post(path, body).await["id"])
    }

    async fn role(&self, body: Value) -> Uuid {
        id(&self.post("/roles", body).await["role"])
    }

    /// Somebody who may do everything at an organization.
    async fn boss(&self, organization: Uuid) -> Person {
        let role = json!({"organization_id": organization, "name": "All of it", "permissions": Permission::ALL});
        let role = self.role(role).await;
        self.app.member(organization, &role.to_string()).await
    }

    /// One thing of each kind whose id a request may name.
    async fn others(&self, organization: Uuid) -> Things {
        let mut things = self.belongings(organization, SECRET).await;
        let role =
            json!({"organization_id": organization, "name": SECRET, "permissions": ["jobs.read"]});
        things.insert("roles", self.role(role).await);
        things.insert("organizations", organization);
        let person = self.app.member(organization, "reader").await;
        things.insert("people", person.id);
        things
    }

    /// A license of its own, and people who use it: `licenses`, `pools`, `holders`, `assignments`.
    async fn belongings(&self, organization: Uuid, name: &str) -> Things {
        let mut things = Things::new();
        let license = json!({"organization_id": organization, "sku_id": self.stock.sku, "quantity": 2, "name": name});
        let license = self.post("/licenses", license).await;
        things.insert("licenses", id(&license["id"]));
        things.insert("pools", id(&license["pool_id"]));
        things.insert("subscriptions", id(&license["pool_id"]));
        let users = self.users(organization, name, &["one", "two"]).await;
        things.insert("holders", users[0]);
        let bound = self.bind(organization, &users).await;
        things.insert("assignments", bound[0]);
        things
    }

    async fn users(&self, organization: Uuid, name: &str, which: &[&str]) -> Vec<Uuid> {
        let mut users = Vec::new();
        for one in which {
            let user = json!({"organization_id": organization, "name": format!("{name} {one}")});
            users.push(self.make("/holders", user).await);
        }
        users
    }

    /// Gives each a unit of the base product; gives the assignments, the oldest first.
    async fn bind(&self, organization: Uuid, users: &[Uuid]) -> Vec<Uuid> {
        let mut bound = Vec::new();
        for user in users {
            let rows = json!([{"product_id": self.stock.product, "holder_id": user}]);
            let body = json!({"organization_id": organization, "rows": rows});
            let made = self.post("/assignments", body).await;
            bound.push(id(&made["assigned"][0]["id"]));
        }
        bound
    }

    async fn rollout(&self, seller: Uuid, customers: &[Uuid]) -> Uuid {
        let body = json!({"seller_id": seller, "plan_id": self.stock.plan, "organization_ids": customers, "issue": true});
        self.make("/rollouts", body).await
    }

    async fn invitation(&self, organization: Uuid) {
        let email = format!("{}@example.org", organization.simple());
        let body = json!({"email": email, "organization_id": organization, "role": "reader"});
        self.post("/invitations", body).await;
    }

    async fn import(&self, organization: Uuid) -> Uuid {
        let body = json!({"kind": "organizations", "organization_id": organization, "file": "name\nRow one\nRow two\n"});
        self.send_in("/api/v1/imports", &body).await
    }

    async fn statement(&self, organization: Uuid) -> Uuid {
        let file = "Customer,SKU,Quantity\nRow one,BASE,5\nRow two,BASE,1\n";
        let body = json!({"organization_id": organization, "month": "2026-05", "file": file});
        self.send_in("/api/v1/statements", &body).await
    }

    async fn send_in(&self, path: &str, body: &Value) -> Uuid {
        let request = self.app.operator.request(Method::POST, path);
        send(with_body(request, "multipart/form-data", body))
            .await
            .id()
    }

    /// Two drafts of the provider, which are between it and their buyer.
    async fn bills(&self, seller: Uuid, buyer: Uuid) {
        for organization in [seller, buyer] {
            self.party(organization, SECRET).await;
        }
        for _ in 0..2 {
            let sale = json!({"seller_id": seller, "customer_id": buyer, "sku_id": self.stock.sku, "quantity": 1,
                "issue": true, "price_minor": 100, "currency": "EUR"});
            let sold = self.post("/licenses/sell", sale).await;
            let body = json!({"license_ids": [sold["license"]["id"]]});
            self.post("/invoices/draft", body).await;
        }
    }

    /// What stands on invoices about an organization.
    async fn party(&self, organization: Uuid, name: &str) {
        let party = json!({"legal_name": name, "city": "Berlin", "country": "DE", "vat_id": "DE123456789",
            "tax_category": "zero"});
        let path = format!("/api/v1/organizations/{organization}/billing-profile");
        self.app.operator.put(&path, party).await.expect(200);
    }

    /// All that the good requests name.
    async fn home(&self, family: &mut Family) {
        let home = family.of("home");
        for (name, sku) in [
            ("pool", self.stock.sku),
            ("add_on_pool", self.stock.add_on_sku),
            ("second_pool", self.stock.second_sku),
        ] {
            let license = json!({"organization_id": home, "sku_id": sku, "quantity": 500, "end_date": "2028-05-31"});
            let license = self.post("/licenses", license).await;
            family.home.insert(name, id(&license["pool_id"]));
            if name == "pool" {
                family.home.insert("license", id(&license["id"]));
            }
        }
        let role =
            json!({"organization_id": home, "name": "Home role", "permissions": ["jobs.read"]});
        family.home.insert("role", self.role(role).await);
        let member = self.app.member(home, "reader").await;
        let path = format!("/api/v1/people/{}", member.id);
        let shown = self.app.operator.get(&path).await.expect(200);
        family.home.insert("member", member.id);
        family
            .home
            .insert("membership", id(&shown["memberships"][0]["id"]));
        for name in ["customer", "plain", "moving", "bare"] {
            let made = self.app.organization(home, "customer", name).await;
            family.home.insert(name, made);
        }
        let below = self.app.organization(home, "partner", "below").await;
        family.home.insert("below", below);
        self.customer(family).await;
        self.money(family).await;
        self.plans(family).await;
        // A redemption waits after a hundred wrong codes only, so these are put there.
        let wait = "INSERT INTO redemption_request (id, organization_id, partner_id, fingerprint, person_id, state,
             created_at, version)
             SELECT o.id, o.id, h.id, o.name, o.id, 'waiting', l.created_at, 1
             FROM license l JOIN organization h ON h.id = l.organization_id AND h.name = 'Home'
             JOIN sku s ON s.id = l.sku_id AND s.code = 'ADD'
             CROSS JOIN organization o WHERE o.name IN ('customer', 'plain')";
        self.app.tamper(wait).await;
        let two = [family.of("plain"), family.of("moving")];
        let rollout = self.rollout(home, &two).await;
        family.home.insert("rollout", rollout);
        family.home.insert("statement", self.statement(home).await);
        family.home.insert("import", self.import(home).await);
        self.invitation(home).await;
    }

    /// A customer with units that were passed to it, and people who use them.
    async fn customer(&self, family: &mut Family) {
        let customer = family.of("customer");
        let other = json!({"pool_id": family.of("pool"), "organization_id": family.of("plain"), "units": 1});
        self.post("/allocations", other).await;
        for (name, pool) in [("share", "pool"), ("add_on_share", "add_on_pool")] {
            let body =
                json!({"pool_id": family.of(pool), "organization_id": customer, "units": 20});
            self.post("/allocations", body).await;
            let license = self
                .app
                .operator
                .get(&format!("/api/v1/pools/{}", family.of(pool)))
                .await
                .expect(200);
            let license = id(&license["license_id"]);
            let path = format!("/api/v1/pools?organization_id={customer}&license_id={license}");
            let pools = self.app.operator.get(&path).await.expect(200);
            family.home.insert(name, id(&pools["items"][0]["id"]));
        }
        let users = self.users(customer, "Home", &["one", "two"]).await;
        let device = json!({"organization_id": customer, "kind": "device", "name": "Home device", "owner_id": users[0]});
        family
            .home
            .insert("device", self.make("/holders", device).await);
        let bound = self.bind(customer, &users[..1]).await;
        family.home.insert("user", users[0]);
        family.home.insert("other_user", users[1]);
        family.home.insert("assignment", bound[0]);
        for sku in [self.stock.second_sku, self.stock.sku] {
            let wish = json!({"organization_id": customer, "sku_id": sku, "quantity": 3});
            let wish = self.make("/unit-requests", wish).await;
            family.home.insert("request", wish);
        }
        // Units of its own, all of them in use, of which the next request takes one away.
        let small = self
            .app
            .organization(family.of("home"), "customer", "small")
            .await;
        let own = self.belongings(small, "Small").await;
        family.home.insert("own_pool", own["pools"]);
        family.home.insert("own_assignment", own["assignments"]);
    }

    /// Licenses that were sold: with a code, with a price, in a draft.
    async fn money(&self, family: &mut Family) {
        let (home, customer) = (family.of("home"), family.of("customer"));
        let sale = json!({"seller_id": home, "sku_id": self.stock.sku, "quantity": 1, "source_pool_id": family.of("pool")});
        let sold = self.post("/licenses/sell", sale.clone()).await;
        sold["code"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut family.code);
        family.home.insert("unsold", id(&sold["license"]["id"]));
        for organization in [home, customer] {
            self.party(organization, "Home party").await;
        }
        for name in ["billed", "drafted", "drafted_too", "drafted_alone"] {
            let mut sale = sale.clone();
            (sale["customer_id"], sale["price_minor"], sale["currency"]) =
                (json!(customer), json!(100), json!("EUR"));
            let sold = self.post("/licenses/sell", sale).await;
            family.home.insert(name, id(&sold["license"]["id"]));
        }
        // What it costs is between seller and buyer: the operator may not bill it.
        for licenses in [vec!["drafted_alone"], vec!["drafted", "drafted_too"]] {
            let ids: Vec<Uuid> = licenses.into_iter().map(|it| family.of(it)).collect();
            let body = json!({"license_ids": ids});
            let drafted = family.boss.post("/api/v1/invoices/draft", body).await;
            let drafted = drafted.expect(200);
            let draft = id(&drafted["invoices"][0]["id"]);
            family.home.insert("draft", draft);
        }
    }

    /// Customers with a service plan each: to be moved, changed, approved, converted.
    async fn plans(&self, family: &mut Family) {
        let home = family.of("home");
        let (moved, made) = self.given(home, self.stock.plan).await;
        let bound = self.in_use(moved).await;
        let pool = id(&made["parts"][0]["license"]["pool_id"]);
        family.home.extend([
            ("moved", moved),
            ("moved_pool", pool),
            ("moved_bound", bound),
        ]);
        let (amended, made) = self.given(home, self.stock.plan).await;
        let bound = self.in_use(amended).await;
        let license = id(&made["parts"][0]["license"]["id"]);
        family.home.extend([
            ("amended", id(&made["id"])),
            ("amended_license", license),
            ("amended_bound", bound),
        ]);
        for (name, plan) in [("locked", self.stock.changing), ("trial", self.stock.trial)] {
            let (_, made) = self.given(home, plan).await;
            family.home.insert(name, id(&made["id"]));
        }
        self.stock.change(self.app).await;
    }

    /// A new customer with a service plan.
    async fn given(&self, seller: Uuid, plan: Uuid) -> (Uuid, Value) {
        let customer = self
            .app
            .organization(seller, "customer", "With a plan")
            .await;
        let order = json!({"seller_id": seller, "organization_id": customer, "plan_id": plan});
        (customer, self.post("/plan-subscriptions", order).await)
    }

    /// Two people with a unit each; gives one's assignment.
    async fn in_use(&self, customer: Uuid) -> Uuid {
        let users = self.users(customer, "Somebody", &["one", "two"]).await;
        self.bind(customer, &users).await[0]
    }
}
