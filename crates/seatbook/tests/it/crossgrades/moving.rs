//! Moving a customer to another plan: bindings, units, what is left over, money, and back again.

use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{CROSSGRADE, Stage};
use crate::{
    both_engines,
    harness::{Answer, id},
};

fn journal_id(answer: &Answer) -> String {
    let header = &answer.headers["seatbook-journal-id"];
    header.to_str().expect("an id").to_owned()
}

/// The license of a component of an assigned plan.
fn license(assigned: &Value, position: usize) -> Uuid {
    id(&assigned["parts"][position]["license"]["id"])
}

both_engines! {
    /// The issue's own case: {Worry-Free} with 80 bound people to the suite and back, and both undone.
    async fn to_the_suite_and_back(app: TestApp) {
        let stage = Stage::open(&app, 200).await;
        let first = stage.assign(stage.standard, stage.units(stage.worry_free, 80)).await.expect(201);
        let old = license(&first, 0);
        let bound = stage.bind(&app, 80).await;
        let path = format!("/api/v1/organizations/{}/overlaps?plan_id={}", stage.customer, stage.suite);
        let overlaps = stage.manager.get(&path).await.expect(200);
        assert_eq!(overlaps["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(overlaps["items"][0]["shared"], json!(["Worry-Free"]));

        let preview = format!("{CROSSGRADE}?preview=true");
        let body = json!({"order": stage.order(stage.suite, json!({})), "overlaps": []});
        let seen = stage.manager.post(&preview, body).await;
        assert_eq!(seen.expect(200)["steps"][0]["bound"], 80);
        let up = stage.crossgrade(stage.suite, json!({}), json!([])).await;
        let up_entry = journal_id(&up);
        let up = up.expect(201);
        let step = &up["steps"][0];
        assert_eq!((&step["resolution"], &step["units"], &step["bound"]), (&json!("transfer"), &json!(80), &json!(80)));
        assert_eq!(up["superseded"], json!([first["id"]]));
        let new = license(&up["assigned"], 0);
        assert_eq!(stage.bound(&app, new).await, bound);
        let superseded = app.operator.get(&format!("/api/v1/licenses/{old}")).await.expect(200);
        assert_eq!((&superseded["status"], &superseded["quantity"]), (&json!("superseded"), &json!(0)));
        assert_eq!(app.balance(stage.worry_free.pool).await, [200, 80, 0, 120]);
        app.prove();

        let down = stage.crossgrade(stage.standard, json!({}), json!([])).await;
        let down_entry = journal_id(&down);
        let down = down.expect(201);
        let mut left: Vec<Uuid> = down["unbundled"].as_array().expect("ids").iter().map(id).collect();
        left.sort_unstable();
        let mut expected = vec![license(&up["assigned"], 1), license(&up["assigned"], 2)];
        expected.sort_unstable();
        assert_eq!(left, expected);
        let xdr = app.operator.get(&format!("/api/v1/licenses/{}", expected[0])).await.expect(200);
        assert_eq!((&xdr["unbundled"], &xdr["status"], &xdr["end_date"]), (&json!(true), &json!("active"), &json!("2027-05-31")));
        assert_eq!(stage.bound(&app, license(&down["assigned"], 0)).await, bound);
        app.prove();

        for entry in [&down_entry, &up_entry] {
            app.operator.act(&format!("/api/v1/journal/{entry}/undo")).await.expect(200);
            app.prove();
        }
        assert_eq!(stage.bound(&app, old).await, bound);
        let back = app.operator.get(&format!("/api/v1/licenses/{old}")).await.expect(200);
        assert_eq!((&back["status"], &back["quantity"], &back["assigned"]), (&json!("active"), &json!(80), &json!(80)));
        assert_eq!(app.balance(stage.xdr.pool).await, [200, 0, 0, 200]);
        app.end().await;
    }
}

both_engines! {
    /// A pool with no free unit is enough: what the customer has goes back before the new is drawn.
    async fn a_full_pool_is_enough(app: TestApp) {
        let stage = Stage::open(&app, 40).await;
        stage.assign(stage.standard, stage.units(stage.worry_free, 40)).await.expect(201);
        let bound = stage.bind(&app, 40).await;
        let up = stage.crossgrade(stage.suite, json!({}), json!([])).await.expect(201);
        assert_eq!(stage.bound(&app, license(&up["assigned"], 0)).await, bound);
        assert_eq!(app.balance(stage.worry_free.pool).await, [40, 40, 0, 0]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Kept, larger, new: how many units there are afterwards; whoever loses one was seen.
    async fn units_after_a_transfer(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        stage.assign(stage.standard, stage.units(stage.worry_free, 30)).await.expect(201);
        let bound = stage.bind(&app, 20).await;
        let pool = |overlaps: &Value| overlaps["items"][0]["pool"]["id"].clone();
        let path = format!("/api/v1/organizations/{}/overlaps?plan_id={}", stage.customer, stage.suite);
        let preview = format!("{CROSSGRADE}?preview=true");
        let pool = pool(&stage.manager.get(&path).await.expect(200));
        for (units, ordered, after) in [("keep", 10, 30), ("larger", 25, 30), ("larger", 45, 45), ("new", 22, 22)] {
            let overlaps = json!([{"pool_id": pool, "units": units}]);
            let order = stage.order(stage.suite, stage.units(stage.worry_free, ordered));
            let seen = stage.manager.post(&preview, json!({"order": order, "overlaps": overlaps})).await.expect(200);
            assert_eq!(seen["steps"][0]["units"], after, "{units} {ordered}");
        }
        let fewer = |extra: Value| {
            let mut overlap = json!({"pool_id": pool, "units": "new"});
            overlap.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
            json!([overlap])
        };
        let order = stage.units(stage.worry_free, 18);
        let unseen = stage.crossgrade(stage.suite, order.clone(), fewer(json!({}))).await.expect(409);
        assert_eq!((&unseen["code"], &unseen["to_free"]), (&json!("reduction.not_accepted"), &json!(2)));
        let seen = fewer(json!({"fingerprint": unseen["fingerprint"]}));
        let done = stage.crossgrade(stage.suite, order, seen).await.expect(201);
        assert_eq!(done["steps"][0]["ended"].as_array().map(Vec::len), Some(2));
        let kept = stage.bound(&app, license(&done["assigned"], 0)).await;
        assert_eq!(kept.len(), 18);
        assert!(kept.iter().all(|it| bound.contains(it)));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 18, 0, 82]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Both are kept, or the old one ends and frees its people, who were named.
    async fn keep_both_or_end(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let first = stage.assign(stage.standard, stage.units(stage.worry_free, 30)).await.expect(201);
        let bound = stage.bind(&app, 3).await;
        let pool = first["parts"][0]["license"]["pool_id"].clone();
        let both = stage.crossgrade(stage.suite, json!({}), json!([{"pool_id": pool, "resolution": "keep_both"}])).await.expect(201);
        assert_eq!(both["superseded"], json!([]));
        assert_eq!(stage.bound(&app, license(&first, 0)).await, bound);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 55, 0, 45]);
        app.prove();
        let other = app.plan("WFX", "full", &[(stage.worry_free.sku, 5)]).await;
        let two = both["assigned"]["parts"][0]["license"]["pool_id"].clone();
        let said = |fingerprint: Value| json!([
            {"pool_id": pool, "resolution": "end", "fingerprint": fingerprint},
            {"pool_id": two, "resolution": "keep_both"},
        ]);
        let unseen = stage.crossgrade(other, json!({}), said(Value::Null)).await.expect(409);
        assert_eq!((&unseen["code"], &unseen["to_free"]), (&json!("reduction.not_accepted"), &json!(3)));
        let ended = stage.crossgrade(other, json!({}), said(unseen["fingerprint"].clone())).await.expect(201);
        assert_eq!(ended["superseded"], json!([first["id"]]));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 30, 0, 70]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Two licenses of one product both go over, each with its people; later starts and foreign pools are refused.
    async fn two_become_one_plan(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        for units in [10, 5] {
            let sale = json!({"seller_id": stage.partner, "customer_id": stage.customer, "sku_id": stage.worry_free.sku, "quantity": units});
            stage.manager.post("/api/v1/licenses/sell", sale).await.expect(201);
        }
        app.allocate(stage.worry_free.pool, stage.customer, 7).await;
        let path = format!("/api/v1/pools?organization_id={}", stage.customer);
        let pools = app.operator.get(&path).await.expect(200);
        let own = pools["items"].as_array().expect("pools").iter().find(|it| id(&it["license_id"]) == stage.worry_free.license);
        let share = id(&own.expect("a share")["id"]);
        let bound = stage.bind(&app, 22).await;
        let later = stage.crossgrade(stage.suite, json!({"start_date": "2026-07-01"}), json!([])).await;
        assert_eq!(later.body["fields"][0]["code"], "crossgrade.starts_later");
        let foreign = stage.crossgrade(stage.suite, json!({}), json!([{"pool_id": stage.worry_free.pool}])).await;
        assert_eq!(foreign.body["fields"][0]["code"], "crossgrade.no_such_overlap");
        let done = stage.crossgrade(stage.suite, json!({}), json!([])).await;
        assert_eq!(done.status.as_u16(), 201, "{}", done.body);
        let entry = journal_id(&done);
        let done = done.expect(201);
        assert_eq!(done["steps"].as_array().map(Vec::len), Some(3));
        let of_plan: Vec<Uuid> = (0..3).map(|at| license(&done["assigned"], at)).collect();
        let mut now = Vec::new();
        for license in of_plan {
            now.extend(stage.bound(&app, license).await);
        }
        now.sort_unstable();
        assert_eq!(now, bound);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 22, 0, 78]);
        app.prove();
        app.operator.act(&format!("/api/v1/journal/{entry}/undo")).await.expect(200);
        assert_eq!(app.balance(share).await, [7, 0, 7, 0]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The money of a change on 16 June of a term from 16 November to 15 November: 153 of 365 days.
    async fn days_are_paid_once(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        app.clock.advance_seconds(15 * 86_400);
        for (before, after, amount, formula) in [
            (36_500, 73_000, 15_300, "(730.00 − 365.00) × 153 ÷ 365 = 153.00"),
            (37_000, 74_000, 15_510, "(740.00 − 370.00) × 153 ÷ 365 = 155.10"),
        ] {
            let customer = app.organization(stage.partner, "customer", &format!("C{before}")).await;
            let sale = json!({"seller_id": app.provider, "issue": true, "customer_id": customer, "sku_id": stage.worry_free.sku,
                "quantity": 1, "start_date": "2025-11-16", "price_minor": before, "currency": "EUR"});
            app.operator.post("/api/v1/licenses/sell", sale).await.expect(201);
            let order = json!({"seller_id": app.provider, "organization_id": customer, "plan_id": stage.standard, "issue": true,
                "end_date": "2026-11-15", "components": [{"sku_id": stage.worry_free.sku, "units": 1, "price_minor": after, "currency": "EUR"}]});
            let body = json!({"order": order, "overlaps": []});
            let seen = app.operator.post(&format!("{CROSSGRADE}?preview=true"), body.clone()).await.expect(200);
            let line = &seen["money"]["lines"][0];
            assert_eq!((&line["amount_minor"], &line["formula"]), (&json!(amount), &json!(formula)));
            assert_eq!((&line["days"], &line["of_days"]), (&json!(153), &json!(365)));
            let done = app.operator.post(CROSSGRADE, body).await.expect(201);
            assert_eq!(done["money"]["totals"], json!([{"currency": "EUR", "amount_minor": amount}]));
        }
        app.prove();
        app.end().await;
    }
}
