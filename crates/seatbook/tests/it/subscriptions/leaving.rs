//! Terminating: units go back where they came from.

use serde_json::json;

use super::{bind, passed, path, shared_product};
use crate::{assignments::stage::Stage, both_engines, harness::id};

both_engines! {
    /// A base stops with its add-ons: each lowers its own pool, and its license with it.
    async fn a_base_stops_with_its_add_ons(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, recording_pool) = stage.add_on("recording", 4).await;
        let anna = stage.user("Anna").await;
        let rows = json!([{"product_id": stage.desk, "holder_id": anna},
            {"product_id": stage.phone, "holder_id": anna, "add_ons": [recording]}]);
        let made = stage.assign(rows).await.expect(201);
        let (desk, base) = (id(&made["assigned"][0]["id"]), id(&made["assigned"][1]["id"]));
        let preview = format!("{}?preview=true", path(base, "terminate"));
        let seen = stage.admin.post(&preview, json!({})).await.expect(200);
        assert_eq!((&seen["units"], &seen["add_ons"], seen["ended"].as_array().map(Vec::len)), (&json!(2), &json!(1), Some(2)));
        assert_eq!(app.balance(recording_pool).await, [4, 0, 1, 3], "a preview keeps nothing");
        stage.admin.post(&path(base, "terminate"), json!({})).await.expect(200);
        assert_eq!(app.balance(stage.phone_pool).await, [4, 0, 0, 4]);
        assert_eq!(app.balance(recording_pool).await, [3, 0, 0, 3]);
        let ended = stage.admin.get(&format!("/api/v1/assignments/{base}")).await.expect(200);
        assert_eq!(ended["ending"], "terminated");
        assert_eq!(stage.admin.post(&path(base, "terminate"), json!({})).await.code(409), "assignment.ended");
        let license = app.operator.get(&format!("/api/v1/licenses/{}", stage.desk_license)).await.expect(200);
        stage.admin.post(&path(desk, "terminate"), json!({})).await.expect(200);
        let after = app.operator.get(&format!("/api/v1/licenses/{}", stage.desk_license)).await.expect(200);
        assert_eq!((&after["quantity"], after["version"].as_i64()), (&json!(4), license["version"].as_i64().map(|it| it + 1)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A unit that was received goes back to the pool it came from.
    async fn received_units_go_back(app: TestApp) {
        let stage = Stage::set(&app, 1).await;
        let (root, share) = passed(&app, &stage, 4).await;
        let product = shared_product(&app).await;
        let bound = bind(&app, &stage, product, &["Anna", "Ben"]).await;
        let done = stage.admin.post(&path(bound[0], "terminate"), json!({})).await.expect(200);
        assert_eq!(done["pools"], json!([{"pool_id": share, "units": 1, "quantity": 3, "returned_to": root}]));
        assert_eq!(app.balance(share).await, [3, 0, 1, 2]);
        assert_eq!(app.balance(root).await, [10, 3, 0, 7]);
        stage.admin.post(&path(share, "terminate"), json!({"units": 2})).await.expect(200);
        assert_eq!((app.balance(share).await, app.balance(root).await), ([1, 0, 1, 0], [10, 1, 0, 9]));
        let own = stage.admin.post(&path(root, "terminate"), json!({"units": 1})).await;
        assert_eq!(own.code(404), "not_found", "the provider's own pool is not the customer's to end");
        let none = stage.admin.post(&path(share, "terminate"), json!({"units": 1})).await.expect(409);
        assert_eq!((&none["code"], &none["free"], &none["to_free"]), (&json!("subscription.below_use"), &json!(0), &json!(1)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A set stops whole or not at all, parent and child pool in one.
    async fn a_set_stops_whole(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let (root, share) = passed(&app, &stage, 4).await;
        let desk = bind(&app, &stage, stage.desk, &["Anna"]).await;
        let too_many = json!({"assignment_ids": desk, "pools": [{"pool_id": share, "units": 5}]});
        let set = "/api/v1/subscriptions/terminate";
        assert_eq!(stage.admin.post(set, too_many).await.code(409), "subscription.below_use");
        assert_eq!((app.balance(stage.desk_pool).await, app.balance(share).await), ([3, 0, 1, 2], [4, 0, 0, 4]));
        let both = json!({"assignment_ids": desk, "pools": [{"pool_id": share, "units": 2}, {"pool_id": root, "units": 3}]});
        assert_eq!(stage.admin.post(set, both.clone()).await.code(404), "not_found");
        let done = app.operator.post(set, both).await.expect(200);
        assert_eq!(done["units"], 6);
        assert_eq!((app.balance(root).await, app.balance(share).await), ([7, 2, 0, 5], [2, 0, 0, 2]));
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 0, 2]);
        assert_eq!(stage.admin.post(set, json!({})).await.field(), "rows.out_of_range");
        let none = json!({"pools": [{"pool_id": share, "units": 0}]});
        assert_eq!(stage.admin.post(set, none).await.field(), "units.out_of_range");
        app.operator.act(&format!("/api/v1/licenses/{}/terminate", stage.desk_license)).await.expect(200);
        let over = stage.admin.post(&path(stage.desk_pool, "terminate"), json!({"units": 1})).await;
        assert_eq!(over.code(409), "license.ended");
        app.prove();
        app.end().await;
    }
}
