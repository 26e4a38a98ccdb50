//! Add-ons: what fits, what goes along, what is refused.

use serde_json::json;

use super::stage::Stage;
use crate::{both_engines, harness::id};

both_engines! {
    /// Twenty and more are bound at once, each once; freeing the base frees them, and a preview says so.
    async fn add_ons_go_with_their_base(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let mut add_ons = Vec::new();
        for number in 0..22 {
            add_ons.push(stage.add_on(&format!("add_on_{number}"), 5).await);
        }
        let ids: Vec<_> = add_ons.iter().map(|(id, _)| *id).collect();
        let anna = stage.user("Anna").await;
        let made = stage.assign(json!([{"product_id": stage.phone, "holder_id": anna, "add_ons": [ids[0]]}])).await.expect(201);
        let base = id(&made["assigned"][0]["id"]);
        let path = format!("/api/v1/assignments/{base}/add-ons");
        let bound = stage.admin.post(&path, json!({"product_ids": ids[1..]})).await.expect(201);
        assert_eq!(bound["assigned"].as_array().map(Vec::len), Some(21));
        let twice = stage.admin.post(&path, json!({"product_ids": [ids[3]]})).await;
        assert_eq!(twice.code(409), "add_on.bound");
        let shown = stage.admin.get(&format!("/api/v1/assignments/{base}")).await.expect(200);
        assert_eq!(shown["add_ons"], 22);
        let one = bound["assigned"][0]["id"].clone();
        stage.admin.post("/api/v1/assignments/unassign", json!({"ids": [one]})).await.expect(200);
        let free = json!({"ids": [base]});
        let preview = stage.admin.post("/api/v1/assignments/unassign?preview=true", free.clone()).await.expect(200);
        assert_eq!((&preview["units"], &preview["add_ons"]), (&json!(22), &json!(21)));
        assert_eq!(app.balance(add_ons[5].1).await, [5, 0, 1, 4], "a preview keeps nothing");
        stage.admin.post("/api/v1/assignments/unassign", free).await.expect(200);
        for (_, pool) in add_ons {
            assert_eq!(app.balance(pool).await, [5, 0, 0, 5]);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An add-on fits the bases it is made for, stands once in a row, and stands on no other add-on.
    async fn add_ons_fit_their_base(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (recording, _) = stage.add_on("recording", 5).await;
        let anna = stage.user("Anna").await;
        let desk = stage.assign(json!([{"product_id": stage.desk, "holder_id": anna, "add_ons": [recording]}])).await;
        assert_eq!(desk.field(), "add_on.does_not_fit");
        let twice = json!([{"product_id": stage.phone, "holder_id": anna, "add_ons": [recording, recording]}]);
        assert_eq!(stage.assign(twice).await.field(), "add_on.duplicate");
        assert_eq!(stage.assign(json!([{"product_id": recording, "holder_id": anna}])).await.field(), "assignment.unknown");
        let made = stage.assign(json!([{"product_id": stage.desk, "holder_id": anna}])).await.expect(201);
        let base = id(&made["assigned"][0]["id"]);
        let path = format!("/api/v1/assignments/{base}/add-ons");
        assert_eq!(stage.admin.post(&path, json!({"product_ids": [recording]})).await.field(), "add_on.does_not_fit");
        let fits = format!("/api/v1/products/{recording}/fits");
        assert_eq!(app.operator.put(&fits, json!({"base_ids": [recording]})).await.field(), "product.not_base");
        app.operator.put(&fits, json!({"base_ids": [stage.desk, stage.phone]})).await.expect(200);
        let made = stage.admin.post(&path, json!({"product_ids": [recording]})).await.expect(201);
        let add_on = id(&made["assigned"][0]["id"]);
        let on_it = format!("/api/v1/assignments/{add_on}/add-ons");
        assert_eq!(stage.admin.post(&on_it, json!({"product_ids": [recording]})).await.field(), "assignment.unknown");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// An add-on that ends before or after its base is told of.
    async fn ends_that_differ_are_told(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let product = json!({"code": "late", "name": "Late", "kind": "add_on"});
        let late = app.operator.post("/api/v1/products", product).await.id();
        let sku = json!({"code": "late", "name": "late", "product_id": late, "validity": "P3Y"});
        let sku = app.operator.post("/api/v1/skus", sku).await.id();
        app.license(stage.customer, sku, 1).await;
        app.operator.put(&format!("/api/v1/products/{late}/fits"), json!({"base_ids": [stage.phone]})).await.expect(200);
        let made = stage.assign(json!([{"product_id": stage.phone, "holder_id": stage.someone, "add_ons": [late]}])).await.expect(201);
        assert_eq!(made["notices"][0]["code"], "add_on.outlives_base");
        app.end().await;
    }
}
