//! Changes in the middle of a term, prorated by days; terms that are brought to one last day; what the next term shall be.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{at, issued, license, path, renewal};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{Person, TestApp, id},
};

/// A license of one unit from 2020-11-16 to 2021-11-15 at a price, on 16 June 2021.
async fn in_2021(app: &TestApp, price_minor: i64) -> (Uuid, Uuid) {
    app.clock.set(store::Timestamp::new(
        "2020-11-16T09:00:00Z".parse().expect("an instant"),
    ));
    let sku = app
        .insert_sku(&format!("y{price_minor}"), Some("P1Y"))
        .await;
    let more = json!({"quantity": 1, "price_minor": price_minor, "currency": "EUR"});
    let made = issued(app, sku, app.provider, more).await;
    app.clock.set(store::Timestamp::new(
        "2021-06-16T09:00:00Z".parse().expect("an instant"),
    ));
    made
}

async fn preview(person: &Person, path: &str, body: Value) -> Value {
    person
        .post(&format!("{path}?preview=true"), body)
        .await
        .expect(200)
}

both_engines! {
    /// 153 of 365 days, the day of the change included; the preview says it, and so does the answer.
    async fn a_change_now_is_prorated(app: TestApp) {
        for (price, amount, formula) in [
            (36_500, 15_300, "(730.00 − 365.00) × 153 ÷ 365 = 153.00"),
            (37_000, 15_510, "(740.00 − 370.00) × 153 ÷ 365 = 155.10"),
        ] {
            let (own, pool) = in_2021(&app, price).await;
            assert_eq!(license(&app, own).await["end_date"], "2021-11-15");
            let (place, body) = (path(pool, "change"), json!({"quantity": 2, "effective": "now"}));
            let seen = preview(&app.operator, &place, body.clone()).await;
            assert_eq!(app.balance(pool).await[0], 1, "a preview keeps nothing");
            let done = app.operator.post(&place, body).await.expect(200);
            assert_eq!(seen, done);
            let money = &done["money"];
            assert_eq!((&money["before_minor"], &money["after_minor"]), (&json!(price), &json!(2 * price)));
            assert_eq!((&money["days"], &money["of_days"]), (&json!(153), &json!(365)));
            assert_eq!((&money["amount_minor"], &money["formula"]), (&json!(amount), &json!(formula)));
            assert_eq!(app.balance(pool).await[0], 2);
            // Taken back on the same day, it gives as much.
            let back = app.operator.post(&path(own, "change"), json!({"quantity": 1})).await.expect(200);
            assert_eq!(back["money"]["amount_minor"], -amount);
            // Another price for as many units is a difference, too.
            let dearer = json!({"price_minor": price + 36_500, "currency": "EUR"});
            let dearer = app.operator.post(&place, dearer).await.expect(200);
            assert_eq!(dearer["money"]["amount_minor"], 15_300);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What cannot be prorated says why, and what changes nothing is refused.
    async fn a_change_without_an_amount_says_why(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let place = path(stage.desk_pool, "change");
        let more = app.operator.post(&place, json!({"quantity": 4})).await.expect(200);
        assert_eq!((&more["money"]["amount_minor"], &more["money"]["gap"]), (&Value::Null, &json!("price_unknown")));
        assert_eq!(app.operator.post(&place, json!({"quantity": 4})).await.field(), "change.nothing");
        assert_eq!(app.operator.post(&place, json!({})).await.field(), "required");
        assert_eq!(stage.admin.post(&place, json!({"quantity": 9})).await.code(403), "permission.missing");
        // The customer may give units up, and who would lose theirs is named first.
        let bound = stage.assign(json!([{"product_id": stage.desk, "holder_id": stage.someone}])).await.expect(201);
        let refused = stage.admin.post(&place, json!({"quantity": 0})).await.expect(409);
        assert_eq!(refused["code"], "reduction.not_accepted");
        let accept = json!({"quantity": 0, "fingerprint": refused["fingerprint"]});
        let done = stage.admin.post(&place, accept).await.expect(200);
        assert_eq!(done["ended"], json!([bound["assigned"][0]["id"]]));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A share has no price of its own, and grows by the hand of whoever passed it on.
    async fn a_share_only_shrinks(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let sku = app.insert_sku("shared", Some("P1Y")).await;
        let more = json!({"quantity": 10, "price_minor": 1_000, "currency": "EUR"});
        let (_, root) = issued(&app, sku, app.provider, more).await;
        app.allocate(root, stage.customer, 4).await;
        let pools = stage.admin.get(&format!("/api/v1/pools?organization_id={}&q=shared", stage.customer)).await.expect(200);
        let share = id(&pools["items"][0]["id"]);
        for body in [json!({"quantity": 5}), json!({"price_minor": 5, "currency": "EUR"})] {
            assert_eq!(app.operator.post(&path(share, "change"), body).await.code(409), "change.of_share");
        }
        let less = stage.admin.post(&path(share, "change"), json!({"quantity": 3})).await.expect(200);
        assert_eq!((&less["quantity"], &less["money"]["gap"]), (&json!(3), &json!("price_unknown")));
        assert_eq!(app.balance(root).await, [10, 3, 0, 7]);
        let seen = stage.admin.get(&path(share, "renewal")).await.expect(200);
        assert_eq!((&seen["own"], &seen["terms"][0]["quantity"]), (&json!(false), &Value::Null));
        assert!(!seen.to_string().contains("_minor"), "{seen}");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// 25 units at 120.00 a year from 10 March to 31 December: 297 of 365 days, 2,441.10.
    async fn terms_are_brought_to_one_day(app: TestApp) {
        let sku = app.insert_sku("yearly", Some("P1Y")).await;
        let priced = json!({"quantity": 25, "price_minor": 12_000, "currency": "EUR", "start_date": "2025-03-10"});
        app.clock.set(store::Timestamp::new("2025-12-01T09:00:00Z".parse().expect("an instant")));
        let (early, _) = issued(&app, sku, app.provider, priced).await;
        let later = json!({"quantity": 10, "price_minor": 12_000, "currency": "EUR", "start_date": "2026-07-01"});
        let (late, _) = issued(&app, sku, app.provider, later).await;
        at(&app, "2026-03-01T09:00:00Z").await;
        let place = format!("/api/v1/organizations/{}/co-term", app.provider);
        let body = json!({"license_ids": [early, late], "end_date": "2026-12-31"});
        let seen = preview(&app.operator, &place, body.clone()).await;
        assert_eq!(license(&app, early).await["end_date"], "2026-03-09");
        let done = app.operator.post(&place, body).await.expect(200);
        assert_eq!(seen, done);
        let of = |own: Uuid| {
            let rows = done["licenses"].as_array().expect("a list").iter();
            rows.clone().find(|it| it["license_id"] == json!(own)).expect("it is there").clone()
        };
        let (gains, loses) = (of(early), of(late));
        assert_eq!((&gains["money"]["days"], &gains["money"]["of_days"]), (&json!(297), &json!(365)));
        assert_eq!((&gains["money"]["amount_minor"], &gains["money"]["formula"]),
            (&json!(244_110), &json!("25 × 120.00 × 297 ÷ 365 = 2,441.10")));
        assert_eq!((&gains["end_date_before"], &loses["end_date_before"]), (&json!("2026-03-09"), &json!("2027-06-30")));
        assert_eq!((&loses["money"]["days"], &loses["money"]["amount_minor"]), (&json!(-181), &json!(-59_507)));
        assert_eq!(loses["money"]["formula"], "−10 × 120.00 × 181 ÷ 365 = −595.07");
        assert_eq!(done["sums"], json!([{"currency": "EUR", "amount_minor": 184_603}]));
        // From the next renewal on they go together.
        at(&app, "2027-01-01T00:00:00Z").await;
        for own in [early, late] {
            assert_eq!(license(&app, own).await["end_date"], "2027-12-31");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What cannot be brought to a day is refused, and with it all the others.
    async fn a_day_that_does_not_fit_is_refused(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let place = format!("/api/v1/organizations/{}/co-term", stage.customer);
        let bring = |ids: Value, day: &str| json!({"license_ids": ids, "end_date": day});
        let ours = json!([stage.desk_license]);
        let past = app.operator.post(&place, bring(ours.clone(), "2026-05-31")).await;
        assert_eq!(past.field(), "in_the_past");
        assert_eq!(app.operator.post(&place, bring(json!([]), "2027-01-31")).await.field(), "rows.out_of_range");
        assert_eq!(stage.admin.post(&place, bring(ours, "2027-01-31")).await.code(403), "permission.missing");
        let sku = app.insert_sku("elsewhere", Some("P1Y")).await;
        let (other, pool) = app.license(app.provider, sku, 5).await;
        let foreign = app.operator.post(&place, bring(json!([other]), "2027-01-31")).await;
        assert_eq!(foreign.code(404), "not_found");
        let sale = json!({"seller_id": app.provider, "customer_id": stage.customer, "sku_id": sku, "quantity": 2});
        let drawn = app.operator.post("/api/v1/licenses/sell", sale).await.expect(201);
        let beyond = bring(json!([stage.desk_license, drawn["license"]["id"]]), "2027-08-31");
        assert_eq!(app.operator.post(&place, beyond).await.code(409), "license.outlives_source");
        assert_eq!(license(&app, stage.desk_license).await["end_date"], "2027-05-31");
        assert_eq!(app.balance(pool).await, [5, 2, 0, 3]);
        let ever = app.insert_sku("ever", None).await;
        let (ever, _) = app.license(stage.customer, ever, 3).await;
        let refused = app.operator.post(&place, bring(json!([ever]), "2027-08-31")).await.expect(409);
        assert_eq!((&refused["code"], &refused["obstacle"]), (&json!("renewal.waits"), &json!("no_end")));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// More units at another price are said for the next term, shown with their money, and taken back.
    async fn the_next_term_is_said_beforehand(app: TestApp) {
        let sku = app.insert_sku("yearly", Some("P1Y")).await;
        let priced = json!({"quantity": 5, "price_minor": 12_000, "currency": "EUR"});
        let (own, pool) = issued(&app, sku, app.provider, priced).await;
        let place = path(own, "renewal");
        let said = json!({"quantity": 8, "price_minor": 13_000, "currency": "EUR"});
        let seen = preview(&app.operator, &place, said.clone()).await;
        assert_eq!(renewal(&app, own).await["next"]["scheduled"], false);
        assert_eq!(app.operator.post(&place, said.clone()).await.expect(200), seen);
        let next = renewal(&app, pool).await["next"].clone();
        assert_eq!((&next["quantity"], &next["scheduled"]), (&json!(8), &json!(true)));
        assert_eq!((&next["amount_minor"], &next["formula"]), (&json!(104_000), &json!("8 × 130.00 = 1,040.00")));
        let back = app.operator.delete(&place).await.expect(200);
        assert_eq!((&back["next"]["quantity"], &back["next"]["amount_minor"]), (&json!(5), &json!(60_000)));
        let other = json!({"price_minor": 1, "currency": "USD"});
        assert_eq!(app.operator.post(&place, other).await.field(), "renewal.other_currency");
        let change = json!({"quantity": 8, "price_minor": 13_000, "currency": "EUR", "effective": "renewal"});
        let change = app.operator.post(&path(own, "change"), change).await.expect(200);
        assert_eq!((&change["at_renewal"], &change["money"]["amount_minor"]), (&json!(true), &json!(44_000)));
        assert_eq!(change["money"]["formula"], "1,040.00 − 600.00 = 440.00");
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(app.balance(pool).await, [8, 0, 0, 8]);
        let after = renewal(&app, own).await;
        assert_eq!((&after["terms"][0]["quantity"], &after["terms"][0]["price_minor"]), (&json!(5), &json!(12_000)));
        assert_eq!((&after["terms"][1]["quantity"], &after["terms"][1]["price_minor"]), (&json!(8), &json!(13_000)));
        assert_eq!(after["next"]["scheduled"], false, "what was said is used up");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units that are to be drawn at the renewal come when there are enough; until then it renews without them.
    async fn more_units_are_drawn_at_the_renewal(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let sku = app.insert_sku("source", Some("P1Y")).await;
        let (_, pool) = app.license(app.provider, sku, 10).await;
        let sale = json!({"seller_id": app.provider, "customer_id": customer, "sku_id": sku, "quantity": 4});
        let drawn = id(&app.operator.post("/api/v1/licenses/sell", sale).await.expect(201)["license"]["id"]);
        app.operator.post(&path(drawn, "renewal"), json!({"quantity": 11})).await.expect(200);
        assert_eq!(renewal(&app, drawn).await["obstacle"], "source_ends");
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(app.balance(pool).await, [10, 4, 0, 6]);
        let waiting = renewal(&app, drawn).await;
        // What it was drawn from ends on the same day again, so nothing can be said of the term after that.
        assert_eq!((&waiting["obstacle"], &waiting["terms"][1]["quantity"]), (&json!("source_ends"), &json!(4)));
        app.operator.post(&path(drawn, "renewal"), json!({"quantity": 9})).await.expect(200);
        at(&app, "2028-06-01T00:00:00Z").await;
        assert_eq!(app.balance(pool).await, [10, 9, 0, 1]);
        app.prove();
        app.end().await;
    }
}
