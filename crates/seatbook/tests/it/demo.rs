//! The demo's book: filled through the gate, kept when it is started again, never poured over another.

use std::collections::BTreeSet;

use seatbook::demo;
use serde_json::Value;

use crate::harness::{Browser, Engine, TestApp};

/// Everything the operator's list holds.
async fn items(browser: &Browser, path: &str) -> Vec<Value> {
    let body = browser.get(path).await.expect(200);
    assert!(body["next_cursor"].is_null(), "one page is enough: {path}");
    body["items"].as_array().expect("items").clone()
}

/// Entries of the journal: all of them, and those that lie in the future.
async fn entries(app: &TestApp) -> (i64, i64) {
    let now = app.app.gate.now();
    let read = app.app.read(move |mut tx| {
        Box::pin(async move {
            let sql = "SELECT count(*), count(*) FILTER (WHERE at > $1) FROM journal";
            Ok(tx.query_one::<(i64, i64)>(sql, &[&now]).await?)
        })
    });
    read.await.expect("it is read")
}

async fn signed_in(app: &TestApp, email: &str) -> Browser {
    let browser = Browser::new(app.address);
    browser.sign_in(email, demo::PASSWORD).await.goes("/");
    browser
}

/// The tree, the licenses in their states and the journal are such as one would expect to find.
async fn fills_a_book(engine: Engine) {
    let app = TestApp::blank(engine, None).await;
    demo::prepare(&app.app).await.expect("it is filled");
    let operator = signed_in(&app, "ingrid@norvik.example").await;
    check_tree(&operator).await;
    check_licenses(&operator).await;
    check_plans(&operator).await;
    check_bundles(&operator).await;
    check_holders(&app).await;
    app.prove();
    let (all, future) = entries(&app).await;
    assert!(
        all > 200 && future == 0,
        "{all} entries, {future} in the future"
    );
    let page = operator.get("/").await.page(200);
    assert!(page.contains("Endpoint Shield"), "{page}");
    assert!(page.contains("Suspended Viñedos Tres Ríos"), "{page}");
    app.end().await;
}

async fn check_tree(operator: &Browser) {
    let organizations = items(operator, "/api/v1/organizations?limit=200").await;
    let of = |kind: &str| organizations.iter().filter(|it| it["kind"] == kind).count();
    assert_eq!((of("provider"), of("partner"), of("customer")), (1, 6, 40));
    for name in [
        "Nordlicht Partners",
        "Aurora Hospitals",
        "Aurora Laboratories",
    ] {
        let found = organizations.iter().find(|it| it["name"] == name);
        let id = found.and_then(|it| it["id"].as_str()).expect("it is there");
        let pools = format!("/api/v1/pools?limit=200&organization_id={id}");
        assert!(
            items(operator, &pools).await.len() > 3,
            "{name} holds units"
        );
    }
}

async fn check_plans(operator: &Browser) {
    let plans = items(operator, "/api/v1/service-plans?include_ended=true").await;
    for (field, words) in [
        ("state", ["on_sale", "end_of_sale", "end_of_life"]),
        ("edition", ["full", "trial", "not_for_resale"]),
    ] {
        for word in words {
            assert!(plans.iter().any(|it| it[field] == word), "none is {word}");
        }
    }
    let suite = plans.iter().find(|it| it["code"] == "WF-XDR");
    let suite = suite.expect("it is there");
    assert_eq!(
        (
            &suite["composition"],
            suite["components"].as_array().map(Vec::len)
        ),
        (&2.into(), Some(3))
    );
}

/// Customers have plans: one was moved from another, one tries, and one waits for a word about a changed composition.
async fn check_bundles(operator: &Browser) {
    let all = items(operator, "/api/v1/plan-subscriptions?include_ended=true").await;
    let of = |test: &dyn Fn(&Value) -> bool| all.iter().filter(|it| test(it)).count();
    assert_eq!(of(&|it| it["standing"] == "superseded"), 1);
    assert_eq!(of(&|it| it["edition"] == "trial"), 1);
    let waits = of(&|it| it["newest_composition"] != it["composition"]);
    assert_eq!((waits, all.len()), (2, 5));
}

