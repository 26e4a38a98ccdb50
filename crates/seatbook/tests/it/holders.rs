//! Holders through the door.

use serde_json::{Value, json};

use crate::both_engines;

both_engines! {
    /// Users, devices, screens and extensions are added, found by any field and changed.
    async fn holders_are_kept_and_found(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let add = |body: Value| {
            let mut body = body;
            body["organization_id"] = json!(customer);
            app.operator.post("/api/v1/holders", body)
        };
        let anna = json!({"name": " Anna  Berg ", "email": "Anna@Acme.example", "reference": "HR-7"});
        let anna = add(anna).await.id();
        add(json!({"kind": "device", "serial": "SN-0042", "owner_id": anna})).await.expect(201);
        add(json!({"kind": "screen", "name": "Lobby"})).await.expect(201);
        add(json!({"kind": "extension", "extension": "0101", "did": "+65 6789-1230"})).await.expect(201);
        for (keyword, name) in [("berg", "Anna Berg"), ("anna@acme", "Anna Berg"), ("hr-7", "Anna Berg"), ("0042", "SN-0042"),
            ("0101", "Extension 0101"), ("67891230", "Extension 0101"), ("%2B65 6789", "Extension 0101"), ("lob", "Lobby")] {
            let found = app.operator.get(&format!("/api/v1/holders?q={keyword}")).await.expect(200);
            assert_eq!(found["items"][0]["name"], name, "{keyword}");
        }
        let owned = app.operator.get(&format!("/api/v1/holders?owner_id={anna}")).await.expect(200);
        assert_eq!((&owned["items"][0]["kind"], &owned["items"][0]["owner_name"]), (&json!("device"), &json!("Anna Berg")));
        let path = format!("/api/v1/holders/{anna}");
        let edited = app.operator.put(&path, json!({"name": "Anna Hill", "email": "anna@acme.example"})).await.expect(200);
        assert_eq!((&edited["name"], &edited["reference"], &edited["version"]), (&json!("Anna Hill"), &json!(null), &json!(2)));
        assert!(app.operator.get("/api/v1/holders?q=hr-7").await.expect(200)["items"].as_array().expect("items").is_empty());
        let entries = app.texts("SELECT CAST(input AS TEXT), coalesce(CAST(outcome AS TEXT), '') FROM journal").await;
        let rows = app.texts("SELECT coalesce(CAST(before AS TEXT), ''), coalesce(CAST(after AS TEXT), '') FROM change").await;
        let told = [entries, rows].concat();
        assert!(!told.contains("Anna") && !told.contains("6789"), "the journal holds personal data");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is wrong with a holder is named by its field.
    async fn bad_holders_are_named(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Acme").await;
        let add = |body: Value| {
            let mut body = body;
            body["organization_id"] = json!(customer);
            app.operator.post("/api/v1/holders", body)
        };
        for (body, code) in [
            (json!({}), "required"),
            (json!({"name": "A", "email": "nobody"}), "email.invalid"),
            (json!({"name": "A", "extension": "12"}), "extension.invalid"),
            (json!({"name": "A", "did": "twelve"}), "number.invalid"),
            (json!({"kind": "extension", "name": "A"}), "required"),
            (json!({"name": "A", "owner_id": customer}), "holder.user_has_no_owner"),
            (json!({"kind": "device", "name": "A", "owner_id": customer}), "holder.unknown"),
        ] {
            assert_eq!(add(body).await.field(), code);
        }
        add(json!({"name": "A", "extension": "101"})).await.expect(201);
        assert_eq!(add(json!({"kind": "extension", "extension": " 101 "})).await.field(), "holder.taken");
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let there = json!({"organization_id": elsewhere, "name": "A", "extension": "101"});
        app.operator.post("/api/v1/holders", there).await.expect(201);
        app.end().await;
    }
}
