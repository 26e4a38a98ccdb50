//! A customer that leaves: on its day, once, with all it has; or not at all.

use seatbook::offboarding::sweep;
use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use super::Stage;
use crate::{
    both_engines,
    harness::{TestApp, id},
};

fn path(customer: Uuid) -> String {
    format!("/api/v1/customers/{customer}/offboarding")
}

fn plan(day: &str) -> Value {
    json!({"contact": "Anna Berg", "reason": "Moves to another provider", "leaves_on": day})
}

/// Moves the clock to an instant and lets leave who is due.
async fn at(app: &TestApp, instant: &str) {
    let now = Timestamp::new(instant.parse().expect("an instant"));
    app.clock.set(now);
    sweep::run(&app.app, now).await.expect("it sweeps");
}

/// A customer that passed units on, uses some, and has a license of its own.
async fn busy(app: &TestApp, stage: &Stage) -> (Uuid, Uuid, Uuid) {
    let (customer, pool) = stage.customer(app, "Aurora", 100).await;
    let leaf = app.organization(customer, "customer", "Leaf").await;
    let below = app.allocate(pool, leaf, 30).await;
    for (place, name) in [(customer, "Anna"), (leaf, "Ben")] {
        let holder = app.holder(place, name).await;
        let product = app.operator.get("/api/v1/products?q=MDR").await.expect(200);
        let row = json!({"product_id": product["items"][0]["id"], "holder_id": holder});
        let body = json!({"organization_id": place, "rows": [row]});
        app.operator
            .post("/api/v1/assignments", body)
            .await
            .expect(201);
    }
    let sku = app.operator.get("/api/v1/skus?q=CLOUD").await.expect(200);
    let sale = json!({"seller_id": stage.partner, "customer_id": customer, "sku_id": sku["items"][0]["id"], "quantity": 8});
    let own = app
        .operator
        .post("/api/v1/licenses/sell", sale)
        .await
        .expect(201);
    assert_eq!(app.balance(below).await, [30, 0, 1, 29]);
    (customer, pool, id(&own["license"]["id"]))
}

