//! What is asked most often, each so many times over the layers in this process and on SQLite.
//!
//! `cargo xtask instructions` runs this under callgrind and counts what happens inside of [`answer`], in the writer's
//! `batch` and in the reader's `read`, from one [`asked`] to the next: it knows them by these names. Time stands
//! still, callers stay remembered and nothing runs beside the requests, so that each run counts the same but for a
//! few. Here they have to be answered, which is worth a test.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, header},
};
use seatbook::router;
use serde_json::{Value, json};
use store::Place;
use tower::ServiceExt;
use uuid::Uuid;

use crate::harness::{TestApp, id};

/// How often each is asked and counted; before that it is asked often enough to have all its statements prepared.
const TIMES: usize = 20;
const BEFORE: usize = 3;

/// A request that is on its way to its answer.
type Answering<'a> = Pin<Box<dyn Future<Output = Value> + 'a>>;

/// Polls in a function of its own, by whose name it is counted: nothing of the runtime around it is.
struct Counted<'a>(Answering<'a>);

impl Future for Counted<'_> {
    type Output = Value;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Value> {
        answer(&mut self.0, context)
    }
}

/// One step towards the answer.
#[inline(never)]
fn answer(answering: &mut Answering<'_>, context: &mut Context<'_>) -> Poll<Value> {
    answering.as_mut().poll(context)
}

/// What was counted until now was so many times this; or nothing that is to be kept, where it has no name.
#[inline(never)]
fn asked(name: &str, times: usize) {
    println!("counted {name} {times}");
}

/// Somebody who asks past the network.
struct Desk<D> {
    door: D,
    token: String,
}

impl<D: router::Door> Desk<D> {
    /// One answer as JSON, and never a refusal.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let bearer = format!("Bearer {}", self.token);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.body(body).expect("a request");
        let door = self.door.clone();
        let answering = Box::pin(async move {
            let Ok(response) = door.oneshot(request).await;
            let status = response.status();
            let bytes = to_bytes(response.into_body(), usize::MAX).await;
            let bytes = bytes.expect("a body");
            let text = String::from_utf8_lossy(&bytes);
            assert!(status.is_success(), "{status}: {text}");
            serde_json::from_str(&text).expect("JSON")
        });
        Counted(answering).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, Some(body)).await
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, None).await
    }
}

/// What is asked about.
struct Book {
    provider: Uuid,
    tenant: Uuid,
    sku: Uuid,
    product: Uuid,
    pool: Uuid,
    holders: Vec<Uuid>,
}

impl Book {
    async fn new(app: &TestApp) -> Book {
        let tenant = app.organization(app.provider, "customer", "Tenant").await;
        let sku = app.insert_sku("SEAT", Some("P1Y")).await;
        let found = app.operator.get(&format!("/api/v1/skus/{sku}")).await;
        let product = id(&found.expect(200)["product_id"]);
        let (_, pool) = app.license(app.provider, sku, 1_000).await;
        let mut holders = Vec::with_capacity(BEFORE + TIMES);
        for number in 0..BEFORE + TIMES {
            let body = json!({"organization_id": app.provider, "name": format!("User {number}")});
            holders.push(app.operator.post("/api/v1/holders", body).await.id());
        }
        Book {
            provider: app.provider,
            tenant,
            sku,
            product,
            pool,
            holders,
        }
    }
}

/// Asks for each number what it is told to, and counts all but the first few.
async fn times(name: &str, mut ask: impl AsyncFnMut(usize)) {
    for number in 0..BEFORE {
        ask(number).await;
    }
    asked("nothing", 0);
    for number in BEFORE..BEFORE + TIMES {
        ask(number).await;
    }
    asked(name, TIMES);
}

async fn check<D: router::Door>(desk: &Desk<D>, book: &Book, number: usize) {
    let (organization, holder, product) = (book.provider, book.holders[number], book.product);
    let asked = format!("organization={organization}&holder={holder}&product={product}");
    let answer = desk
        .get(&format!("/api/v1/entitlements/check?{asked}"))
        .await;
    assert_eq!(answer["entitled"], true);
}

/// Asks about each holder once: that they were seen is written once an hour, behind the answer, and is over by now.
async fn used<D: router::Door>(app: &TestApp, desk: &Desk<D>, book: &Book) {
    for number in 0..book.holders.len() {
        check(desk, book, number).await;
    }
    tokio::task::yield_now().await;
    let behind = app.app.gate.db();
    let behind = behind.plumb(Place::BULK, |_| Box::pin(async { Ok(()) }));
    behind.await.expect("it is written");
}

#[tokio::test]
async fn what_is_asked_most_often_is_answered() {
    let app = TestApp::mindful().await;
    let book = Book::new(&app).await;
    let desk = Desk {
        door: router::router(app.app.clone()),
        token: app.operator.token().to_owned(),
    };
    let (provider, sku, pool, product) = (book.provider, book.sku, book.pool, book.product);
    times("issue", async |number| {
        let body = json!({"organization_id": provider, "sku_id": sku, "quantity": 10, "name": format!("No. {number}")});
        desk.post("/api/v1/licenses", body).await;
    })
    .await;
    times("allocate", async |_| {
        let body = json!({"pool_id": pool, "organization_id": book.tenant, "units": 1});
        desk.post("/api/v1/allocations", body).await;
    })
    .await;
    let mut bound = Vec::with_capacity(book.holders.len());
    times("assign", async |number| {
        let row =
            json!({"product_id": product, "holder_id": book.holders[number], "pool_id": pool});
        let body = json!({"organization_id": provider, "rows": [row]});
        let made = desk.post("/api/v1/assignments", body).await;
        bound.push(id(&made["assigned"][0]["id"]));
    })
    .await;
    used(&app, &desk, &book).await;
    // The first time the database is asked, the second time what it said is remembered.
    for name in ["check", "check_again"] {
        times(name, async |number| {
            check(&desk, &book, number).await;
        })
        .await;
    }
    times("release", async |number| {
        desk.post(
            "/api/v1/assignments/unassign",
            json!({"ids": [bound[number]]}),
        )
        .await;
    })
    .await;
    times("list", async |_| {
        let page = desk.get("/api/v1/licenses?limit=20").await;
        assert_eq!(page["items"].as_array().map(Vec::len), Some(20));
    })
    .await;
    app.end().await;
}
