//! What renews when its term is over, how far, how often, and what does not.

use seatbook::renewals::sweep;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{at, days, issued, license, path, renewal};
use crate::{
    assignments::stage::Stage,
    both_engines,
    harness::{TestApp, id},
};

/// Entries of the journal that renewed something.
async fn renewed(app: &TestApp) -> usize {
    let list = app
        .operator
        .get("/api/v1/journal?limit=200")
        .await
        .expect(200);
    let items = list["items"].as_array().expect("a list");
    items
        .iter()
        .filter(|it| it["command"] == "renewals.renew")
        .count()
}

both_engines! {
    /// At the end of its term a license goes on under its id, with its units and bindings; the first day stays.
    async fn a_term_is_followed_by_the_next(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let row = json!([{"product_id": stage.desk, "holder_id": stage.someone}]);
        let bound = stage.assign(row).await.expect(201);
        let paused = license_of(&app, stage.room_pool).await;
        app.operator.act(&format!("/api/v1/licenses/{paused}/pause")).await.expect(200);
        let before = renewal(&app, stage.desk_license).await;
        assert_eq!((&before["renews"], &before["obstacle"]), (&json!(true), &Value::Null));
        assert_eq!((&before["next"]["start_date"], &before["next"]["end_date"], &before["next"]["number"]),
            (&json!("2027-06-01"), &json!("2028-05-31"), &json!(2)));
        at(&app, "2027-05-31T23:59:59Z").await;
        assert_eq!(renewed(&app).await, 0, "not before it is over");
        at(&app, "2027-06-01T00:00:00Z").await;
        let after = license(&app, stage.desk_license).await;
        assert_eq!((&after["start_date"], &after["end_date"], &after["status"]),
            (&json!("2026-06-01"), &json!("2028-05-31"), &json!("active")));
        assert_eq!(app.balance(stage.desk_pool).await, [3, 0, 1, 2]);
        let paused = license(&app, paused).await;
        assert_eq!((&paused["end_date"], &paused["status"]), (&json!("2028-05-31"), &json!("paused")), "its clock goes on");
        let assignment = format!("/api/v1/assignments/{}", bound["assigned"][0]["id"].as_str().expect("an id"));
        assert_eq!(stage.admin.get(&assignment).await.expect(200)["ended_at"], Value::Null);
        let found = renewal(&app, stage.desk_license).await;
        assert_eq!((&found["terms"][0]["quantity"], &found["terms"][1]["origin"]), (&json!(3), &json!("renewed")));
        let place = format!("/api/v1/licenses/{}", stage.desk_license);
        let moved = app.operator.patch(&place, json!({"start_date": "2026-07-01"})).await;
        assert_eq!(moved.code(409), "license.renewed");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// 31 January monthly: the last day of each month that has no 31st, and the 31st again.
    async fn the_day_of_the_month_is_kept(app: TestApp) {
        let sku = app.insert_sku("monthly", Some("P1M")).await;
        let (own, pool) = issued(&app, sku, app.provider, json!({"start_date": "2027-01-31"})).await;
        let mut day: jiff::civil::Date = "2027-02-01".parse().expect("a day");
        while day < jiff::civil::date(2028, 4, 2) {
            at(&app, &format!("{day}T06:00:00Z")).await;
            day = day.tomorrow().expect("a day");
        }
        let starts: Vec<String> = days(&app, own).await.into_iter().map(|(first, _)| first).collect();
        assert_eq!(starts, ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31", "2027-06-30",
            "2027-07-31", "2027-08-31", "2027-09-30", "2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31",
            "2028-02-29", "2028-03-31"]);
        assert_eq!(app.balance(pool).await, [5, 0, 0, 5]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What nobody looked at for three terms has had them all; 29 February comes back in the leap year.
    async fn terms_are_caught_up(app: TestApp) {
        let sku = app.insert_sku("yearly", Some("P1Y")).await;
        at(&app, "2028-02-29T08:00:00Z").await;
        let (own, _) = issued(&app, sku, app.provider, json!({})).await;
        at(&app, "2032-02-29T08:00:00Z").await;
        let found = days(&app, own).await;
        let found: Vec<(&str, &str)> = found.iter().map(|(first, last)| (first.as_str(), last.as_str())).collect();
        assert_eq!(found, [("2028-02-29", "2029-02-27"), ("2029-02-28", "2030-02-27"), ("2030-02-28", "2031-02-27"),
            ("2031-02-28", "2032-02-28"), ("2032-02-29", "2033-02-27")]);
        assert_eq!(renewed(&app).await, 4);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Any number of servers renew once.
    async fn two_who_look_at_once_renew_once(app: TestApp) {
        let sku = app.insert_sku("yearly", Some("P1Y")).await;
        let mut all = vec![];
        for _ in 0..6 {
            all.push(issued(&app, sku, app.provider, json!({})).await.0);
        }
        app.clock.advance_seconds(366 * 86_400);
        let now = app.app.gate.now();
        let (one, two, three) = tokio::join!(
            sweep::run(&app.app, now), sweep::run(&app.app, now), sweep::run(&app.app, now));
        for done in [one, two, three] {
            done.expect("it sweeps");
        }
        assert_eq!(renewed(&app).await, 6);
        for own in all {
            assert_eq!(license(&app, own).await["end_date"], "2028-05-31");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What somebody unsubscribed, ended or left undecided where it was sold or old does not renew.
    async fn what_is_off_stays_off(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        stage.admin.post(&path(stage.desk_pool, "unsubscribe"), json!({})).await.expect(200);
        let terminate = format!("/api/v1/licenses/{}/terminate", license_of(&app, stage.room_pool).await);
        app.operator.act(&terminate).await.expect(200);
        let sold = json!({"seller_id": app.provider, "customer_id": stage.customer, "sku_id": stage.room_sku, "quantity": 2, "issue": true});
        let sold = app.operator.post("/api/v1/licenses/sell", sold).await.expect(201);
        let sold = id(&sold["license"]["id"]);
        let history = json!({"start_date": "2020-01-01"});
        let (history, _) = issued(&app, stage.room_sku, stage.customer, history).await;
        let (trial, _) = issued(&app, stage.room_sku, stage.customer, json!({"name": "Trial"})).await;
        app.tamper("UPDATE license SET edition = 'trial' WHERE name = 'Trial'").await;
        // As if it had been there before renewals were.
        app.tamper("UPDATE license SET renews = FALSE WHERE sku_id = (SELECT id FROM sku WHERE code = 'phone')").await;
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(renewed(&app).await, 0);
        for (of, why) in [(stage.desk_pool, "off"), (stage.room_pool, "ended"), (sold, "off"), (history, "off"),
            (trial, "runs_out"), (stage.phone_pool, "off")] {
            let found = renewal(&app, of).await;
            assert_eq!((&found["renews"], &found["obstacle"], &found["next"]), (&json!(false), &json!(why), &Value::Null));
        }
        // Taken up again within the days of grace, it goes on as if it had never stopped.
        app.clock.advance_seconds(20 * 86_400);
        stage.admin.act(&path(stage.desk_pool, "reactivate")).await.expect(200);
        at(&app, "2027-06-21T00:00:01Z").await;
        assert_eq!(license(&app, stage.desk_license).await["end_date"], "2028-05-31");
        app.prove();
        app.end().await;
    }
}

async fn license_of(app: &TestApp, pool: Uuid) -> Uuid {
    id(&app
        .operator
        .get(&format!("/api/v1/pools/{pool}"))
        .await
        .expect(200)["license_id"])
}

both_engines! {
    /// Units that were not to renew leave with the term: whoever was named loses theirs, and nobody else.
    async fn losers_are_freed_first(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let mut bound = vec![];
        for name in ["Anna", "Ben", "Cleo"] {
            let holder = stage.user(name).await;
            let made = stage.assign(json!([{"product_id": stage.desk, "holder_id": holder}])).await.expect(201);
            bound.push(id(&made["assigned"][0]["id"]));
        }
        let hand = json!({"units": 4, "assignment_ids": [bound[0], bound[1]]});
        stage.admin.post(&path(stage.desk_pool, "unsubscribe"), hand).await.expect(200);
        let next = renewal(&app, stage.desk_pool).await;
        assert_eq!((&next["next"]["quantity"], &next["next"]["scheduled"]), (&json!(1), &json!(true)));
        // Somebody got a unit since, whom nobody named: theirs stays.
        let dora = stage.user("Dora").await;
        stage.assign(json!([{"product_id": stage.desk, "holder_id": dora}])).await.expect(201);
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 2, 0]);
        let open = async |of: Uuid| stage.admin.get(&format!("/api/v1/assignments/{of}")).await.expect(200)["ended_at"].is_null();
        assert_eq!((open(bound[0]).await, open(bound[1]).await, open(bound[2]).await), (false, false, true));
        let found = renewal(&app, stage.desk_pool).await;
        assert_eq!((&found["terms"][0]["quantity"], &found["terms"][1]["quantity"]), (&json!(5), &json!(2)));
        let decided = stage.admin.get(&format!("/api/v1/subscriptions/{}", stage.desk_pool)).await.expect(200);
        assert_eq!((&decided["lapsing"], &decided["auto_renews"], &decided["losers"]), (&json!(0), &json!(true), &json!([])));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A share that does not renew goes back to whom it came from when the license renews.
    async fn a_share_that_lapses_goes_back(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let sku = app.insert_sku("shared", Some("P1Y")).await;
        let (_, root) = app.license(app.provider, sku, 10).await;
        app.allocate(root, stage.customer, 4).await;
        let pools = stage.admin.get(&format!("/api/v1/pools?organization_id={}&q=shared", stage.customer)).await.expect(200);
        let share = id(&pools["items"][0]["id"]);
        stage.admin.post(&path(share, "unsubscribe"), json!({"units": 3})).await.expect(200);
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(app.balance(share).await, [1, 0, 0, 1]);
        assert_eq!(app.balance(root).await, [10, 1, 0, 9]);
        stage.admin.post(&path(share, "unsubscribe"), json!({})).await.expect(200);
        assert_eq!(renewal(&app, share).await["obstacle"], "off");
        at(&app, "2028-06-01T00:00:00Z").await;
        assert_eq!(app.balance(share).await, [0, 0, 0, 0]);
        assert_eq!(app.balance(root).await, [10, 0, 0, 10]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A drawn license goes on after the one its units came from, and only as far.
    async fn what_was_drawn_stays_within_its_source(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let yearly = app.insert_sku("source", Some("P1Y")).await;
        let (source, pool) = app.license(app.provider, yearly, 10).await;
        let sale = json!({"seller_id": app.provider, "customer_id": customer, "sku_id": yearly, "quantity": 4});
        let drawn = id(&app.operator.post("/api/v1/licenses/sell", sale).await.expect(201)["license"]["id"]);
        assert_eq!(license(&app, drawn).await["source_pool_id"], json!(pool));
        app.tamper("UPDATE license SET renews = TRUE WHERE seller_id IS NOT NULL").await;
        assert_eq!(renewal(&app, drawn).await["obstacle"], "source_ends");
        app.operator.post(&path(pool, "unsubscribe"), json!({})).await.expect(200);
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(license(&app, drawn).await["status"], "expired");
        app.operator.act(&path(pool, "reactivate")).await.expect(200);
        at(&app, "2027-06-02T00:00:00Z").await;
        for of in [source, drawn] {
            assert_eq!(license(&app, of).await["end_date"], "2028-05-31");
        }
        assert_eq!(app.balance(pool).await, [10, 4, 0, 6]);
        app.prove();
        app.end().await;
    }
}
