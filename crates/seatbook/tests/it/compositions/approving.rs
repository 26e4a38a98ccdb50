//! Approving: what stays stays, what is new comes, what is gone runs out.

use seatbook::renewals::sweep;
use serde_json::{Value, json};
use store::Timestamp;

use super::{approve, compose, count_locked, path, shown};
use crate::{
    both_engines,
    crossgrades::stage::Stage,
    harness::{TestApp, id},
};

/// From 1 June to 30 December: 153 days before the end of a year.
const DAYS: i64 = 212;

async fn license(app: &TestApp, license: &Value) -> Value {
    let path = format!("/api/v1/licenses/{}", id(&license["id"]));
    app.operator.get(&path).await.expect(200)
}

both_engines! {
    /// What approving would bring is seen beforehand, and which plans wait for it.
    async fn a_change_is_seen(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let plan = app.plan("PLAN", "full", &[(stage.worry_free.sku, 25), (stage.email.sku, 5)]).await;
        let of = stage.assign(plan, stage.units(stage.worry_free, 30)).await.id();
        stage.assign(app.plan("OTHER", "full", &[(stage.xdr.sku, 1)]).await, json!({})).await.expect(201);
        assert_eq!(count_locked(&stage).await, 0);
        compose(&app, plan, &[(stage.xdr.sku, 10), (stage.worry_free.sku, 40)]).await;
        assert_eq!(count_locked(&stage).await, 1);
        let change = stage.manager.get(&path(of, "")).await;
        assert_eq!(change.headers["etag"], "\"1\"");
        let change = change.expect(200);
        assert_eq!((&change["composition"], &change["newest_composition"], &change["locked"]), (&json!(1), &json!(2), &json!(true)));
        let one = |list: &str, field: &str| change[list][0][field].clone();
        assert_eq!((one("kept", "sku_code"), one("kept", "units"), one("kept", "position")), (json!("WF-1Y"), json!(30), json!(1)));
        assert_eq!((one("new", "sku_code"), one("new", "units"), one("new", "license_id")), (json!("XDR-1Y"), json!(10), Value::Null));
        assert_eq!((one("gone", "sku_code"), one("gone", "end_date")), (json!("EMAIL-1Y"), json!("2027-05-31")));
        app.end().await;
    }
}

