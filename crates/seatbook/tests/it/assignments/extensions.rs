//! Units of a product with extensions: an extension uses them, a user may stand behind it.

use serde_json::json;

use super::stage::Stage;
use crate::{both_engines, harness::id};

both_engines! {
    /// An extension is made with its unit, with or without a user, and changes hands without losing its digits.
    async fn an_extension_gets_a_unit(app: TestApp) {
        let stage = Stage::set(&app, 5).await;
        let (anna, ben) = (stage.user("Anna").await, stage.user("Ben").await);
        let rows = json!([
            {"product_id": stage.phone, "extension": "0101", "number": "+65 6789 1230", "holder_id": anna},
            {"product_id": stage.phone, "extension": "101"},
        ]);
        let made = stage.assign(rows).await.expect(201);
        let (first, second) = (id(&made["assigned"][0]["id"]), id(&made["assigned"][1]["id"]));
        let shown = stage.admin.get(&format!("/api/v1/assignments/{first}")).await.expect(200);
        assert_eq!((&shown["extension"], &shown["did"]), (&json!("0101"), &json!("6567891230")));
        assert_eq!((&shown["user_name"], &shown["holder_kind"]), (&json!("Anna"), &json!("extension")));
        let path = format!("/api/v1/assignments/{second}/reassign");
        let moved = stage.admin.post(&path, json!({"holder_id": ben})).await.expect(200);
        let found = stage.admin.get("/api/v1/assignments?q=Ben").await.expect(200);
        assert_eq!((&found["items"][0]["id"], &found["items"][0]["extension"]), (&moved["id"], &json!("101")));
        let found = stage.admin.get("/api/v1/assignments?q=%2B65%206789").await.expect(200);
        assert_eq!(found["items"][0]["id"], json!(first), "a number is found in any spelling");
        assert_eq!(app.balance(stage.phone_pool).await, [5, 0, 2, 3], "no unit moved");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is wrong with an extension or number is named by its field.
    async fn bad_extensions_are_named(app: TestApp) {
        let stage = Stage::set(&app, 9).await;
        let row = |extension: &str, number: Option<&str>| json!([{"product_id": stage.phone, "extension": extension, "number": number}]);
        stage.assign(row("101", Some("6567891230"))).await.expect(201);
        for (rows, code) in [
            (row("10", None), "extension.invalid"),
            (row("10a", None), "extension.invalid"),
            (row("102", Some("call me")), "number.invalid"),
            (row("102", Some("+6567891230")), "number.taken"),
            (json!([{"product_id": stage.desk, "extension": "102"}]), "product.no_extensions"),
            (json!([{"product_id": stage.phone, "holder_id": stage.someone, "number": "6567891299"}]), "number.without_extension"),
        ] {
            assert_eq!(stage.assign(rows).await.field(), code);
        }
        assert_eq!(stage.assign(row("101", None)).await.code(409), "assignment.exists");
        let twice = json!([{"product_id": stage.phone, "extension": "103"}, {"product_id": stage.phone, "extension": "103"}]);
        assert_eq!(stage.assign(twice).await.field(), "extension.duplicate");
        let carried = json!({"organization_id": stage.customer, "name": "Carla", "extension": "104"});
        let carla = stage.admin.post("/api/v1/holders", carried).await.id();
        let other = json!([{"product_id": stage.phone, "extension": "104", "holder_id": stage.someone}]);
        assert_eq!(stage.assign(other).await.code(409), "extension.taken");
        let own = json!([{"product_id": stage.phone, "extension": "104", "holder_id": carla}]);
        let made = stage.assign(own).await.expect(201);
        assert_eq!(made["assigned"][0]["holder_id"], json!(carla), "a user may carry an extension themselves");
        let good = json!({"organization_id": stage.customer, "rows": [{"product_id": stage.phone, "extension": "104"}], "mode": "good"});
        let refused = stage.admin.post("/api/v1/assignments", good).await.expect(201);
        assert!(refused["refused"][0]["message"].as_str().is_some_and(|said| said.contains("Carla")), "{refused}");
        let told = app.texts("SELECT CAST(input AS TEXT), coalesce(CAST(outcome AS TEXT), '') FROM journal").await;
        assert!(!told.contains("Carla") && !told.contains("6567891230"), "the journal holds personal data");
        let kept = app.texts("SELECT key, answer FROM request_key").await;
        assert!(!kept.contains("Carla"), "a kept answer holds personal data in clear");
        app.prove();
        app.end().await;
    }
}
