//! Bringing terminated units back.

use serde_json::json;

use super::{bind, passed, path, shared_product};
use crate::{assignments::stage::Stage, both_engines, harness::id};

both_engines! {
    /// A base comes back with its add-ons, as new records; once, and not after the days of grace.
    async fn a_base_comes_back(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, recording_pool) = stage.add_on("recording", 4).await;
        let row = json!([{"product_id": stage.phone, "holder_id": stage.someone, "extension": "101", "add_ons": [recording]}]);
        let made = stage.assign(row).await.expect(201);
        let (base, add_on) = (id(&made["assigned"][0]["id"]), id(&made["assigned"][0]["add_ons"][0]["id"]));
        assert_eq!(stage.admin.act(&path(base, "reactivate")).await.code(409), "subscription.not_ended");
        stage.admin.post(&path(base, "terminate"), json!({})).await.expect(200);
        app.clock.advance_seconds(86_400);
        assert_eq!(stage.admin.act(&path(add_on, "reactivate")).await.code(409), "reactivation.no_base");
        let back = stage.admin.act(&path(base, "reactivate")).await.expect(200);
        assert_eq!((&back["units"], back["assignment_ids"].as_array().map(Vec::len)), (&json!(2), Some(2)));
        assert_eq!((app.balance(stage.phone_pool).await, app.balance(recording_pool).await), ([5, 0, 1, 4], [4, 0, 1, 3]));
        let new = id(&back["assignment_ids"][0]);
        let shown = stage.admin.get(&format!("/api/v1/assignments/{new}")).await.expect(200);
        assert_eq!((&shown["follows_id"], &shown["add_ons"], &shown["ended_at"]), (&json!(base), &json!(1), &json!(null)));
        assert_eq!(stage.admin.act(&path(base, "reactivate")).await.code(409), "reactivation.done");
        stage.admin.post(&path(new, "terminate"), json!({})).await.expect(200);
        app.clock.advance_seconds(30 * 86_400);
        assert_eq!(stage.admin.act(&path(new, "reactivate")).await.code(409), "reactivation.too_late");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A received unit comes back while its parent has it free, and only to a holder that has none by now.
    async fn a_received_unit_comes_back(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let (root, share) = passed(&app, &stage, 4).await;
        let product = shared_product(&app).await;
        let bound = bind(&app, &stage, product, &["Anna", "Ben"]).await;
        for id in &bound {
            stage.admin.post(&path(*id, "terminate"), json!({})).await.expect(200);
        }
        assert_eq!((app.balance(share).await, app.balance(root).await), ([2, 0, 0, 2], [10, 2, 0, 8]));
        stage.admin.act(&path(bound[0], "reactivate")).await.expect(200);
        assert_eq!((app.balance(share).await, app.balance(root).await), ([3, 0, 1, 2], [10, 3, 0, 7]));
        let ben = stage.admin.get(&format!("/api/v1/assignments/{}", bound[1])).await.expect(200);
        let row = json!([{"product_id": product, "holder_id": ben["holder_id"]}]);
        stage.assign(row).await.expect(201);
        assert_eq!(stage.admin.act(&path(bound[1], "reactivate")).await.code(409), "assignment.exists");
        let other = app.organization(app.provider, "customer", "Other").await;
        let all = json!({"pool_id": root, "organization_id": other, "units": 7});
        app.operator.post("/api/v1/allocations", all).await.expect(201);
        assert_eq!(stage.admin.act(&path(bound[1], "reactivate")).await.code(409), "pool.exhausted");
        app.prove();
        app.end().await;
    }
}
