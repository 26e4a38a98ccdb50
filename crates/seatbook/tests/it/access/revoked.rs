//! Rights that are taken while their holder asks on ten open connections, at every server of the book.
//!
//! The bound is nothing: no request that begins after the change was answered succeeds. A server remembers a caller
//! for as long as `WATCH` says (250 ms, less in tests). The one that makes the change forgets before it answers; on
//! PostgreSQL, where another may remember too, the answer waits that long.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::{
    both_engines,
    harness::{Answer, Beside, Person, TestApp, id, send},
};

/// How many connections, and how many requests on each after the answer.
const CONNECTIONS: usize = 10;
const REQUESTS: usize = 10;

/// Somebody who asks without a pause.
struct Hammer {
    told: Arc<AtomicBool>,
    workers: JoinSet<Vec<u16>>,
}

impl Hammer {
    /// Each connection asks its question again and again, and was answered once before this returns.
    async fn begin(questions: Vec<RequestBuilder>) -> Hammer {
        let told = Arc::new(AtomicBool::new(false));
        let mut workers = JoinSet::new();
        for question in questions {
            ask(&question).await.expect(200);
            let told = Arc::clone(&told);
            workers.spawn(async move {
                let mut late = Vec::with_capacity(REQUESTS);
                while late.len() < REQUESTS {
                    let begun_late = told.load(Ordering::SeqCst);
                    let status = ask(&question).await.status.as_u16();
                    if begun_late {
                        late.push(status);
                    }
                }
                late
            });
        }
        Hammer { told, workers }
    }

    /// The change was answered: nothing that begins now succeeds.
    async fn end(self, expected: u16) {
        self.told.store(true, Ordering::SeqCst);
        let late: Vec<u16> = self.workers.join_all().await.concat();
        assert!(
            late.len() >= CONNECTIONS * REQUESTS,
            "{} requests",
            late.len()
        );
        let others = late.iter().filter(|status| **status != expected).count();
        assert_eq!(others, 0, "{late:?}");
    }
}

async fn ask(question: &RequestBuilder) -> Answer {
    send(question.try_clone().expect("it has no body")).await
}

/// Every server on the book, and whoever is refused at them.
struct Stage<'a> {
    app: &'a TestApp,
    second: Option<Beside>,
    partner: Uuid,
}