both_engines! {
    /// A new component is drawn for the days that are left, with its money; a gone one is left over; holders keep their
    /// units; a preview writes nothing; from then on all parts renew together.
    async fn in_the_middle_of_a_term(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let plan = app.plan("PLAN", "full", &[(stage.worry_free.sku, 25), (stage.email.sku, 5)]).await;
        let given = stage.assign(plan, stage.units(stage.worry_free, 30)).await.expect(201);
        let (of, parts) = (id(&given["id"]), given["parts"].clone());
        let bound = stage.bind(&app, 20).await;
        app.clock.advance_seconds(DAYS * 86_400);
        compose(&app, plan, &[(stage.xdr.sku, 10), (stage.worry_free.sku, 40)]).await;
        let priced = json!({"composition": 2, "components": [{"sku_id": stage.xdr.sku, "price_minor": 1_200, "currency": "EUR"}]});
        let preview = format!("{}?preview=true", path(of, "/approve"));
        let before = shown(&stage.manager, of).await;
        let seen = stage.manager.post(&preview, priced.clone()).await.expect(200);
        assert_eq!((shown(&stage.manager, of).await, app.balance(stage.xdr.pool).await), (before, [100, 0, 0, 100]));

        let done = approve(&stage.manager, of, priced).await.expect(200);
        assert_eq!(done["sums"], seen["sums"]);
        assert_eq!(done["sums"], json!([{"currency": "EUR", "amount_minor": 5_030}]));
        let money = &done["new"][0]["money"];
        assert_eq!((&money["days"], &money["of_days"]), (&json!(153), &json!(365)));
        assert_eq!(done["kept"], json!([parts[0]["license"]["id"]]));
        assert_eq!(done["unbundled"], json!([parts[1]["license"]["id"]]));
        let now = shown(&stage.manager, of).await;
        assert_eq!((&now["composition"], &now["declined"], &now["version"]), (&json!(2), &json!(0), &json!(2)));
        let (new, kept) = (&now["parts"][0]["license"], &now["parts"][1]["license"]);
        assert_eq!((&new["start_date"], &new["end_date"], &new["quantity"]), (&json!("2026-12-30"), &json!("2027-05-31"), &json!(10)));
        assert_eq!((&kept["id"], &kept["quantity"], &kept["assigned"]), (&parts[0]["license"]["id"], &json!(30), &json!(20)));
        assert_eq!(stage.bound(&app, id(&kept["id"])).await, bound);
        let gone = license(&app, &parts[1]["license"]).await;
        assert_eq!((&gone["unbundled"], &gone["status"], &gone["end_date"]), (&json!(true), &json!("active"), &json!("2027-05-31")));
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 10, 0, 90]);
        assert_eq!(app.balance(stage.email.pool).await, [100, 5, 0, 95]);
        assert_eq!(count_locked(&stage).await, 0);
        assert_eq!(approve(&stage.manager, of, json!({})).await.code(409), "composition.current");
        app.prove();

        let over = Timestamp::new("2027-06-02T00:00:00Z".parse().expect("an instant"));
        app.clock.set(over);
        sweep::run(&app.app, over).await.expect("it sweeps");
        let now = shown(&stage.manager, of).await;
        for part in now["parts"].as_array().expect("parts") {
            assert_eq!(part["license"]["end_date"], "2028-05-31");
        }
        assert_eq!(license(&app, &gone).await["status"], "expired");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Everything that is short is named and nothing is written; who may issue needs no pool.
    async fn what_is_short_is_named(app: TestApp) {
        let stage = Stage::open(&app, 5).await;
        let plan = app.plan("PLAN", "full", &[(stage.worry_free.sku, 5)]).await;
        let of = stage.assign(plan, json!({})).await.id();
        compose(&app, plan, &[(stage.worry_free.sku, 5), (stage.xdr.sku, 10), (stage.email.sku, 8)]).await;
        let before = shown(&stage.manager, of).await;
        let short = approve(&stage.manager, of, json!({})).await.expect(409);
        assert_eq!((&short["code"], &short["short"][0]["short"], &short["short"][1]["short"]), (&json!("pool.exhausted"), &json!(5), &json!(3)));
        assert_eq!(shown(&stage.manager, of).await, before);
        assert_eq!(approve(&stage.manager, of, json!({"issue": true})).await.code(403), "permission.missing");
        let fewer = json!({"components": [{"sku_id": stage.xdr.sku, "units": 3}, {"sku_id": stage.email.sku, "units": 5}]});
        let preview = format!("{}?preview=true", path(of, "/approve"));
        stage.manager.post(&preview, fewer).await.expect(200);
        for (units, sku, code) in [(0, stage.xdr.sku, "units.out_of_range"), (1_000_000, stage.xdr.sku, "units.out_of_range"),
            (5, stage.worry_free.sku, "component.stays"), (5, stage.standard, "component.unknown")] {
            let body = json!({"components": [{"sku_id": sku, "units": units}]});
            assert_eq!(approve(&stage.manager, of, body).await.field(), code);
        }
        let other = json!({"components": [{"sku_id": stage.email.sku, "units": 1}, {"sku_id": stage.xdr.sku, "units": 1, "source_pool_id": stage.email.pool}]});
        let wrong = approve(&stage.manager, of, other).await.expect(422);
        assert_eq!((&wrong["fields"][0]["code"], &wrong["fields"][0]["field"]), (&json!("pool.other_product"), &json!("components[1].source_pool_id")));
        let issued = approve(&app.operator, of, json!({"issue": true})).await.expect(200);
        assert_eq!(issued["assigned"]["parts"].as_array().map(Vec::len), Some(3));
        assert_eq!(app.balance(stage.xdr.pool).await, [5, 0, 0, 5]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What the customer has beside the plan is not doubled: it crossgrades, which a lock does not keep it from.
    async fn an_overlap_is_for_a_crossgrade(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let of = stage.assign(stage.standard, json!({})).await.id();
        let sale = json!({"seller_id": stage.partner, "customer_id": stage.customer, "sku_id": stage.xdr.sku, "quantity": 7});
        let sold = stage.manager.post("/api/v1/licenses/sell", sale).await.expect(201);
        compose(&app, stage.standard, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        let refused = approve(&stage.manager, of, json!({})).await.expect(409);
        assert_eq!((&refused["code"], &refused["pool_ids"][0]), (&json!("plan.overlap"), &sold["license"]["pool_id"]));
        let moved = stage.crossgrade(stage.standard, json!({}), json!([])).await.expect(201);
        assert_eq!((&moved["superseded"][0], &moved["assigned"]["composition"]), (&json!(of), &json!(2)));
        assert_eq!(approve(&stage.manager, of, json!({})).await.code(409), "plan_subscription.ended");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Only units differ: there is nothing to draw, and the customer's stay. What is over is not composed anew.
    async fn units_are_for_new_customers(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let of = stage.assign(stage.standard, json!({"auto_renews": false})).await.id();
        compose(&app, stage.standard, &[(stage.worry_free.sku, 50)]).await;
        let preview = format!("{}?preview=true", path(of, "/approve"));
        let seen = stage.manager.post(&preview, json!({})).await.expect(200);
        assert_eq!((&seen["new"], &seen["assigned"]["parts"][0]["license"]["quantity"]), (&json!([]), &json!(25)));
        app.clock.advance_seconds(400 * 86_400);
        assert_eq!(approve(&stage.manager, of, json!({})).await.code(409), "plan_subscription.ended");
        app.end().await;
    }
}

both_engines! {
    /// A trial goes on trying what it tries and tries what is new once; what is not for resale has its own units.
    async fn every_edition_is_approved(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let trial = app.plan("TRIAL", "trial", &[(stage.xdr.sku, 10)]).await;
        let fixed = app.plan("NFR", "not_for_resale", &[(stage.worry_free.sku, 5)]).await;
        let of = stage.assign(trial, json!({})).await.id();
        let shows = stage.assign(fixed, json!({})).await.id();
        compose(&app, trial, &[(stage.xdr.sku, 10), (stage.email.sku, 4)]).await;
        let done = approve(&stage.manager, of, json!({})).await.expect(200);
        assert_eq!((&done["assigned"]["parts"][1]["license"]["quantity"], &done["assigned"]["auto_renews"]), (&json!(4), &json!(false)));
        let other = app.plan("TRY-MAIL", "trial", &[(stage.email.sku, 4)]).await;
        let license = format!("/api/v1/licenses/{}", id(&done["new"][0]["license_id"]));
        app.operator.act(&format!("{license}/terminate")).await.expect(200);
        assert_eq!(stage.assign(other, json!({})).await.code(409), "trial.used");
        compose(&app, fixed, &[(stage.worry_free.sku, 5), (stage.email.sku, 3)]).await;
        let units = |units: i64| json!({"components": [{"sku_id": stage.email.sku, "units": units}]});
        assert_eq!(approve(&stage.manager, shows, units(4)).await.field(), "plan.units_fixed");
        let done = approve(&stage.manager, shows, units(3)).await.expect(200);
        assert_eq!(done["new"][0]["quantity"], 3);
        app.prove();
        app.end().await;
    }
}