async fn check_licenses(operator: &Browser) {
    let skus = items(operator, "/api/v1/skus?limit=200").await.len();
    assert!((36..=45).contains(&skus), "{skus} SKUs");
    let licenses = items(operator, "/api/v1/licenses?limit=200").await;
    assert!((70..=90).contains(&licenses.len()), "{}", licenses.len());
    let orders = licenses.iter().filter_map(|it| it["sales_order"].as_str());
    let orders: BTreeSet<&str> = orders.collect();
    assert!(orders.len() > 15, "{orders:?}");
    let expected = [
        ("active", 20),
        ("scheduled", 4),
        ("expired", 4),
        ("expiring_soon", 5),
        ("paused", 1),
    ];
    for (state, least) in expected {
        let path = format!("/api/v1/licenses?limit=200&status={state}");
        let found = items(operator, &path).await.len();
        assert!(found >= least, "{found} {state}");
    }
    let untouched = licenses
        .iter()
        .filter(|it| it["allocated"] == 0 && it["seller_id"].is_null())
        .count();
    assert!((4..=10).contains(&untouched), "{untouched} not passed on");
}

/// About 3,000 holders of every kind, a third of them with units, and add-ons beside them.
async fn check_holders(app: &TestApp) {
    let count = async |sql: &'static str| {
        let read = app.app.read(move |mut tx| {
            Box::pin(async move { Ok(tx.query_one::<(i64,)>(sql, &[]).await?.0) })
        });
        read.await.expect("it is counted")
    };
    let holders = count("SELECT count(*) FROM holder").await;
    assert!((2_800..=3_300).contains(&holders), "{holders} holders");
    let kinds = count("SELECT count(DISTINCT kind) FROM holder").await;
    assert_eq!(kinds, 4, "users, devices, screens and extensions");
    let bases = count("SELECT count(*) FROM assignment WHERE base_id IS NULL").await;
    assert!((900..=1_200).contains(&bases), "{bases} base units in use");
    let add_ons = count("SELECT count(*) FROM assignment WHERE base_id IS NOT NULL").await;
    assert!(add_ons > bases, "{add_ons} add-ons");
    let fits = count(
        "SELECT count(*) FROM product_fit f JOIN product p ON p.id = f.base_id WHERE p.code = 'phone_system'",
    );
    assert_eq!(fits.await, 9, "the add-ons of the telephone system");
}

/// Whom the terminal names can sign in, and a second start keeps the book.
async fn lets_everybody_in(engine: Engine) {
    let app = TestApp::blank(engine, None).await;
    demo::prepare(&app.app).await.expect("it is filled");
    let said = demo::welcome(&app.app);
    assert!(
        said.contains(&format!("http://{}/sign-in", app.address)),
        "{said}"
    );
    let named = said.split_whitespace().filter(|word| word.contains('@'));
    let named: Vec<&str> = named.collect();
    assert_eq!(named.len(), 5, "one of each role: {said}");
    for email in named {
        let browser = signed_in(&app, email).await;
        browser.get("/licenses").await.page(200);
    }
    let before = entries(&app).await;
    demo::prepare(&app.app).await.expect("it is kept");
    assert_eq!(entries(&app).await, before);
    app.end().await;
}

/// A telling that was cut off before its end goes on and does nothing twice.
async fn goes_on_where_it_was(engine: Engine) {
    let app = TestApp::blank(engine, None).await;
    demo::prepare(&app.app).await.expect("it is filled");
    let (all, _) = entries(&app).await;
    let last = "(SELECT id FROM journal WHERE command = 'demo.finish')";
    app.tamper(&format!(
        "DELETE FROM request_key WHERE journal_id IN {last}"
    ))
    .await;
    app.tamper("DELETE FROM journal WHERE command = 'demo.finish'")
        .await;
    app.clock.advance_seconds(36 * 3600);
    demo::prepare(&app.app).await.expect("it goes on");
    assert_eq!(entries(&app).await.0, all);
    app.end().await;
}

/// A book that somebody set up is left alone.
async fn leaves_another_book_alone(engine: Engine) {
    let app = TestApp::start(engine).await;
    let before = entries(&app).await;
    let refused = demo::prepare(&app.app)
        .await
        .expect_err("the book is in use");
    assert_eq!(refused.code, "demo.book_in_use");
    assert_eq!(entries(&app).await, before);
    app.end().await;
}

macro_rules! on_both {
    ($($name:ident),+) => { $(mod $name {
        use super::Engine;
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn sqlite() { super::$name(Engine::Sqlite).await }
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn postgres() { super::$name(Engine::Postgres).await }
    })+ };
}

on_both!(
    fills_a_book,
    lets_everybody_in,
    goes_on_where_it_was,
    leaves_another_book_alone
);