impl<'a> Stage<'a> {
    async fn open(app: &'a TestApp) -> Stage<'a> {
        Stage {
            app,
            second: app.beside().await,
            partner: app.organization(app.provider, "partner", "Partner").await,
        }
    }

    fn addresses(&self) -> impl Iterator<Item = std::net::SocketAddr> {
        let second = self.second.as_ref().map(|it| it.address);
        [self.app.address].into_iter().chain(second)
    }

    /// A token's questions: each client has a connection of its own, which it keeps.
    fn by(&self, person: &Person, path: &str) -> Vec<RequestBuilder> {
        let each = |address| {
            let client = move || Person::new(address, person.id, person.token().to_owned());
            (0..CONNECTIONS).map(move |_| client().request(Method::GET, path))
        };
        self.addresses().flat_map(each).collect()
    }

    async fn end(self) {
        if let Some(second) = self.second {
            second.end().await;
        }
    }
}

/// What stands at a path for the operator.
async fn shown(app: &TestApp, path: &str) -> Value {
    app.operator.get(path).await.expect(200)
}

async fn membership(app: &TestApp, person: &Person) -> String {
    let shown = shown(app, &format!("/api/v1/people/{}", person.id)).await;
    format!("/api/v1/memberships/{}", id(&shown["memberships"][0]["id"]))
}

const PEOPLE: &str = "/api/v1/people";

both_engines! {
    /// A token revoked; and the check, which has a way of its own past the layers.
    async fn a_revoked_token_has_no_late_success(app: TestApp) {
        let stage = Stage::open(&app).await;
        let person = app.member(stage.partner, "partner_administrator").await;
        let product = json!({"code": "P", "name": "Product"});
        let product = app.operator.post("/api/v1/products", product).await.id();
        let sku = json!({"code": "S", "name": "SKU", "product_id": product});
        let sku = app.operator.post("/api/v1/skus", sku).await.id();
        app.license(stage.partner, sku, 1).await;
        let holder = json!({"organization_id": stage.partner, "name": "User"});
        let holder = person.post("/api/v1/holders", holder).await.id();
        let rows = json!({"organization_id": stage.partner, "rows": [{"product_id": product, "holder_id": holder}]});
        person.post("/api/v1/assignments", rows).await.expect(201);
        let check = format!("/api/v1/entitlements/check?organization={}&holder={holder}&product={product}", stage.partner);
        for path in [PEOPLE, check.as_str()] {
            let body = json!({"name": "Program", "permissions": ["people.read", "assignments.read"]});
            let made = person.post("/api/v1/tokens", body).await.expect(201);
            let token = made["token"].as_str().expect("a token").to_owned();
            let program = Person::new(app.address, person.id, token);
            let hammer = Hammer::begin(stage.by(&program, path)).await;
            person.delete(&format!("/api/v1/tokens/{}", id(&made["id"]))).await.expect(200);
            hammer.end(401).await;
        }
        stage.end().await;
        app.end().await;
    }
}

both_engines! {
    /// A role made narrower, a membership given a lesser role, and one taken.
    async fn a_taken_role_has_no_late_success(app: TestApp) {
        let stage = Stage::open(&app).await;
        let facts = |permissions: &[&str]| json!({"organization_id": stage.partner, "name": "Watcher", "permissions": permissions});
        let role = app.operator.post("/api/v1/roles", facts(&["people.read"])).await.expect(201);
        let role = id(&role["role"]);
        let path = format!("/api/v1/roles/{role}");
        let person = app.member(stage.partner, &role.to_string()).await;
        let held = membership(&app, &person).await;
        let hammer = Hammer::begin(stage.by(&person, PEOPLE)).await;
        let narrow = json!({"name": "Watcher", "permissions": ["organizations.read"]});
        app.operator.put(&path, narrow).await.expect(200);
        hammer.end(403).await;
        app.operator.put(&held, json!({"role": "partner_administrator"})).await.expect(200);
        let hammer = Hammer::begin(stage.by(&person, PEOPLE)).await;
        app.operator.put(&held, json!({"role": "reader"})).await.expect(200);
        hammer.end(403).await;
        let hammer = Hammer::begin(stage.by(&person, "/api/v1/me")).await;
        app.operator.delete(&held).await.expect(200);
        hammer.end(401).await;
        stage.end().await;
        app.end().await;
    }
}

both_engines! {
    /// An organization suspended, a person deactivated, a session ended: by token and by cookie.
    async fn whoever_is_out_has_no_late_success(app: TestApp) {
        let stage = Stage::open(&app).await;
        let (browser, person) = app.browser_of(stage.partner, "partner_administrator").await;
        let questions = || {
            let mut questions = stage.by(&person, PEOPLE);
            for address in stage.addresses() {
                let page = || browser.at(address).request(Method::GET, "/api/v1/me");
                questions.extend((0..CONNECTIONS).map(|_| page()));
            }
            questions
        };
        let partner = |verb: &str| format!("/api/v1/organizations/{}/{verb}", stage.partner);
        let hammer = Hammer::begin(questions()).await;
        app.operator.act(&partner("suspend")).await.expect(200);
        hammer.end(401).await;
        app.operator.act(&partner("resume")).await.expect(200);
        let hammer = Hammer::begin(questions()).await;
        app.operator.act(&format!("/api/v1/people/{}/deactivate", person.id)).await.expect(200);
        hammer.end(401).await;
        let (browser, _) = app.browser_of(app.provider, "reader").await;
        let asked = stage.addresses().flat_map(|address| {
            let browser = browser.at(address);
            (0..CONNECTIONS).map(move |_| browser.request(Method::GET, "/account"))
        });
        let hammer = Hammer::begin(asked.collect()).await;
        browser.form("/sign-out", &[]).await.goes("/sign-in?out=1");
        hammer.end(303).await;
        stage.end().await;
        app.end().await;
    }
}
