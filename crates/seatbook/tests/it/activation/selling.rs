//! Licenses for customers, and where their units come from.

use serde_json::json;

use super::{Market, SELL};
use crate::{both_engines, harness::id};

both_engines! {
    /// Units that are not issued are drawn: the pool counts them as allocated, and never more than it has.
    async fn units_are_drawn(app: TestApp) {
        let market = Market::open(&app).await;
        let (manager, pool) = (&market.manager, market.pool);
        let sold = manager.post(SELL, market.sale(30, json!({"customer_id": market.customer, "name": "Lobby"}))).await.expect(201);
        assert_eq!(app.balance(pool).await, [50, 30, 0, 20]);
        assert_eq!((&sold["license"]["status"], &sold["code_state"]), (&json!("active"), &json!("given")));
        assert_eq!(id(&sold["license"]["organization_id"]), market.customer);
        assert!(sold["license"]["activated_at"].is_string());
        assert_eq!(sold["code"].as_str().map(str::len), Some(8));
        let more = manager.post(SELL, market.sale(21, json!({}))).await.expect(409);
        assert_eq!((&more["code"], &more["available"]), (&json!("pool.exhausted"), &json!(20)));
        let issued = json!({"source_pool_id": null, "issue": true});
        assert_eq!(manager.post(SELL, market.sale(1, issued.clone())).await.code(403), "permission.missing");
        let by_provider = json!({"seller_id": app.provider, "source_pool_id": null, "issue": true, "customer_id": market.customer, "price_minor": 1200, "currency": "EUR"});
        app.operator.post(SELL, market.sale(9, by_provider)).await.expect(201);
        // Where no pool is said, the one that ends first and has enough is taken.
        manager.post(SELL, market.sale(20, json!({"source_pool_id": null}))).await.expect(201);
        assert_eq!(app.balance(pool).await, [50, 50, 0, 0]);
        let none = manager.post(SELL, market.sale(1, json!({"source_pool_id": null}))).await.expect(409);
        assert_eq!((&none["code"], &none["available"]), (&json!("pool.exhausted"), &json!(0)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is sold can be used by its customer, up to its quantity; more and less are drawn and given back.
    async fn a_sold_license_is_used_and_resized(app: TestApp) {
        let market = Market::open(&app).await;
        let sold = market.manager.post(SELL, market.sale(2, json!({"customer_id": market.customer}))).await.expect(201);
        let license = id(&sold["license"]["id"]);
        let product = app.operator.get(&format!("/api/v1/skus/{}", market.sku)).await.expect(200)["product_id"].clone();
        for name in ["A", "B"] {
            let user = market.admin.post("/api/v1/holders", json!({"organization_id": market.customer, "name": name})).await.id();
            let row = json!({"product_id": product, "holder_id": user});
            market.admin.post("/api/v1/assignments", json!({"organization_id": market.customer, "rows": [row]})).await.expect(201);
        }
        let path = format!("/api/v1/licenses/{license}");
        let below = market.manager.patch(&path, json!({"quantity": 1})).await.expect(409);
        assert_eq!(below["code"], "license.below_use");
        assert_eq!(market.manager.patch(&path, json!({"quantity": 51})).await.code(409), "pool.exhausted");
        market.manager.patch(&path, json!({"quantity": 10})).await.expect(200);
        assert_eq!(app.balance(market.pool).await, [50, 10, 0, 40]);
        market.manager.patch(&path, json!({"quantity": 3})).await.expect(200);
        assert_eq!(app.balance(market.pool).await, [50, 3, 0, 47]);
        // The customer's own administrator has no word in what was sold.
        assert_eq!(market.admin.patch(&path, json!({"note": "mine"})).await.code(403), "permission.missing");
        assert_eq!(market.manager.delete(&path).await.code(409), "license.used");
        let ended = market.manager.act(&format!("{path}/terminate")).await.expect(200);
        assert_eq!((&ended["status"], &ended["quantity"]), (&json!("terminated"), &json!(2)));
        assert_eq!(app.balance(market.pool).await, [50, 2, 0, 48]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Pausing a license holds what was drawn from it, at every level, and the check says no; resuming lets go.
    async fn a_pause_reaches_what_was_drawn(app: TestApp) {
        let market = Market::open(&app).await;
        let sold = market.manager.post(SELL, market.sale(5, json!({"customer_id": market.customer}))).await.expect(201);
        let license = format!("/api/v1/licenses/{}", id(&sold["license"]["id"]));
        let source = format!("/api/v1/licenses/{}", market.license);
        app.operator.act(&format!("{source}/pause")).await.expect(200);
        let held = market.manager.get(&license).await.expect(200);
        assert_eq!((&held["status"], &held["held"], &held["paused"]), (&json!("paused"), &json!(true), &json!(false)));
        assert_eq!(market.manager.post(SELL, market.sale(1, json!({}))).await.code(409), "pool.closed");
        app.prove();
        app.operator.act(&format!("{source}/resume")).await.expect(200);
        assert_eq!(market.manager.get(&license).await.expect(200)["status"], "active");
        let shorter = json!({"start_date": "2025-12-01"});
        let outlived = app.operator.patch(&source, shorter).await.expect(409);
        assert_eq!(outlived["code"], "license.outlives_source");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The check says no to who uses a unit of what was sold, while it or what it was drawn from is paused.
    async fn a_pause_is_a_no_to_products(app: TestApp) {
        let market = Market::open(&app).await;
        let sold = market.manager.post(SELL, market.sale(5, json!({"customer_id": market.customer}))).await.expect(201);
        let license = format!("/api/v1/licenses/{}", id(&sold["license"]["id"]));
        let source = format!("/api/v1/licenses/{}", market.license);
        let product = app.operator.get(&format!("/api/v1/skus/{}", market.sku)).await.expect(200)["product_id"].clone();
        let anna = json!({"organization_id": market.customer, "name": "Anna"});
        let anna = market.admin.post("/api/v1/holders", anna).await.id();
        let rows = json!([{"product_id": product, "holder_id": anna}]);
        market.admin.post("/api/v1/assignments", json!({"organization_id": market.customer, "rows": rows})).await.expect(201);
        let ask = format!("/api/v1/entitlements/check?organization={}&holder={anna}&product={}", market.customer, id(&product));
        let says = async || {
            let answer = market.admin.get(&ask).await.expect(200);
            (answer["entitled"].clone(), answer["reason"].clone())
        };
        let (yes, no) = ((json!(true), json!("assigned")), (json!(false), json!("paused")));
        assert_eq!(says().await, yes);
        for (person, paused) in [(&market.manager, &license), (&app.operator, &source)] {
            person.act(&format!("{paused}/pause")).await.expect(200);
            assert_eq!(says().await, no);
            person.act(&format!("{paused}/resume")).await.expect(200);
            assert_eq!(says().await, yes);
        }
        // Both are paused: letting go of one is not enough.
        market.manager.act(&format!("{license}/pause")).await.expect(200);
        app.operator.act(&format!("{source}/pause")).await.expect(200);
        app.operator.act(&format!("{source}/resume")).await.expect(200);
        assert_eq!(says().await, no);
        market.manager.act(&format!("{license}/resume")).await.expect(200);
        assert_eq!(says().await, yes);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// One that nobody used can be deleted, and its units are back; a product that is not the plan's is refused.
    async fn an_unused_one_is_deleted(app: TestApp) {
        let market = Market::open(&app).await;
        let (license, _) = market.unassigned(5).await;
        assert_eq!(app.balance(market.pool).await, [50, 5, 0, 45]);
        market.manager.delete(&format!("/api/v1/licenses/{license}")).await.expect(200);
        assert_eq!(app.balance(market.pool).await, [50, 0, 0, 50]);
        let other = app.insert_sku("OTHER", Some("P1M")).await;
        let wrong = market.manager.post(SELL, market.sale(1, json!({"sku_id": other}))).await;
        assert_eq!(wrong.expect(422)["fields"][0]["code"], "pool.other_product");
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let wrong = market.manager.post(SELL, market.sale(1, json!({"customer_id": elsewhere}))).await;
        assert_eq!(wrong.expect(422)["fields"][0]["code"], "customer.unknown");
        let strange = market.manager.post(SELL, market.sale(1, json!({"source_pool_id": app.provider}))).await;
        assert_eq!(strange.expect(422)["fields"][0]["code"], "pool.unknown");
        app.prove();
        app.end().await;
    }
}
