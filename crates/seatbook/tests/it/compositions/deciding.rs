//! Declining, deciding again, and whoever may not decide or saw something else.

use serde_json::json;

use super::{approve, compose, count_locked, decline, over, path, shown};
use crate::{both_engines, crossgrades::stage::Stage, harness::id};

both_engines! {
    /// What was declined is locked no more, until the next composition; it can be approved later.
    async fn declined_and_then_approved(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let given = stage.assign(stage.standard, json!({})).await.expect(201);
        let (of, license) = (id(&given["id"]), id(&given["parts"][0]["license"]["id"]));
        assert_eq!(decline(&stage.manager, of).await.code(409), "composition.current");
        assert_eq!(approve(&stage.manager, of, json!({})).await.code(409), "composition.current");
        compose(&app, stage.standard, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        let declined = decline(&stage.manager, of).await.expect(200);
        assert_eq!((&declined["composition"], &declined["declined"], &declined["version"]), (&json!(1), &json!(2), &json!(2)));
        assert_eq!(decline(&stage.manager, of).await.code(409), "composition.current");
        assert_eq!((count_locked(&stage).await, app.balance(stage.xdr.pool).await), (0, [100, 0, 0, 100]));
        let license = format!("/api/v1/licenses/{license}");
        app.operator.patch(&license, json!({"quantity": 26})).await.expect(200);
        app.prove();
        compose(&app, stage.standard, &[(stage.worry_free.sku, 25), (stage.email.sku, 5)]).await;
        assert_eq!(count_locked(&stage).await, 1);
        assert_eq!(app.operator.patch(&license, json!({"quantity": 27})).await.code(409), "plan.locked");
        decline(&stage.manager, of).await.expect(200);
        let done = approve(&stage.manager, of, json!({})).await.expect(200);
        assert_eq!((&done["assigned"]["composition"], &done["new"][0]["sku_code"]), (&json!(3), &json!("EMAIL-1Y")));
        assert_eq!(done["assigned"]["parts"].as_array().map(Vec::len), Some(2));
        app.operator.patch(&license, json!({"quantity": 27})).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Over another version, or another composition than was seen, nothing is decided; foreign plans are not there.
    async fn what_was_seen_is_what_is_decided(app: TestApp) {
        let stage = Stage::open(&app, 100).await;
        let of = stage.assign(stage.standard, json!({})).await.id();
        compose(&app, stage.standard, &[(stage.worry_free.sku, 25), (stage.xdr.sku, 10)]).await;
        let before = shown(&stage.manager, of).await;
        for verb in ["/approve", "/decline"] {
            assert_eq!(over(&stage.manager, of, (verb, 9)).await.code(412), "version.stale");
            let other = stage.manager.post(&path(of, verb), json!({"composition": 1})).await.expect(409);
            assert_eq!((&other["code"], &other["newest_composition"]), (&json!("composition.changed"), &json!(2)));
        }
        let reader = app.member(stage.customer, "reader").await;
        let elsewhere = app.organization(app.provider, "partner", "Alpha").await;
        let foreign = app.member(elsewhere, "partner_administrator").await;
        for verb in ["/approve", "/decline"] {
            assert_eq!(reader.post(&path(of, verb), json!({})).await.code(403), "permission.missing");
            assert_eq!(foreign.post(&path(of, verb), json!({})).await.status, 404);
        }
        reader.get(&path(of, "")).await.expect(200);
        assert_eq!(foreign.get(&path(of, "")).await.status, 404);
        assert_eq!(shown(&stage.manager, of).await, before);
        let preview = format!("{}?preview=true", path(of, "/decline"));
        stage.manager.post(&preview, json!({})).await.expect(200);
        assert_eq!(shown(&stage.manager, of).await, before);
        let key = path(of, "/approve");
        let first = stage.manager.post_with_key(&key, "once", json!({})).await.expect(200);
        assert_eq!(stage.manager.post_with_key(&key, "once", json!({})).await.expect(200), first);
        assert_eq!(app.balance(stage.xdr.pool).await, [100, 10, 0, 90]);
        app.prove();
        app.end().await;
    }
}
