//! What is locked stays as it is through every door; what people need every day goes on.

use reqwest::Method;
use seatbook::renewals::sweep;
use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use super::{compose, decline};
use crate::{
    both_engines,
    crossgrades::stage::Stage,
    harness::{TestApp, id, ids, send},
};

/// Gives the customer the standard plan with units of Worry-Free; gives the plan
/// subscription, its license and that one's pool, and the entry that gave it.
async fn assign(stage: &Stage, units: i64) -> (Uuid, Uuid, Uuid, String) {
    let given = stage
        .assign(stage.standard, stage.units(stage.worry_free, units))
        .await;
    let entry = given.headers["seatbook-journal-id"].to_str();
    let entry = entry.expect("an id").to_owned();
    let given = given.expect(201);
    let (license, pool) = ids(&given["parts"][0]["license"]);
    (id(&given["id"]), license, pool, entry)
}

async fn change(app: &TestApp, stage: &Stage) {
    let parts = [(stage.worry_free.sku, 25), (stage.xdr.sku, 10)];
    compose(app, stage.standard, &parts).await;
}

both_engines! {
    /// Units, price and term of its parts, now and at the renewal; nothing is written.
    async fn every_door_is_locked(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let (of, license, pool, _) = assign(&stage, 30).await;
        let bound = stage.bind(&app, 3).await;
        let ended = format!("/api/v1/subscriptions/{}/terminate", bound[0]);
        app.operator.post(&ended, json!({})).await.expect(200);
        let subscription = format!("/api/v1/subscriptions/{pool}");
        app.operator.post(&format!("{subscription}/unsubscribe"), json!({"units": 2})).await.expect(200);
        change(&app, &stage).await;
        let own = format!("/api/v1/licenses/{license}");
        let on = |verb: &str| format!("{subscription}/{verb}");
        let doors: Vec<(Method, String, Value)> = vec![
            (Method::PATCH, own.clone(), json!({"quantity": 31})),
            (Method::PATCH, own.clone(), json!({"price_minor": 100, "currency": "EUR"})),
            (Method::PATCH, own.clone(), json!({"start_date": "2026-05-01"})),
            (Method::POST, format!("{own}/terminate"), Value::Null),
            (Method::PATCH, subscription.clone(), json!({"notice_days": 10})),
            (Method::POST, on("change"), json!({"quantity": 31})),
            (Method::POST, on("change"), json!({"quantity": 20})),
            (Method::POST, on("change"), json!({"price_minor": 100, "currency": "EUR"})),
            (Method::POST, on("change"), json!({"quantity": 31, "effective": "renewal"})),
            (Method::POST, on("renewal"), json!({"quantity": 28})),
            (Method::POST, on("renewal"), json!({"price_minor": 100, "currency": "EUR"})),
            (Method::DELETE, on("renewal"), Value::Null),
            (Method::POST, on("reductions"), json!({"quantity": 20})),
            (Method::POST, on("unsubscribe"), json!({})),
            (Method::POST, "/api/v1/subscriptions/terminate".into(), json!({"pools": [{"pool_id": pool, "units": 1}]})),
            (Method::POST, "/api/v1/subscriptions/terminate".into(), json!({"assignment_ids": [bound[1]]})),
            (Method::POST, format!("/api/v1/subscriptions/{}/reactivate", bound[0]), Value::Null),
        ];
        let before = app.operator.get(&own).await.expect(200);
        for (method, path, body) in &doors {
            let request = app.operator.request(method.clone(), path);
            let request = if body.is_null() { request } else { request.json(body) };
            let answer = send(request).await;
            let text = format!("{method} {path} {body}: {}", answer.text);
            assert_eq!((answer.status.as_u16(), &answer.body["code"]), (409, &json!("plan.locked")), "{text}");
            assert_eq!(answer.body["license_id"], json!(license), "{text}");
        }
        let co_term = json!({"license_ids": [license], "end_date": "2027-01-31"});
        let co_term = app.operator.post(&format!("/api/v1/organizations/{}/co-term", stage.customer), co_term).await;
        assert_eq!(co_term.code(409), "renewal.in_plan");
        assert_eq!(app.operator.get(&own).await.expect(200), before);
        app.prove();
        decline(&stage.manager, of).await.expect(200);
        app.operator.post(&on("change"), json!({"quantity": 31})).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units are assigned and freed, names change, the term renews, and the customer moves on to another plan.
    async fn what_goes_on_while_it_is_locked(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let (_, license, _, _) = assign(&stage, 30).await;
        change(&app, &stage).await;
        let bound = stage.bind(&app, 3).await;
        let free = json!({"ids": [bound[0]]});
        app.operator.post("/api/v1/assignments/unassign", free).await.expect(200);
        let own = format!("/api/v1/licenses/{license}");
        app.operator.patch(&own, json!({"name": "Renamed", "quantity": 30})).await.expect(200);
        for verb in ["pause", "resume"] {
            app.operator.act(&format!("{own}/{verb}")).await.expect(200);
        }
        let over = Timestamp::new("2027-06-02T00:00:00Z".parse().expect("an instant"));
        app.clock.set(over);
        sweep::run(&app.app, over).await.expect("it sweeps");
        assert_eq!(app.operator.get(&own).await.expect(200)["end_date"], "2028-05-31");
        app.prove();
        let end = json!({"end_date": "2028-05-31"});
        let moved = stage.crossgrade(stage.suite, end, json!([])).await.expect(201);
        assert_eq!(stage.bound(&app, id(&moved["assigned"]["parts"][0]["license"]["id"])).await, bound[1..]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A part is not deleted from under a locked plan; the plan as a whole is taken back as ever.
    async fn a_locked_plan_is_taken_back_whole(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let (of, license, _, entry) = assign(&stage, 30).await;
        change(&app, &stage).await;
        let own = format!("/api/v1/licenses/{license}");
        assert_eq!(app.operator.delete(&own).await.code(409), "plan.locked");
        app.operator.act(&format!("/api/v1/journal/{entry}/undo")).await.expect(200);
        assert_eq!(app.operator.get(&own).await.status, 404);
        assert_eq!(app.operator.get(&format!("/api/v1/plan-subscriptions/{of}")).await.status, 404);
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 0, 0, 100]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What was carried over by a crossgrade that is taken back is as locked as it was.
    async fn a_lock_survives_a_crossgrade_taken_back(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let (of, license, _, _) = assign(&stage, 30).await;
        change(&app, &stage).await;
        let moved = stage.crossgrade(stage.suite, json!({}), json!([])).await;
        let entry = moved.headers["seatbook-journal-id"].to_str().expect("an id").to_owned();
        moved.expect(201);
        app.operator.act(&format!("/api/v1/journal/{entry}/undo")).await.expect(200);
        app.prove();
        let own = format!("/api/v1/licenses/{license}");
        assert_eq!(app.operator.patch(&own, json!({"quantity": 31})).await.code(409), "plan.locked");
        decline(&stage.manager, of).await.expect(200);
        app.operator.patch(&own, json!({"quantity": 31})).await.expect(200);
        app.prove();
        app.end().await;
    }
}
