//! Units that change hands, and holders that go.

use serde_json::json;

use super::stage::Stage;
use crate::{both_engines, harness::id};

both_engines! {
    /// Reassigning is one step: the old record ends, the new one goes on from it, add-ons come along.
    async fn a_unit_is_handed_on(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, recording_pool) = stage.add_on("recording", 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let made = stage.assign(json!([{"product_id": stage.phone, "holder_id": anna, "add_ons": [recording]}])).await.expect(201);
        let old = id(&made["assigned"][0]["id"]);
        let path = format!("/api/v1/assignments/{old}/reassign");
        let new = stage.admin.post(&path, json!({"holder_id": ben})).await.expect(200);
        assert_eq!(new["add_ons"][0]["product_id"], json!(recording));
        let shown = stage.admin.get(&format!("/api/v1/assignments/{}", id(&new["id"]))).await.expect(200);
        assert_eq!((&shown["holder_name"], &shown["follows_id"], &shown["add_ons"]), (&json!("Ben"), &json!(old), &json!(1)));
        let before = stage.admin.get(&format!("/api/v1/assignments/{old}")).await.expect(200);
        assert_eq!((&before["ending"], &before["holder_name"]), (&json!("reassigned"), &json!("Anna")));
        assert_eq!(app.balance(stage.phone_pool).await, [5, 0, 1, 4]);
        assert_eq!(app.balance(recording_pool).await, [5, 0, 1, 4]);
        assert_eq!(stage.admin.post(&path, json!({"holder_id": anna})).await.code(409), "assignment.ended");
        let path = format!("/api/v1/assignments/{}/reassign", id(&new["id"]));
        assert_eq!(stage.admin.post(&path, json!({"holder_id": ben})).await.code(409), "assignment.exists");
        let stranger = stage.stranger(&app).await;
        assert_eq!(stage.admin.post(&path, json!({"holder_id": stranger})).await.field(), "holder.unknown");
        assert_eq!(stage.admin.post(&path, json!({})).await.field(), "required");
        stage.assign(json!([{"product_id": stage.phone, "holder_id": anna}])).await.expect(201);
        assert_eq!(stage.admin.post(&path, json!({"holder_id": anna})).await.code(409), "assignment.exists");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An extension that changes hands by one of its units does so with all of them.
    async fn an_extension_goes_as_a_whole(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let fax = json!({"code": "fax", "name": "Fax", "has_extensions": true});
        let (fax, _, _, fax_pool) = stage.product(fax, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let row = |product, user| json!([{"product_id": product, "extension": "101", "holder_id": user}]);
        let made = stage.assign(row(stage.phone, anna)).await.expect(201);
        stage.assign(row(fax, anna)).await.expect(201);
        let path = format!("/api/v1/assignments/{}/reassign", id(&made["assigned"][0]["id"]));
        stage.admin.post(&path, json!({"holder_id": ben})).await.expect(200);
        let of_ben = stage.admin.get(&format!("/api/v1/assignments?user_id={ben}")).await.expect(200);
        assert_eq!(of_ben["items"].as_array().map(Vec::len), Some(2));
        stage.admin.post(&format!("/api/v1/holders/{anna}/leave"), json!({})).await.expect(200);
        assert_eq!(app.balance(fax_pool).await, [5, 0, 1, 4], "nothing of Ben's went with Anna");
        let third = json!({"code": "pager", "name": "Pager", "has_extensions": true});
        let third = stage.product(third, 5).await.0;
        stage.assign(row(third, stage.someone)).await.expect(201);
        let path = format!("/api/v1/assignments?user_id={}", stage.someone);
        assert_eq!(stage.admin.get(&path).await.expect(200)["items"].as_array().map(Vec::len), Some(3));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Whoever leaves frees everything in the same step; what belonged to them belongs to nobody; names are free.
    async fn a_holder_leaves(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, _) = stage.add_on("recording", 5).await;
        let body = json!({"organization_id": stage.customer, "name": "Anna", "email": "anna@acme.example"});
        let anna = stage.admin.post("/api/v1/holders", body.clone()).await.id();
        let rows = json!([{"product_id": stage.desk, "holder_id": anna},
            {"product_id": stage.phone, "holder_id": anna, "extension": "101", "add_ons": [recording]}]);
        stage.assign(rows).await.expect(201);
        assert_eq!(stage.admin.post("/api/v1/holders", body.clone()).await.field(), "holder.taken");
        let path = format!("/api/v1/holders/{anna}/leave");
        let preview = stage.admin.post(&format!("{path}?preview=true"), json!({})).await.expect(200);
        assert_eq!((&preview["units"], &preview["add_ons"]), (&json!(3), &json!(1)));
        stage.admin.post(&path, json!({})).await.expect(200);
        assert_eq!(app.balance(stage.desk_pool).await, [5, 0, 0, 5]);
        assert_eq!(app.balance(stage.phone_pool).await, [5, 0, 0, 5]);
        let extension = stage.admin.get("/api/v1/holders?q=101").await.expect(200);
        assert_eq!(extension["items"][0]["owner_id"], json!(null));
        assert_eq!(stage.admin.post(&path, json!({})).await.code(409), "holder.left");
        let row = json!([{"product_id": stage.desk, "holder_id": anna}]);
        assert_eq!(stage.assign(row).await.field(), "holder.unknown");
        stage.admin.post("/api/v1/holders", body).await.expect(201);
        stage.admin.post(&path, json!({"erase": true})).await.expect(200);
        let erased = stage.admin.get(&format!("/api/v1/holders/{anna}")).await.expect(200);
        assert_eq!((&erased["name"], &erased["email"]), (&json!("(erased)"), &json!(null)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A device changes hands with the records of its units.
    async fn a_device_is_handed_over(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let body = json!({"organization_id": stage.customer, "kind": "device", "serial": "SN-1", "owner_id": anna});
        let device = stage.admin.post("/api/v1/holders", body).await.id();
        let made = stage.assign(json!([{"product_id": stage.desk, "holder_id": device}])).await.expect(201);
        let old = made["assigned"][0]["id"].clone();
        let path = format!("/api/v1/holders/{device}/hand-over");
        let given = stage.admin.post(&path, json!({"owner_id": ben})).await.expect(200);
        assert_eq!(given["owner_name"], "Ben");
        let of_ben = stage.admin.get(&format!("/api/v1/assignments?user_id={ben}")).await.expect(200);
        assert_eq!((&of_ben["items"][0]["follows_id"], &of_ben["items"][0]["holder_name"]), (&old, &json!("SN-1")));
        assert_eq!(stage.admin.post(&path, json!({"owner_id": device})).await.field(), "holder.unknown");
        assert_eq!(app.balance(stage.desk_pool).await, [5, 0, 1, 4]);
        app.prove();
        app.end().await;
    }
}
