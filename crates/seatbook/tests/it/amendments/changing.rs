//! Units, prices, last day, renewal and notice, with their money.

use serde_json::{Value, json};

use super::{Given, at, issued, set, standard, units, with_version};
use crate::{both_engines, crossgrades::stage::Stage, harness::id};

both_engines! {
    /// 153 of 365 days, the day of the change included; the preview says it, keeps nothing, and so does the answer.
    async fn a_change_now_is_prorated(app: TestApp) {
        set(&app, "2020-11-16T09:00:00Z");
        let stage = Stage::open(&app, 100).await;
        let given = standard(&stage, 1).await;
        set(&app, "2021-06-16T09:00:00Z");
        let more = units(&stage, 2);
        let seen = given.preview(&stage.manager, more.clone()).await.expect(200);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 1, 0, 99], "a preview keeps nothing");
        assert_eq!(given.show(&app).await["version"], 1);
        let done = given.change(&stage.manager, more.clone()).await.expect(200);
        assert_eq!(seen, done);
        let line = &done["lines"][0];
        assert_eq!((&line["reason"], &line["sku_code"]), (&json!("units"), &json!("WF-1Y")));
        assert_eq!((&line["money"]["days"], &line["money"]["of_days"]), (&json!(153), &json!(365)));
        assert_eq!(line["money"]["formula"], "(730.00 − 365.00) × 153 ÷ 365 = 153.00");
        assert_eq!(done["sums"], json!([{"currency": "EUR", "amount_minor": 15_300}]));
        assert_eq!((&done["changed"][0]["quantity_before"], &done["changed"][0]["quantity"]), (&json!(1), &json!(2)));
        assert_eq!(done["assigned"]["parts"][0]["license"]["quantity"], 2);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 2, 0, 98]);
        assert_eq!(given.show(&app).await["version"], 2, "a change of its licenses is one of the subscription");
        assert_eq!(given.change(&stage.manager, more).await.field(), "change.nothing");
        // Another price for as many units, and fewer units again.
        let dearer = json!({"components": [{"license_id": given.license, "units": 2, "price_minor": 73_000, "currency": "EUR"}]});
        let dearer = given.change(&stage.manager, dearer).await.expect(200);
        assert_eq!(dearer["sums"][0]["amount_minor"], 30_600);
        let fewer = given.change(&stage.manager, units(&stage, 1)).await.expect(200);
        assert_eq!(fewer["sums"][0]["amount_minor"], -30_600);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 1, 0, 99]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The last day moves for all of its licenses, with the money of the days; never beyond what they were drawn from.
    async fn the_last_day_moves_for_all(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let priced = json!({"components": [{"sku_id": stage.worry_free.sku, "price_minor": 12_000, "currency": "EUR"}]});
        let given = Given::of(&stage.assign(stage.suite, priced).await.expect(201));
        let later = json!({"end_date": "2027-12-31", "components": [{"sku_id": stage.worry_free.sku, "units": 30}]});
        let done = given.change(&stage.manager, later).await.expect(200);
        let lines = done["lines"].as_array().expect("lines");
        assert_eq!(lines.iter().map(|it| it["reason"].as_str().expect("a word")).collect::<Vec<_>>(), ["units", "days", "days", "days"]);
        assert_eq!((&lines[0]["money"]["amount_minor"], &lines[0]["money"]["formula"]), (&json!(60_000), &json!("3,600.00 − 3,000.00 = 600.00")));
        assert_eq!(lines[1]["money"]["formula"], "30 × 120.00 × 214 ÷ 366 = 2,104.92");
        assert_eq!((&lines[2]["money"]["days"], &lines[2]["money"]["gap"]), (&json!(214), &json!("price_unknown")));
        assert_eq!(done["sums"], json!([{"currency": "EUR", "amount_minor": 270_492}]));
        let shown = given.show(&app).await;
        assert_eq!(shown["end_date"], "2027-12-31");
        for part in shown["parts"].as_array().expect("parts") {
            assert_eq!(part["license"]["end_date"], "2027-12-31");
        }
        // 153 days earlier gives back what they cost.
        let earlier = given.change(&stage.manager, json!({"end_date": "2027-07-31"})).await.expect(200);
        assert_eq!(earlier["lines"][0]["money"]["formula"], "−30 × 120.00 × 153 ÷ 366 = −1,504.92");
        let to = |day: &str| json!({"end_date": day});
        assert_eq!(given.change(&stage.manager, to("2026-05-31")).await.field(), "in_the_past");
        assert_eq!(given.change(&stage.manager, to("2028-06-01")).await.code(409), "license.outlives_source");
        let waits = json!({"end_date": "2027-08-31", "effective": "renewal"});
        assert_eq!(given.change(&stage.manager, waits).await.field(), "change.now_only");
        assert_eq!(given.show(&app).await["end_date"], "2027-07-31");
        given.change(&stage.manager, to("2026-06-01")).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Said for the renewal, applied by the clock; what does not renew has no next term to say anything of.
    async fn the_next_term_is_said_beforehand(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = issued(&app, &stage, 25).await;
        let next = |units: i64| json!({"effective": "renewal", "components": [{"sku_id": stage.worry_free.sku, "units": units}]});
        let off = json!({"auto_renews": false, "effective": "renewal", "components": [{"sku_id": stage.worry_free.sku, "units": 30}]});
        let refused = given.change(&app.operator, off).await.expect(409);
        assert_eq!((&refused["code"], &refused["obstacle"]), (&json!("renewal.waits"), &json!("plan_ends")));
        let done = given.change(&app.operator, next(30)).await.expect(200);
        assert_eq!((&done["at_renewal"], &done["lines"][0]["money"]["formula"]), (&json!(true), &json!("3,600.00 − 3,000.00 = 600.00")));
        assert_eq!(app.balance(given.pool).await[0], 25);
        assert_eq!(given.change(&app.operator, next(30)).await.field(), "change.nothing");
        given.change(&app.operator, next(25)).await.expect(200);
        given.change(&app.operator, next(31)).await.expect(200);
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(app.balance(given.pool).await[0], 31);
        assert_eq!(given.show(&app).await["end_date"], "2028-05-31");
        // Somebody would lose theirs then, and is seen before.
        let bound = stage.bind(&app, 3).await;
        let refused = given.change(&app.operator, next(2)).await.expect(409);
        assert_eq!(refused["code"], "reduction.not_accepted");
        let mut accepted = next(2);
        accepted["components"][0]["fingerprint"] = refused["fingerprint"].clone();
        given.change(&app.operator, accepted).await.expect(200);
        assert_eq!(stage.bound(&app, given.license).await, bound);
        at(&app, "2028-06-01T00:00:00Z").await;
        assert_eq!(app.balance(given.pool).await, [2, 0, 2, 0]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whether it renews, and its notice: on the subscription and in the journal; what does not renew is over.
    async fn renewal_and_notice_are_said(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = issued(&app, &stage, 5).await;
        for wrong in [-1, 3_661] {
            assert_eq!(given.change(&app.operator, json!({"notice_days": wrong})).await.field(), "out_of_range");
        }
        for (version, days) in [(1, 0), (2, 3_660)] {
            with_version(&app.operator, &given.path, version, json!({"notice_days": days})).await.expect(200);
        }
        let body = json!({"auto_renews": false});
        let stale = with_version(&app.operator, &given.path, 2, body.clone()).await.expect(412);
        assert_eq!((&stale["code"], &stale["version"]), (&json!("version.stale"), &json!(3)));
        let done = with_version(&app.operator, &given.path, 3, body.clone()).await;
        let entry = done.headers["seatbook-journal-id"].to_str().expect("an entry").to_owned();
        assert_eq!(done.expect(200)["lines"], json!([]));
        assert_eq!(given.change(&app.operator, body).await.field(), "change.nothing");
        let entry = app.operator.get(&format!("/api/v1/journal/{entry}")).await.expect(200);
        let change = &entry["changes"][0];
        assert_eq!((&change["noun"], &change["before"]["auto_renews"], &change["after"]["auto_renews"]),
            (&json!("plan_subscription"), &json!(true), &json!(false)));
        let shown = given.show(&app).await;
        assert_eq!((&shown["auto_renews"], &shown["notice_days"], &shown["version"]), (&json!(false), &json!(3_660), &json!(4)));
        at(&app, "2027-06-01T00:00:00Z").await;
        let license = app.operator.get(&format!("/api/v1/licenses/{}", given.license)).await.expect(200);
        assert_eq!(license["status"], "expired");
        let late = given.change(&app.operator, json!({"end_date": "2027-12-31"})).await.expect(409);
        assert_eq!((&late["code"], &late["obstacle"]), (&json!("renewal.waits"), &json!("ended")));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Fewer units than are in use: by a rule that was seen, or by hand.
    async fn who_loses_a_unit_is_seen(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = standard(&stage, 4).await;
        let bound = stage.bind(&app, 4).await;
        let refused = given.change(&stage.manager, units(&stage, 3)).await.expect(409);
        assert_eq!((&refused["code"], &refused["license_id"]), (&json!("reduction.not_accepted"), &json!(given.license)));
        let by = |units: i64, more: Value| {
            let mut part = json!({"license_id": given.license, "units": units});
            part.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            json!({"components": [part]})
        };
        let stale = given.change(&stage.manager, by(3, json!({"fingerprint": "other"}))).await;
        assert_eq!(stale.code(409), "preview.stale");
        let seen = by(3, json!({"fingerprint": refused["fingerprint"]}));
        let done = given.change(&stage.manager, seen).await.expect(200);
        assert_eq!((&done["ended"], &done["changed"][0]["ended"]), (&json!([refused["losers"][0]["assignment_id"]]), &done["ended"]));
        let left = stage.bound(&app, given.license).await;
        assert_eq!(left.len(), 3);
        let short = given.change(&stage.manager, by(1, json!({"assignment_ids": [left[1]]}))).await;
        assert_eq!(short.code(409), "reduction.too_few");
        let done = given.change(&stage.manager, by(1, json!({"assignment_ids": [left[1], left[2]]}))).await.expect(200);
        assert_eq!(done["ended"].as_array().map(Vec::len), Some(2));
        assert_eq!(stage.bound(&app, given.license).await, [left[0]]);
        assert!(bound.contains(&left[0]));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 1, 0, 99]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// All of it, or nothing: what one component is refused undoes the others.
    async fn all_or_nothing(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let body = stage.assign(stage.suite, json!({})).await.expect(201);
        let given = Given::of(&body);
        let wanted = json!({"notice_days": 5, "end_date": "2027-06-30", "components": [
            {"sku_id": stage.worry_free.sku, "units": 30}, {"sku_id": stage.xdr.sku, "units": 101},
        ]});
        let refused = given.change(&stage.manager, wanted).await.expect(409);
        assert_eq!((&refused["code"], &refused["license_id"]), (&json!("pool.exhausted"), &body["parts"][1]["license"]["id"]));
        assert!(refused["detail"].as_str().is_some_and(|it| it.starts_with("XDR: ")), "{refused}");
        assert_eq!(given.show(&app).await, app.operator.get(&given.path).await.expect(200));
        let shown = given.show(&app).await;
        assert_eq!((&shown["version"], &shown["end_date"]), (&json!(1), &json!("2027-05-31")));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 25, 0, 75]);
        let unknown = json!({"components": [{"sku_id": stage.email.sku, "units": 6}, {"sku_id": stage.email.sku, "units": 7},
            {"license_id": stage.xdr.license, "units": 1}, {"units": 3}]});
        let fields = given.change(&stage.manager, unknown).await.expect(422)["fields"].clone();
        let said: Vec<(String, String)> = fields.as_array().expect("fields").iter()
            .map(|it| (it["field"].as_str().expect("a field").to_owned(), it["code"].as_str().expect("a code").to_owned())).collect();
        let said: Vec<(&str, &str)> = said.iter().map(|(field, code)| (field.as_str(), code.as_str())).collect();
        assert_eq!(said, [("components[1].sku_id", "component.unknown"), ("components[2].license_id", "component.unknown"),
            ("components[3].license_id", "required")]);
        assert_eq!(id(&shown["id"]), given.subscription);
        app.prove();
        app.end().await;
    }
}
