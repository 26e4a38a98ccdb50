//! What is not changed, and who may not.

use serde_json::json;

use super::{Given, issued, standard, units};
use crate::{both_engines, crossgrades::stage::Stage, harness::id};

both_engines! {
    /// Units are 1 to 999,999.
    async fn units_have_bounds(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = issued(&app, &stage, 5).await;
        for wrong in [0, -1, 1_000_000] {
            let refused = given.change(&app.operator, units(&stage, wrong)).await.expect(422);
            let field = &refused["fields"][0];
            assert_eq!((&field["code"], &field["field"]), (&json!("units.out_of_range"), &json!("components[0].units")));
        }
        for good in [1, 999_999] {
            given.change(&app.operator, units(&stage, good)).await.expect(200);
            assert_eq!(app.balance(given.pool).await[0], good);
        }
        assert_eq!(stage.manager.patch(&given.path, units(&stage, 3)).await.code(403), "permission.missing");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A trial stays as it was given; what is not for resale keeps units and price, and runs out.
    async fn editions_have_rules(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let trial = app.plan("TRIAL", "trial", &[(stage.xdr.sku, 10)]).await;
        let trial = Given::of(&stage.assign(trial, json!({})).await.expect(201));
        for body in [json!({"notice_days": 1}), json!({"auto_renews": true}), json!({"end_date": "2027-06-30"}),
            json!({"components": [{"sku_id": stage.xdr.sku, "units": 11}]})] {
            assert_eq!(trial.change(&stage.manager, body).await.code(409), "trial.not_modifiable");
        }
        let fixed = app.plan("NFR", "not_for_resale", &[(stage.email.sku, 5)]).await;
        let fixed = Given::of(&stage.assign(fixed, json!({})).await.expect(201));
        for body in [json!({"units": 6}), json!({"units": 4}), json!({"price_minor": 5, "currency": "EUR"})] {
            let mut part = body.clone();
            part["sku_id"] = json!(stage.email.sku);
            let refused = fixed.change(&stage.manager, json!({"components": [part]})).await;
            assert_eq!(refused.code(409), "license.units_fixed");
        }
        let renews = fixed.change(&stage.manager, json!({"auto_renews": true})).await.expect(409);
        assert_eq!((&renews["code"], &renews["obstacle"]), (&json!("renewal.waits"), &json!("runs_out")));
        let same = json!({"end_date": "2027-06-30", "notice_days": 7, "components": [{"sku_id": stage.email.sku, "units": 5}]});
        let done = fixed.change(&stage.manager, same).await.expect(200);
        assert_eq!(done["assigned"]["parts"][0]["license"]["end_date"], "2027-06-30");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever sells changes it: the customer reads it, others do not see it; what is superseded or locked stays.
    async fn who_may_and_what_stays(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = standard(&stage, 4).await;
        let other = app.organization(app.provider, "partner", "Alpha").await;
        let foreign = app.member(other, "account_manager").await;
        assert_eq!(given.change(&foreign, units(&stage, 5)).await.code(404), "not_found");
        for role in ["reader", "customer_administrator"] {
            let customer = app.member(stage.customer, role).await;
            // The permission is asked for before the fields are looked at.
            for body in [units(&stage, 5), units(&stage, 0)] {
                assert_eq!(given.change(&customer, body).await.code(403), "permission.missing");
            }
        }
        let moved = stage.crossgrade(stage.suite, json!({}), json!([])).await.expect(201);
        let refused = given.change(&stage.manager, units(&stage, 5)).await.expect(409);
        assert_eq!((&refused["code"], &refused["successor_id"]), (&json!("plan_subscription.ended"), &moved["assigned"]["id"]));
        app.prove();
        let now = Given::of(&moved["assigned"]);
        app.tamper("UPDATE service_plan SET composition = 2 WHERE code = 'SUITE'").await;
        assert_eq!(now.change(&stage.manager, json!({"notice_days": 1})).await.code(409), "plan.locked");
        app.end().await;
    }
}

both_engines! {
    /// One of two licenses of a component is named by its id.
    async fn one_of_several_is_named(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        for _ in 0..2 {
            let sale = json!({"seller_id": stage.partner, "customer_id": stage.customer, "sku_id": stage.worry_free.sku, "quantity": 7});
            stage.manager.post("/api/v1/licenses/sell", sale).await.expect(201);
        }
        let moved = stage.crossgrade(stage.standard, json!({}), json!([])).await.expect(201);
        let given = Given::of(&moved["assigned"]);
        let refused = given.change(&stage.manager, units(&stage, 8)).await;
        assert_eq!(refused.field(), "component.several");
        let one = json!({"components": [{"license_id": given.license, "units": 8}]});
        let done = given.change(&stage.manager, one).await.expect(200);
        assert_eq!(id(&done["changed"][0]["license_id"]), given.license);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 15, 0, 85]);
        app.prove();
        app.end().await;
    }
}
