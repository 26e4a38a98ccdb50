//! Taking bindings back from the journal.

use serde_json::json;

use super::stage::Stage;
use crate::{
    both_engines,
    harness::{TestApp, id},
};

/// Takes back the latest entry of a command.
async fn undo(app: &TestApp, command: &str) -> crate::harness::Answer {
    let path = format!("/api/v1/journal?command={command}&limit=1");
    let list = app.operator.get(&path).await.expect(200);
    let entry = id(&list["items"][0]["id"]);
    app.operator
        .act(&format!("/api/v1/journal/{entry}/undo"))
        .await
}

both_engines! {
    /// Binding, freeing and handing on are taken back: units return, successors go on from what ended.
    async fn bindings_are_taken_back(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, recording_pool) = stage.add_on("recording", 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let rows = json!([{"product_id": stage.phone, "extension": "101", "number": "6567891230", "holder_id": anna, "add_ons": [recording]}]);
        app.clock.advance_seconds(60);
        stage.assign(rows.clone()).await.expect(201);
        undo(&app, "assignments.assign").await.expect(200);
        assert_eq!(app.balance(stage.phone_pool).await, [5, 0, 0, 5]);
        assert_eq!(app.balance(recording_pool).await, [5, 0, 0, 5]);
        app.clock.advance_seconds(60);
        let made = stage.assign(rows).await.expect(201);
        let base = id(&made["assigned"][0]["id"]);
        app.clock.advance_seconds(60);
        let moved = stage.admin.post(&format!("/api/v1/assignments/{base}/reassign"), json!({"holder_id": ben})).await.expect(200);
        undo(&app, "assignments.reassign").await.expect(200);
        let back = stage.admin.get(&format!("/api/v1/assignments?user_id={anna}")).await.expect(200);
        let back = back["items"].as_array().and_then(|all| all.iter().find(|it| it["base_id"].is_null())).expect("a base");
        assert_eq!((&back["follows_id"], &back["add_ons"]), (&json!(base), &json!(1)));
        let ended = stage.admin.get(&format!("/api/v1/assignments/{}", id(&moved["id"]))).await.expect(200);
        assert_eq!(ended["ending"], "undone");
        let base = id(&back["id"]);
        app.clock.advance_seconds(60);
        stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [base]})).await.expect(200);
        assert_eq!(app.balance(recording_pool).await, [5, 0, 0, 5]);
        undo(&app, "assignments.unassign").await.expect(200);
        assert_eq!(app.balance(stage.phone_pool).await, [5, 0, 1, 4]);
        assert_eq!(app.balance(recording_pool).await, [5, 0, 1, 4]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A unit comes back to whoever its extension belongs to by then.
    async fn a_unit_comes_back_to_whose_it_is_now(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let rows = json!([{"product_id": stage.phone, "extension": "101", "holder_id": anna}]);
        let made = stage.assign(rows).await.expect(201);
        let (base, extension) = (id(&made["assigned"][0]["id"]), id(&made["assigned"][0]["holder_id"]));
        app.clock.advance_seconds(60);
        stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [base]})).await.expect(200);
        let path = format!("/api/v1/holders/{extension}/hand-over");
        stage.admin.post(&path, json!({"owner_id": ben})).await.expect(200);
        stage.admin.post(&format!("/api/v1/holders/{anna}/leave"), json!({})).await.expect(200);
        undo(&app, "assignments.unassign").await.expect(200);
        let back = stage.admin.get(&format!("/api/v1/assignments?user_id={ben}")).await.expect(200);
        assert_eq!(back["items"][0]["follows_id"], json!(base));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What was built on a binding keeps it from being taken back, and whoever may not bind may not undo.
    async fn what_was_built_on_stays(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        app.clock.advance_seconds(60);
        let made = stage.assign(json!([{"product_id": stage.desk, "holder_id": anna}])).await.expect(201);
        let base = id(&made["assigned"][0]["id"]);
        app.clock.advance_seconds(60);
        stage.admin.post(&format!("/api/v1/assignments/{base}/reassign"), json!({"holder_id": ben})).await.expect(200);
        assert_eq!(undo(&app, "assignments.assign").await.code(409), "undo.built_on");
        undo(&app, "assignments.reassign").await.expect(200);
        assert_eq!(undo(&app, "assignments.reassign").await.code(409), "undo.already_undone");
        app.prove();
        app.end().await;
    }
}
