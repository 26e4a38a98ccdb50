//! Assignments through the door: binding, freeing, handing on, leaving.

mod add_ons;
mod extensions;
mod hands;
mod races;
pub mod stage;
mod undo;

use serde_json::{Value, json};
use stage::Stage;

use crate::both_engines;

both_engines! {
    /// A unit is bound to a holder and freed again: the pool says so at once, both records stay.
    async fn a_unit_is_bound_and_freed(app: TestApp) {
        let stage = Stage::set(&app, 3).await;
        let anna = stage.user("Anna Berg").await;
        let made = stage.assign(json!([{"product_id": stage.desk, "holder_id": anna}])).await.expect(201);
        assert_eq!(made["assigned"][0]["pool_id"], json!(stage.desk_pool));
        assert_eq!(app.balance(stage.desk_pool).await, [3, 0, 1, 2]);
        let id = made["assigned"][0]["id"].as_str().expect("an id").to_owned();
        let shown = stage.admin.get(&format!("/api/v1/assignments/{id}")).await.expect(200);
        assert_eq!((&shown["holder_name"], &shown["units"]), (&json!("Anna Berg"), &json!(1)));
        let freed = stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [id]})).await.expect(200);
        assert_eq!((&freed["units"], &freed["add_ons"]), (&json!(1), &json!(0)));
        assert_eq!(app.balance(stage.desk_pool).await, [3, 0, 0, 3]);
        let again = stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [id]})).await;
        assert_eq!(again.code(409), "assignment.ended");
        let path = format!("/api/v1/assignments?organization_id={}&with_ended=true", stage.customer);
        let all = stage.admin.get(&path).await.expect(200);
        assert_eq!((all["items"].as_array().map(Vec::len), &all["items"][0]["ending"]), (Some(1), &json!("unassigned")));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A holder has one unit of a product, unless the product allows more; then several at once.
    async fn one_unit_a_holder(app: TestApp) {
        let stage = Stage::set(&app, 10).await;
        let anna = stage.user("Anna").await;
        let desk = json!({"product_id": stage.desk, "holder_id": anna});
        stage.assign(json!([desk])).await.expect(201);
        assert_eq!(stage.assign(json!([desk])).await.code(409), "assignment.exists");
        let two = json!({"product_id": stage.desk, "holder_id": anna, "units": 2});
        assert_eq!(stage.assign(json!([two])).await.field(), "assignment.single");
        let room = json!({"product_id": stage.room, "holder_id": anna, "units": 4});
        stage.assign(json!([room, room])).await.expect(201);
        assert_eq!(app.balance(stage.room_pool).await, [10, 0, 8, 2]);
        let short = stage.assign(json!([room])).await.expect(409);
        assert_eq!((&short["code"], &short["free"]), (&json!("pool.exhausted"), &json!(2)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units come from the active pool that ends first; a named pool overrides; n units are not split.
    async fn what_ends_first_is_used_first(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let issue = |end: &str, quantity: i64| json!({"organization_id": stage.customer, "sku_id": stage.room_sku,
            "quantity": quantity, "start_date": "2026-01-01", "end_date": end});
        let mut pools = Vec::new();
        for (end, quantity) in [("2026-12-31", 2), ("2026-07-31", 3), ("2026-05-31", 9)] {
            let license = app.operator.post("/api/v1/licenses", issue(end, quantity)).await.expect(201);
            pools.push(license["pool_id"].clone());
        }
        let rooms = |units: i64, pool: Option<&Value>| json!([{"product_id": stage.room, "holder_id": stage.someone,
            "units": units, "pool_id": pool}]);
        let from = |made: Value| made["assigned"][0]["pool_id"].clone();
        assert_eq!(from(stage.assign(rooms(2, None)).await.expect(201)), pools[1], "it ends first; the third has ended");
        assert_eq!(from(stage.assign(rooms(2, None)).await.expect(201)), pools[0], "two are not split");
        assert_eq!(from(stage.assign(rooms(1, Some(&json!(stage.room_pool)))).await.expect(201)), json!(stage.room_pool));
        assert_eq!(stage.assign(rooms(1, Some(&pools[2]))).await.code(409), "pool.closed");
        assert_eq!(stage.assign(rooms(1, Some(&json!(stage.desk_pool)))).await.field(), "pool.unknown");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Many rows at once: one that cannot be done stops all, or the good ones are done and it is named.
    async fn many_at_once(app: TestApp) {
        let stage = Stage::set(&app, 2).await;
        let mut rows = Vec::new();
        for name in ["A", "B", "C"] {
            rows.push(json!({"product_id": stage.desk, "holder_id": stage.user(name).await}));
        }
        let short = stage.assign(json!(rows)).await.expect(409);
        assert_eq!((&short["code"], &short["rows"][0]["row"]), (&json!("pool.exhausted"), &json!(2)));
        assert_eq!(short["short"][0], json!({"product_id": stage.desk, "wanted": 3, "free": 2, "short": 1}));
        assert_eq!(app.balance(stage.desk_pool).await, [2, 0, 0, 2], "nothing is kept");
        let good = json!({"organization_id": stage.customer, "rows": rows, "mode": "good"});
        let made = stage.admin.post("/api/v1/assignments", good).await.expect(201);
        assert_eq!((made["assigned"].as_array().map(Vec::len), &made["refused"][0]["code"]), (Some(2), &json!("pool.exhausted")));
        let wrong = json!([{"product_id": stage.someone, "holder_id": stage.someone},
            {"product_id": stage.desk, "holder_id": stage.desk}, {"product_id": stage.desk}]);
        let wrong = stage.assign(wrong).await.expect(422);
        let fields: Vec<&str> = wrong["fields"].as_array().expect("fields").iter()
            .filter_map(|field| field["field"].as_str()).collect();
        assert_eq!(fields, ["rows[0].product_id", "rows[1].holder_id", "rows[2].holder_id"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is paused, ended or suspended binds nothing new, and gives back what it has.
    async fn states_gate_what_is_new(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let row = |holder| json!([{"product_id": stage.desk, "holder_id": holder, "pool_id": stage.desk_pool}]);
        let made = stage.assign(row(anna)).await.expect(201);
        let id = made["assigned"][0]["id"].clone();
        app.operator.act(&format!("/api/v1/licenses/{}/pause", stage.desk_license)).await.expect(200);
        assert_eq!(stage.assign(row(ben)).await.code(409), "pool.closed");
        let to_ben = json!({"holder_id": ben});
        let path = format!("/api/v1/assignments/{}/reassign", id.as_str().expect("an id"));
        assert_eq!(stage.admin.post(&path, to_ben.clone()).await.code(409), "pool.closed");
        app.operator.act(&format!("/api/v1/licenses/{}/resume", stage.desk_license)).await.expect(200);
        app.operator.act(&format!("/api/v1/organizations/{}/suspend", stage.customer)).await.expect(200);
        let as_operator = json!({"organization_id": stage.customer, "rows": row(ben)});
        assert_eq!(app.operator.post("/api/v1/assignments", as_operator).await.code(409), "pool.closed");
        assert_eq!(app.operator.post(&path, to_ben).await.code(409), "pool.closed");
        app.operator.post("/api/v1/assignments/unassign", json!({"ids": [id]})).await.expect(200);
        assert_eq!(app.balance(stage.desk_pool).await, [5, 0, 0, 5]);
        app.prove();
        app.end().await;
    }
}
