//! The check, as products ask it.

use serde_json::{Value, json};

use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{Person, TestApp, random_id},
};

async fn ask(app: &TestApp, stage: &Stage, holder: &str, product: &str) -> Value {
    let organization = stage.customer;
    let query = format!("organization={organization}&holder={holder}&product={product}");
    let path = format!("/api/v1/entitlements/check?{query}");
    app.operator.get(&path).await.expect(200)
}

both_engines! {
    /// Yes for who has a unit, by id, reference, e-mail address or what belongs to them; no for everybody else.
    async fn a_product_asks(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let anna = json!({"organization_id": stage.customer, "name": "Anna", "email": "anna@acme.example", "reference": "HR-7"});
        let anna = app.operator.post("/api/v1/holders", anna).await.id();
        let rows = json!([{"product_id": stage.desk, "holder_id": anna},
            {"product_id": stage.phone, "extension": "101", "holder_id": anna}]);
        stage.assign(rows).await.expect(201);
        for holder in [anna.to_string().as_str(), "HR-7", "Anna@acme.example"] {
            let answer = ask(&app, &stage, holder, "desk").await;
            assert_eq!((&answer["entitled"], &answer["reason"], &answer["units"]), (&json!(true), &json!("assigned"), &json!(1)));
        }
        let phone = ask(&app, &stage, "HR-7", &stage.phone.to_string()).await;
        assert_eq!(phone["entitled"], true, "the extension is hers");
        for (holder, product) in [("HR-7", "room"), ("HR-8", "desk"), (random_id().to_string().as_str(), "desk"), ("HR-7", "nothing")] {
            let answer = ask(&app, &stage, holder, product).await;
            assert_eq!((&answer["entitled"], &answer["reason"]), (&json!(false), &json!("not_assigned")));
        }
        let questions = json!({"organization_id": stage.customer, "questions": [
            {"holder": "HR-7", "product": "desk"}, {"holder": "HR-7", "product": "room"}]});
        let many = stage.admin.post("/api/v1/entitlements/check", questions).await.expect(200);
        assert_eq!((&many["items"][0]["entitled"], &many["items"][1]["entitled"]), (&json!(true), &json!(false)));
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let foreign = app.member(elsewhere, "customer_administrator").await;
        let path = format!("/api/v1/entitlements/check?organization={}&holder={anna}&product=desk", stage.customer);
        assert_eq!(foreign.get(&path).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// One unit that says no hides none that says yes: neither an extension's nor that of a SKU the product comes with.
    async fn a_no_hides_no_yes(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (other, paused) = (stage.someone.to_string(), stage.user("Anna").await);
        let own = app.license(stage.customer, stage.phone_sku, 1).await;
        let rows = json!([{"product_id": stage.phone, "holder_id": paused, "pool_id": own.1},
            {"product_id": stage.phone, "extension": "101", "holder_id": paused}]);
        stage.assign(rows).await.expect(201);
        app.operator.act(&format!("/api/v1/licenses/{}/pause", own.0)).await.expect(200);
        for product in [stage.phone.to_string().as_str(), "phone"] {
            let answer = ask(&app, &stage, &paused.to_string(), product).await;
            assert_eq!((&answer["reason"], &answer["units"]), (&json!("assigned"), &json!(1)), "{product}");
        }
        let suite = json!({"code": "suite", "name": "Suite"});
        let suite = app.operator.post("/api/v1/products", suite).await.id();
        let sku = json!({"code": "suite", "name": "Suite", "product_id": suite, "components": [stage.desk]});
        let sku = app.operator.post("/api/v1/skus", sku).await.id();
        app.license(stage.customer, sku, 1).await;
        let rows = json!([{"product_id": stage.desk, "holder_id": other}, {"product_id": suite, "holder_id": other}]);
        stage.assign(rows).await.expect(201);
        app.operator.act(&format!("/api/v1/licenses/{}/pause", stage.desk_license)).await.expect(200);
        assert_eq!(ask(&app, &stage, &other, "desk").await["reason"], "assigned", "the suite has it");
        app.end().await;
    }
}

both_engines! {
    /// Paused, ended and suspended are no at once; grace is yes and says until when.
    async fn states_answer(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let product = json!({"code": "short", "name": "Short"});
        let product = app.operator.post("/api/v1/products", product).await.id();
        let sku = json!({"code": "short", "name": "Short", "product_id": product, "validity": "P1D", "grace_days": 2});
        let sku = app.operator.post("/api/v1/skus", sku).await.id();
        let (license, _) = app.license(stage.customer, sku, 1).await;
        stage.assign(json!([{"product_id": product, "holder_id": stage.someone}])).await.expect(201);
        let holder = stage.someone.to_string();
        let reason = async |app: &TestApp|  ask(app, &stage, &holder, "short").await["reason"].clone();
        assert_eq!(reason(&app).await, "assigned");
        app.operator.act(&format!("/api/v1/licenses/{license}/pause")).await.expect(200);
        assert_eq!(reason(&app).await, "paused");
        app.operator.act(&format!("/api/v1/licenses/{license}/resume")).await.expect(200);
        app.operator.act(&format!("/api/v1/organizations/{}/suspend", stage.customer)).await.expect(200);
        assert_eq!(reason(&app).await, "suspended");
        app.operator.act(&format!("/api/v1/organizations/{}/resume", stage.customer)).await.expect(200);
        app.clock.advance_seconds(86_400);
        let grace = ask(&app, &stage, &holder, "short").await;
        assert_eq!((&grace["entitled"], &grace["reason"], &grace["grace_until"]), (&json!(true), &json!("grace"), &json!("2026-06-04T00:00:00Z")));
        app.clock.advance_seconds(2 * 86_400);
        assert_eq!(reason(&app).await, "expired");
        app.end().await;
    }
}

both_engines! {
    /// The usual question takes a short way: it is answered like any other, and what is changed shows at once.
    async fn the_short_way_says_the_same(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (holder, product) = (stage.someone, stage.desk);
        let license = stage.desk_license;
        stage.assign(json!([{"product_id": product, "holder_id": holder}])).await.expect(201);
        let path = |product: &str| format!("/api/v1/entitlements/check?organization={}&holder={holder}&product={product}", stage.customer);
        let short = path(&product.to_string());
        let by_code = app.operator.get(&path("desk")).await;
        for _ in 0..3 {
            let answer = app.operator.get(&short).await;
            assert_eq!(answer.status, 200);
            for (name, value) in by_code.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str())) {
                assert_eq!(answer.headers.get(name), Some(value), "{name}");
            }
            assert_eq!(answer.headers.len(), by_code.headers.len(), "{:?}", answer.headers);
            assert_ne!(answer.headers["x-request-id"], by_code.headers["x-request-id"]);
            assert_eq!(answer.expect(200), by_code.body);
        }
        let reason = async || app.operator.get(&short).await.expect(200)["reason"].clone();
        let steps = [("licenses", license, "pause", "paused"), ("licenses", license, "resume", "assigned"),
            ("organizations", stage.customer, "suspend", "suspended"), ("organizations", stage.customer, "resume", "assigned")];
        for (noun, id, verb, said) in steps {
            app.operator.act(&format!("/api/v1/{noun}/{id}/{verb}")).await.expect(200);
            assert_eq!(reason().await, said, "{verb}");
        }
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let foreign = app.member(elsewhere, "customer_administrator").await;
        assert_eq!(foreign.get(&short).await.code(404), "not_found");
        let made = app.operator.post("/api/v1/tokens", json!({"name": "Door", "permissions": ["assignments.read"]})).await.expect(201);
        let door = Person::new(app.address, app.operator.id, made["token"].as_str().expect("a token").into());
        for _ in 0..2 {
            assert_eq!(door.get(&short).await.expect(200)["reason"], "assigned");
        }
        let id = made["id"].as_str().expect("an id");
        app.operator.delete(&format!("/api/v1/tokens/{id}")).await.expect(200);
        assert_eq!(door.get(&short).await.code(401), "token.refused");
        app.end().await;
    }
}
