//! Assigning a plan: one subscription, its licenses, and every refusal.

use serde_json::json;

use super::stage::{ASSIGN, Stage};
use crate::{both_engines, harness::id};

both_engines! {
    /// One subscription and a license for each component come into being, drawn from the partner's pools.
    async fn a_plan_is_one_subscription(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = stage.assign(stage.suite, stage.units(stage.xdr, 12)).await.expect(201);
        assert_eq!((&given["plan_code"], &given["standing"]), (&json!("SUITE"), &json!("running")));
        assert_eq!((&given["start_date"], &given["end_date"]), (&json!("2026-06-01"), &json!("2027-05-31")));
        let parts = given["parts"].as_array().expect("parts");
        let units: Vec<_> = parts.iter().map(|part| part["license"]["quantity"].clone()).collect();
        assert_eq!(units, [json!(25), json!(12), json!(5)]);
        assert!(parts.iter().all(|part| part["license"]["end_date"] == "2027-05-31"));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 25, 0, 75]);
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 12, 0, 88]);
        let path = format!("{ASSIGN}/{}", id(&given["id"]));
        assert_eq!(stage.manager.get(&path).await.expect(200)["parts"], given["parts"]);
        let list = stage.manager.get(&format!("{ASSIGN}?organization_id={}", stage.customer)).await.expect(200);
        assert_eq!(list["items"][0]["id"], given["id"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units are 1 to 999,999; what is short is named, every component of it.
    async fn units_have_bounds(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        for units in [0, -1, 1_000_000] {
            let refused = stage.assign(stage.suite, stage.units(stage.xdr, units)).await.body;
            let field = &refused["fields"][0];
            assert_eq!((&field["code"], &field["field"]), (&json!("units.out_of_range"), &json!("components[0].units")));
        }
        let mut wanted = stage.order(stage.suite, json!({"components": [
            {"sku_id": stage.xdr.sku, "units": 101}, {"sku_id": stage.email.sku, "units": 999_999},
        ]}));
        let short = stage.manager.post(ASSIGN, wanted.clone()).await.expect(409);
        assert_eq!((&short["code"], &short["short"][1]["short"]), (&json!("pool.exhausted"), &json!(999_899)));
        assert_eq!(short["short"].as_array().map(Vec::len), Some(2));
        wanted["issue"] = json!(true);
        assert_eq!(stage.manager.post(ASSIGN, wanted.clone()).await.code(403), "permission.missing");
        wanted["seller_id"] = json!(app.provider);
        let given = app.operator.post(ASSIGN, wanted).await.expect(201);
        assert_eq!(given["parts"][2]["license"]["quantity"], 999_999);
        let one = stage.assign(stage.standard, json!({})).await;
        assert_eq!(one.code(409), "plan.overlap");
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 0, 0, 100]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A product is tried once, and a trial stays as it is; what is not for resale has fixed units and begins at once.
    async fn editions_have_rules(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let trial = app.plan("TRIAL", "trial", &[(stage.xdr.sku, 10)]).await;
        let shown = app.plan("NFR", "not_for_resale", &[(stage.email.sku, 5)]).await;
        let tried = stage.assign(trial, json!({})).await.expect(201);
        assert_eq!(tried["auto_renews"], false);
        let license = format!("/api/v1/licenses/{}", id(&tried["parts"][0]["license"]["id"]));
        assert_eq!(app.operator.patch(&license, json!({"quantity": 11})).await.code(409), "trial.not_modifiable");
        // Neither by the doors of subscriptions: a page of units is no way around.
        let pool = &tried["parts"][0]["license"]["pool_id"];
        let fewer = app.operator.post(&format!("/api/v1/subscriptions/{}/reductions", id(pool)), json!({"quantity": 9})).await;
        assert_eq!(fewer.code(409), "trial.not_modifiable");
        let stop = app.operator.post("/api/v1/subscriptions/terminate", json!({"pools": [{"pool_id": pool, "units": 1}]})).await;
        assert_eq!(stop.code(409), "trial.not_modifiable");
        app.operator.act(&format!("{license}/terminate")).await.expect(200);
        assert_eq!(stage.assign(trial, json!({})).await.code(409), "trial.used");
        let other = stage.units(stage.email, 6);
        assert_eq!(stage.assign(shown, other).await.body["fields"][0]["code"], "plan.units_fixed");
        let later = stage.assign(shown, json!({"start_date": "2026-06-02"})).await;
        assert_eq!(later.body["fields"][0]["code"], "plan.start_fixed");
        let given = stage.assign(shown, json!({})).await.expect(201);
        let license = format!("/api/v1/licenses/{}", id(&given["parts"][0]["license"]["id"]));
        assert_eq!(app.operator.patch(&license, json!({"quantity": 6})).await.code(409), "license.units_fixed");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// At the end of its sale a plan cannot be assigned, and at the end of its life neither; what is had runs on.
    async fn sale_ends(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = stage.assign(stage.standard, json!({})).await.expect(201);
        app.tamper("UPDATE service_plan SET end_of_sale = '2026-06-02', end_of_life = '2026-06-10'").await;
        let other = app.organization(stage.partner, "customer", "Borealis").await;
        let order = stage.order(stage.standard, json!({"organization_id": other}));
        for (seconds, code) in [(0, None), (86_400, Some("plan.end_of_sale")), (8 * 86_400, Some("plan.end_of_life"))] {
            app.clock.advance_seconds(seconds);
            let answer = stage.manager.post(&format!("{ASSIGN}?preview=true"), order.clone()).await;
            match code {
                Some(code) => assert_eq!(answer.code(409), code),
                None => assert_eq!(answer.status.as_u16(), 200),
            }
        }
        let license = format!("/api/v1/licenses/{}", id(&given["parts"][0]["license"]["id"]));
        assert_eq!(app.operator.get(&license).await.expect(200)["status"], "active");
        app.end().await;
    }
}