both_engines! {
    /// When its day begins, assignments end, units return to where they came from, licenses end, nobody signs in.
    async fn a_customer_leaves_on_its_day(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, pool, own) = busy(&app, &stage).await;
        let anna = app.member(customer, "customer_administrator").await;
        let before = stage.paula.get(&path(customer)).await.expect(200);
        assert_eq!(before["offboarding"], Value::Null);
        assert_eq!(before["ends"], json!({"organizations": 2, "assignments": 2, "holders": 2, "shares": 1, "units": 100,
            "licenses": 1, "open_invoices": 0}));
        assert_eq!(before["holders"][1]["name"], "Ben");
        let looked = stage.paula.post(&format!("{}?preview=true", path(customer)), plan("2026-07-01")).await.expect(200);
        assert_eq!(looked["ends"]["units"], 100);
        assert_eq!(stage.paula.get(&path(customer)).await.expect(200)["offboarding"], Value::Null);
        let planned = stage.paula.post(&path(customer), plan("2026-07-01")).await.expect(201);
        assert_eq!((&planned["state"], planned.get("contact")), (&json!("planned"), None));
        let list = stage.paula.get(&stage.list()).await.expect(200);
        assert_eq!(list["items"][0]["leaves_on"], "2026-07-01");
        at(&app, "2026-06-30T23:59:59Z").await;
        assert_eq!(app.balance(pool).await, [100, 30, 1, 69], "not before its day");
        anna.get("/api/v1/me").await.expect(200);
        at(&app, "2026-07-03T08:00:00Z").await;
        let (one, two) = tokio::join!(sweep::run(&app.app, app.app.gate.now()), sweep::run(&app.app, app.app.gate.now()));
        one.and(two).expect("it sweeps");
        assert_eq!(app.balance(stage.pool).await, [1_000, 0, 0, 1_000]);
        assert_eq!(app.balance(stage.spare).await, [20, 0, 0, 20]);
        assert_eq!(app.balance(pool).await, [0, 0, 0, 0]);
        let own = app.operator.get(&format!("/api/v1/licenses/{own}")).await.expect(200);
        assert_eq!(own["status"], "terminated");
        let organization = app.operator.get(&format!("/api/v1/organizations/{customer}")).await.expect(200);
        assert_eq!(organization["suspended"], true);
        assert_eq!(anna.get("/api/v1/me").await.status.as_u16(), 401);
        let journal = app.operator.get("/api/v1/journal?limit=200").await.expect(200);
        let left = journal["items"].as_array().expect("items").iter();
        assert_eq!(left.filter(|it| it["command"] == "offboarding.leave").count(), 1);
        let texts = app.texts("SELECT command, CAST(input AS TEXT) || coalesce(CAST(outcome AS TEXT), '') FROM journal").await;
        assert!(!texts.contains("Anna Berg"), "the contact stays out of the journal");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What it has of service plans ends with it, and their units go back too.
    async fn its_service_plans_end(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, _) = stage.customer(&app, "Planned", 10).await;
        let sku = app.operator.get("/api/v1/skus?q=CLOUD").await.expect(200);
        let plan_id = app.plan("CLOUDS", "full", &[(id(&sku["items"][0]["id"]), 5)]).await;
        let order = json!({"seller_id": stage.partner, "organization_id": customer, "plan_id": plan_id});
        let given = app.operator.post("/api/v1/plan-subscriptions", order).await.expect(201);
        assert_eq!(app.balance(stage.spare).await, [20, 5, 0, 15]);
        stage.paula.post(&path(customer), plan("2026-06-01")).await.expect(201);
        let found = format!("/api/v1/plan-subscriptions/{}", id(&given["id"]));
        let found = app.operator.get(&found).await.expect(200);
        assert_eq!(found["standing"], "ended");
        assert_eq!(app.balance(stage.spare).await, [20, 0, 0, 20]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Its day begins in its own zone; today is at once; what has passed is refused, and so is deciding twice.
    async fn the_day_is_the_customers_own(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (near, near_pool) = stage.customer(&app, "Near", 10).await;
        let far = json!({"parent_id": stage.partner, "kind": "customer", "name": "Far", "time_zone": "Pacific/Auckland"});
        let far = app.operator.post("/api/v1/organizations", far).await.id();
        let far_pool = app.allocate(stage.pool, far, 10).await;
        assert_eq!(stage.paula.post(&path(near), plan("2026-05-31")).await.field(), "offboarding.past");
        let unsaid = json!({"contact": " ", "reason": "", "leaves_on": "2026-06-02"});
        assert_eq!(stage.paula.post(&path(near), unsaid).await.expect(422)["fields"].as_array().map(Vec::len), Some(2));
        for customer in [near, far] {
            stage.paula.post(&path(customer), plan("2026-06-02")).await.expect(201);
        }
        assert_eq!(stage.paula.post(&path(near), plan("2026-06-02")).await.code(409), "offboarding.planned");
        at(&app, "2026-06-01T12:00:01Z").await;
        assert_eq!((app.balance(far_pool).await, app.balance(near_pool).await), ([0, 0, 0, 0], [10, 0, 0, 10]),
            "it is the second of June in Auckland");
        at(&app, "2026-06-02T00:00:00Z").await;
        assert_eq!(app.balance(near_pool).await, [0, 0, 0, 0]);
        let (today, pool) = stage.customer(&app, "Today", 7).await;
        let left = stage.paula.post(&path(today), plan("2026-06-02")).await.expect(201);
        assert_eq!((&left["state"], app.balance(pool).await), (&json!("left"), [0, 0, 0, 0]));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Until its day it can stay; who may not let it leave may not say so either, and nobody lets themselves leave.
    async fn it_can_stay(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, pool) = stage.customer(&app, "Aurora", 100).await;
        assert_eq!(stage.paula.delete(&path(customer)).await.code(409), "offboarding.none");
        stage.paula.post(&path(customer), plan("2026-07-01")).await.expect(201);
        let shown = stage.paula.get(&path(customer)).await.expect(200);
        assert_eq!((&shown["offboarding"]["contact"], &shown["offboarding"]["version"]), (&json!("Anna Berg"), &json!(1)));
        let own = app.member(customer, "partner_administrator").await;
        assert_eq!(own.delete(&path(customer)).await.code(403), "permission.missing");
        let reader = app.member(stage.partner, "reader").await;
        assert_eq!(reader.get(&path(customer)).await.code(403), "permission.missing");
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(elsewhere, "partner_administrator").await;
        assert_eq!(stranger.get(&path(customer)).await.code(404), "not_found");
        let stays = stage.paula.delete(&path(customer)).await.expect(200);
        assert_eq!(stays["state"], "withdrawn");
        at(&app, "2026-07-02T00:00:00Z").await;
        assert_eq!(app.balance(pool).await, [100, 0, 0, 100]);
        stage.paula.post(&path(customer), plan("2026-08-01")).await.expect(201);
        app.clock.set(Timestamp::new("2026-08-01T00:00:00Z".parse().expect("an instant")));
        assert_eq!(stage.paula.delete(&path(customer)).await.code(409), "offboarding.begun");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// More people than one step frees are freed in several; the organization is shut meanwhile.
    async fn many_are_freed_in_parts(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, pool) = stage.customer(&app, "Aurora", 900).await;
        let sku = app.insert_sku("MORE-1Y", Some("P1Y")).await;
        let (_, more) = app.license(customer, sku, 600).await;
        let mut holders = vec![];
        for number in 0..510 {
            holders.push(app.holder(customer, &format!("Person {number}")).await);
        }
        for code in ["MDR", "MORE"] {
            let product = app.operator.get(&format!("/api/v1/products?q={code}")).await.expect(200);
            let product = product["items"][0]["id"].clone();
            let rows: Vec<Value> = holders.iter().map(|holder| json!({"product_id": product, "holder_id": holder})).collect();
            for rows in rows.chunks(200) {
                let body = json!({"organization_id": customer, "rows": rows});
                app.operator.post("/api/v1/assignments", body).await.expect(201);
            }
        }
        assert_eq!((app.balance(pool).await[2], app.balance(more).await[2]), (510, 510));
        stage.paula.post(&path(customer), plan("2026-06-02")).await.expect(201);
        at(&app, "2026-06-02T00:00:00Z").await;
        assert_eq!(app.balance(stage.pool).await, [1_000, 0, 0, 1_000]);
        assert_eq!(app.balance(more).await[2], 0);
        let journal = app.operator.get("/api/v1/journal?limit=20").await.expect(200);
        let steps = journal["items"].as_array().expect("items").iter();
        assert_eq!(steps.filter(|it| it["command"] == "offboarding.leave").count(), 2);
        app.prove();
        app.end().await;
    }
}
