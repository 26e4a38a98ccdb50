//! Licenses through the door.

use serde_json::{Value, json};

use crate::{
    both_engines,
    harness::{Answer, id, ids},
};

both_engines! {
    /// A license is issued with its end computed in the owner's zone, and its units stand in one pool.
    async fn a_license_is_issued(app: TestApp) {
        let sku = app.insert_sku("FW-PREM", Some("P1Y")).await;
        let zone = json!({"parent_id": app.provider, "kind": "customer", "name": "Berlin", "time_zone": "Europe/Berlin"});
        let customer = app.operator.post("/api/v1/organizations", zone).await.id();
        let body = json!({"organization_id": customer, "sku_id": sku, "quantity": 50, "start_date": "2026-03-01", "sales_order": " SO-7 "});
        let license = app.operator.post("/api/v1/licenses", body).await.expect(201);
        assert_eq!(license["end_date"], "2027-02-28");
        assert_eq!(license["ends_at"], "2027-02-28T23:00:00Z");
        assert_eq!((&license["status"], &license["sales_order"]), (&json!("active"), &json!("SO-7")));
        let (_, pool) = ids(&license);
        assert_eq!(app.balance(pool).await, [50, 0, 0, 50]);
        let found = app.operator.get("/api/v1/licenses?q=so-7").await.expect(200);
        assert_eq!(found["items"].as_array().expect("items").len(), 1);
        app.end().await;
    }
}

both_engines! {
    /// What is wrong with a new license is named by its field.
    async fn bad_licenses_are_named(app: TestApp) {
        let sku = app.insert_sku("FW", Some("P1Y")).await;
        let post = |extra: Value| {
            let mut body = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 1});
            body.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
            app.operator.post("/api/v1/licenses", body)
        };
        let field = |answer: Answer| answer.expect(422)["fields"][0]["code"].clone();
        assert_eq!(field(post(json!({"quantity": 0})).await), "quantity.out_of_range");
        assert_eq!(field(post(json!({"quantity": 1_000_000_000})).await), "quantity.out_of_range");
        assert_eq!(field(post(json!({"sku_id": app.provider})).await), "sku.unknown");
        assert_eq!(field(post(json!({"price_minor": 5, "currency": "ZZZ"})).await), "currency.unknown");
        assert_eq!(field(post(json!({"start_date": "2026-05-01", "end_date": "2026-04-30"})).await), "before_start");
        assert_eq!(post(json!({"organization_id": sku})).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// Reference and start reach the whole order, quantity only the license; never below use (A5).
    async fn editing_reaches_the_order(app: TestApp) {
        let (yearly, monthly) = (app.insert_sku("Y", Some("P1Y")).await, app.insert_sku("M", Some("P1M")).await);
        let (one, pool) = app.license(app.provider, yearly, 50).await;
        let (two, _) = app.license(app.provider, monthly, 7).await;
        let customer = app.organization(app.provider, "customer", "C").await;
        let share = app.allocate(pool, customer, 20).await;
        let path = format!("/api/v1/licenses/{one}");
        let edit = json!({"support_reference": "SUP-9", "start_date": "2026-01-31", "quantity": 40});
        let edited = app.operator.patch(&path, edit).await.expect(200);
        assert_eq!((&edited["quantity"], &edited["end_date"]), (&json!(40), &json!("2027-01-30")));
        let sibling = app.operator.get(&format!("/api/v1/licenses/{two}")).await.expect(200);
        assert_eq!((&sibling["support_reference"], &sibling["end_date"]), (&json!("SUP-9"), &json!("2026-02-27")));
        assert_eq!((&sibling["quantity"], &sibling["status"]), (&json!(7), &json!("expired")));
        let child = app.operator.get(&format!("/api/v1/pools/{share}")).await.expect(200);
        assert_eq!(child["end_date"], "2027-01-30", "dates reach down");
        let refused = app.operator.patch(&path, json!({"quantity": 19})).await.expect(409);
        assert_eq!((&refused["code"], &refused["to_free"]), (&json!("license.below_use"), &json!(1)));
        app.operator.patch(&path, json!({"quantity": 20})).await.expect(200);
        assert_eq!(app.balance(pool).await, [20, 20, 0, 0]);
        app.end().await;
    }
}

both_engines! {
    /// Paused, ended and scheduled licenses pass nothing on that they must not; returns are always possible.
    async fn states_gate_what_is_new(app: TestApp) {
        let sku = app.insert_sku("FW", Some("P1M")).await;
        let customer = app.organization(app.provider, "customer", "C").await;
        let (license, pool) = app.license(app.provider, sku, 10).await;
        app.allocate(pool, customer, 4).await;
        let path = format!("/api/v1/licenses/{license}");
        let give = |units: i64| app.operator.post("/api/v1/allocations", json!({"pool_id": pool, "organization_id": customer, "units": units}));
        app.operator.act(&format!("{path}/pause")).await.expect(200);
        assert_eq!(give(1).await.code(409), "pool.closed");
        give(-1).await.expect(201);
        app.operator.act(&format!("{path}/resume")).await.expect(200);
        give(1).await.expect(201);
        app.clock.advance_seconds(40 * 86_400);
        assert_eq!(app.operator.get(&path).await.expect(200)["status"], "expired");
        assert_eq!(give(1).await.code(409), "pool.closed");
        give(-4).await.expect(201);
        assert_eq!(app.operator.delete(&path).await.code(409), "license.used");
        app.operator.act(&format!("{path}/terminate")).await.expect(200);
        assert_eq!(app.operator.act(&format!("{path}/terminate")).await.code(409), "license.ended");
        let body = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 5, "start_date": "2027-01-01"});
        let (later, later_pool) = ids(&app.operator.post("/api/v1/licenses", body).await.expect(201));
        app.allocate(later_pool, customer, 2).await;
        let unused = app.license(app.provider, sku, 5).await.0;
        assert_eq!(app.operator.get(&format!("/api/v1/licenses/{later}")).await.expect(200)["status"], "scheduled");
        app.operator.delete(&format!("/api/v1/licenses/{unused}")).await.expect(200);
        assert_eq!(app.operator.get(&format!("/api/v1/licenses/{unused}")).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// The badge of every license is the filter that finds it, wherever the clock stands.
    async fn badge_and_filter_agree(app: TestApp) {
        let (short, endless) = (app.insert_sku("S", Some("P1M")).await, app.insert_sku("E", None).await);
        for (sku, start) in [(short, "2026-05-10"), (short, "2026-06-01"), (short, "2026-06-20"), (endless, "2026-06-10")] {
            for act in ["", "/pause", "/terminate"] {
                let body = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 1, "start_date": start});
                let license = id(&app.operator.post("/api/v1/licenses", body).await.expect(201)["id"]);
                if !act.is_empty() {
                    app.operator.act(&format!("/api/v1/licenses/{license}{act}")).await.expect(200);
                }
            }
        }
        for _day in 0..9 {
            let all = app.operator.get("/api/v1/licenses?limit=200").await.expect(200);
            let all = all["items"].as_array().expect("items").clone();
            let mut found = 0;
            for status in rules::lifecycle::State::ALL {
                let list = app.operator.get(&format!("/api/v1/licenses?limit=200&status={}", status.as_str())).await.expect(200);
                let list = list["items"].as_array().expect("items").clone();
                assert!(list.iter().all(|license| license["status"] == status.as_str()), "{status:?}");
                found += list.len();
            }
            assert_eq!(found, all.len(), "every license is in exactly one state");
            app.clock.advance_seconds(6 * 86_400);
        }
        app.end().await;
    }
}
