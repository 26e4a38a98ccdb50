//! Trials that become the full plan.

use serde_json::json;

use super::{Given, standard};
use crate::{both_engines, crossgrades::stage::Stage, harness::TestApp};

/// A trial of Worry-Free that becomes the suite, with two people in it.
async fn trial(app: &TestApp, stage: &Stage) -> Given {
    let plan = app.plan("TRY", "trial", &[(stage.worry_free.sku, 4)]).await;
    let full = json!({"full_plan_id": stage.suite});
    app.operator
        .patch(&format!("/api/v1/service-plans/{plan}"), full)
        .await
        .expect(200);
    Given::of(&stage.assign(plan, json!({})).await.expect(201))
}

both_engines! {
    /// Everything of the trial goes over: bindings keep their ids, and the trial is superseded by the full plan.
    async fn a_trial_becomes_the_full_plan(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = trial(&app, &stage).await;
        let bound = stage.bind(&app, 3).await;
        let path = format!("{}/convert", given.path);
        let reader = app.member(stage.customer, "reader").await;
        assert_eq!(reader.post(&path, json!({})).await.code(403), "permission.missing");
        let seen = stage.manager.post(&format!("{path}?preview=true"), json!({})).await.expect(200);
        assert_eq!(given.show(&app).await["standing"], "running");
        let done = stage.manager.post(&path, json!({})).await.expect(201);
        assert_eq!(seen["steps"][0]["bound"], done["steps"][0]["bound"]);
        assert_eq!((&done["steps"][0]["resolution"], &done["steps"][0]["units"]), (&json!("transfer"), &json!(4)));
        assert_eq!(done["superseded"], json!([given.subscription]));
        let full = Given::of(&done["assigned"]);
        let shown = full.show(&app).await;
        assert_eq!((&shown["plan_code"], &shown["edition"], &shown["auto_renews"]), (&json!("SUITE"), &json!("full"), &json!(true)));
        assert_eq!(shown["parts"][0]["license"]["edition"], "full");
        assert_eq!(stage.bound(&app, full.license).await, bound);
        assert_eq!(given.show(&app).await["standing"], "superseded");
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 4, 0, 96]);
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 10, 0, 90]);
        assert_eq!(stage.manager.post(&path, json!({})).await.code(409), "plan_subscription.ended");
        let again = format!("{}/convert", full.path);
        assert_eq!(stage.manager.post(&again, json!({})).await.code(409), "plan.not_trial");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Other units are said of a component; fewer than in use are a crossgrade's, where it is said who gives way.
    async fn units_are_said_of_components(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = trial(&app, &stage).await;
        stage.bind(&app, 3).await;
        let path = format!("{}/convert", given.path);
        let fewer = stage.manager.post(&path, stage.units(stage.worry_free, 2)).await;
        assert_eq!(fewer.code(409), "reduction.not_accepted");
        let done = stage.manager.post(&path, stage.units(stage.worry_free, 30)).await.expect(201);
        assert_eq!((&done["steps"][0]["units_before"], &done["steps"][0]["units"]), (&json!(4), &json!(30)));
        assert_eq!(app.balance(stage.worry_free.pool).await, [100, 30, 0, 70]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A trial whose plan names no full one, and what is no trial.
    async fn there_must_be_a_full_plan(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let lone = app.plan("LONE", "trial", &[(stage.xdr.sku, 4)]).await;
        let lone = Given::of(&stage.assign(lone, json!({})).await.expect(201));
        let convert = async |of: &Given| stage.manager.post(&format!("{}/convert", of.path), json!({})).await;
        assert_eq!(convert(&lone).await.code(409), "trial.no_full_plan");
        let full = standard(&stage, 4).await;
        assert_eq!(convert(&full).await.code(409), "plan.not_trial");
        app.prove();
        app.end().await;
    }
}
