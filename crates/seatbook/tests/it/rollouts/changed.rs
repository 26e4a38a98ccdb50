//! A changed composition of a plan, approved or declined for all who wait for it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{ROLLOUTS, apply, checked_at, counts, customers, run_jobs};
use crate::{
    both_engines,
    crossgrades::stage::{ASSIGN, Stage},
    harness::{Answer, TestApp, id},
};

/// Makes the standard plan of other parts.
async fn compose(app: &TestApp, stage: &Stage, parts: &[(Uuid, i64)]) {
    let parts: Vec<Value> = (parts.iter())
        .map(|(sku, units)| json!({"sku_id": sku, "units": units}))
        .collect();
    let path = format!("/api/v1/service-plans/{}/compositions", stage.standard);
    let made = app.operator.post(&path, json!({"components": parts})).await;
    assert!(made.status.is_success(), "{}", made.text);
}

async fn ask(stage: &Stage, action: &str, more: Value) -> Answer {
    let mut body = json!({"seller_id": stage.partner, "plan_id": stage.standard, "action": action});
    let more = more.as_object().expect("an object").clone();
    body.as_object_mut().expect("an object").extend(more);
    stage.manager.post(ROLLOUTS, body).await
}

/// The same, checked.
async fn checked(app: &TestApp, stage: &Stage, action: &str) -> (String, Value) {
    checked_at(app, stage, ask(stage, action, json!({})).await).await
}

/// The composition and the declined one of what a customer has of the plan.
async fn composition(stage: &Stage, customer: Uuid) -> (i64, i64) {
    let path = format!(
        "{ASSIGN}?organization_id={customer}&plan_id={}",
        stage.standard
    );
    let found = stage.manager.get(&path).await.expect(200);
    let of = |name: &str| found["items"][0][name].as_i64().expect("a number");
    (of("composition"), of("declined"))
}

both_engines! {
    /// Of three customers one has what is new beside the plan: it is approved for two, and declined for the third.
    async fn all_who_wait_are_decided_about(app: TestApp) {
        let stage = Stage::open(&app, 200).await;
        let single = app.plan("ONE", "full", &[(stage.xdr.sku, 20)]).await;
        let ids = customers(&app, &stage, 3).await;
        let order = |of: Uuid, plan: Uuid| json!({"seller_id": stage.partner, "organization_id": of, "plan_id": plan});
        for customer in &ids {
            stage.manager.post(ASSIGN, order(*customer, stage.standard)).await.expect(201);
        }
        assert_eq!(ask(&stage, "approve", json!({})).await.field(), "rollout.nobody");
        stage.manager.post(ASSIGN, order(ids[0], single)).await.expect(201);
        compose(&app, &stage, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        let named = ask(&stage, "approve", json!({"organization_ids": [ids[0]]})).await;
        assert_eq!(named.field(), "rollout.not_asked");

        let (path, found) = checked(&app, &stage, "approve").await;
        assert_eq!((counts(&found), &found["composition"]), ([0, 2, 1, 0], &json!(2)));
        let totals = found["totals"].as_array().expect("totals");
        assert_eq!(totals.len(), 1, "what stays needs nothing");
        assert_eq!((&totals[0]["customers"], &totals[0]["needed"], &totals[0]["free"]), (&json!(2), &json!(20), &json!(180)));
        let rows = stage.manager.get(&format!("{path}/rows?state=refused")).await.expect(200);
        assert_eq!((&rows["items"][0]["code"], &rows["items"][0]["organization_id"]), (&json!("plan.overlap"), &json!(ids[0])));
        apply(&stage, &path, false).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(counts(&stage.manager.get(&path).await.expect(200)), [0, 0, 1, 2]);
        assert_eq!((composition(&stage, ids[1]).await, composition(&stage, ids[0]).await), ((2, 0), (1, 0)));
        assert_eq!(app.balance(stage.xdr.pool).await[3], 160);

        let (path, found) = checked(&app, &stage, "decline").await;
        assert_eq!((counts(&found), &found["totals"]), ([0, 1, 0, 0], &json!([])));
        apply(&stage, &path, true).await.expect(202);
        run_jobs(&app).await;
        assert_eq!(composition(&stage, ids[0]).await, (1, 2));
        assert_eq!(ask(&stage, "decline", json!({})).await.field(), "rollout.nobody");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What was seen is what is decided about: a plan that changed once more is approved for nobody.
    async fn another_composition_is_another_decision(app: TestApp) {
        let stage = Stage::open(&app, 200).await;
        let ids = customers(&app, &stage, 2).await;
        for customer in &ids {
            let order = json!({"seller_id": stage.partner, "organization_id": customer, "plan_id": stage.standard});
            stage.manager.post(ASSIGN, order).await.expect(201);
        }
        compose(&app, &stage, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        let (path, _) = checked(&app, &stage, "approve").await;
        compose(&app, &stage, &[(stage.worry_free.sku, 25), (stage.email.sku, 10)]).await;
        apply(&stage, &path, false).await.expect(202);
        run_jobs(&app).await;
        let rows = stage.manager.get(&format!("{path}/rows")).await.expect(200);
        let codes = rows["items"].as_array().expect("rows").iter().filter(|it| it["code"] == "composition.changed");
        assert_eq!(codes.count(), 2);

        let browser = app.browser_of(stage.partner, "account_manager").await.0;
        let sheet = browser.get(&format!("/rollouts/decide?plan_id={}&action=approve", stage.standard)).await.page(200);
        assert!(sheet.contains("Approve for all") && sheet.contains("2 customers wait"), "{sheet}");
        let plan = stage.standard.to_string();
        let asked = browser.form("/rollouts/decide", &[("plan_id", &plan), ("action", "approve")]).await;
        assert_eq!(asked.status.as_u16(), 303, "{}", asked.text);
        let path = asked.headers["location"].to_str().expect("a place").to_owned();
        run_jobs(&app).await;
        let page = browser.get(&path).await.page(200);
        assert!(page.contains("Approve for 2 customers") && page.contains("Email Security"), "{page}");
        browser.form(&format!("{path}/apply"), &[]).await.goes(&path);
        run_jobs(&app).await;
        assert_eq!((composition(&stage, ids[0]).await.0, composition(&stage, ids[1]).await.0), (3, 3));
        let id = id(&json!(path.rsplit('/').next()));
        assert_eq!(stage.manager.get(&format!("{ROLLOUTS}/{id}")).await.expect(200)["state"], "done");
        app.prove();
        app.end().await;
    }
}
