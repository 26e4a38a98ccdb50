//! Taking a customer in: all of it, once, or nothing.

use serde_json::{Value, json};

use super::{Stage, column};
use crate::{
    both_engines,
    harness::{Browser, PASSWORD, id},
};

const PATH: &str = "/api/v1/customers";

both_engines! {
    /// Organization, address, units of two licenses and an administrator who signs in: one step, one entry, once.
    async fn one_step_makes_a_customer(app: TestApp) {
        let stage = Stage::set(&app).await;
        let body = stage.newcomer("Aurora Hospitals GmbH", json!({
            "website": "aurora.example", "tax_id": "DE123456789", "administrator_email": "anna@aurora.example",
            "address": {"street": "Weg 1", "postcode": "10115", "city": "Berlin", "country": "de"},
            "units": [{"pool_id": stage.pool, "units": 100}, {"pool_id": stage.spare, "units": 5}]}));
        let preview = stage.paula.post(&format!("{PATH}?preview=true"), body.clone()).await.expect(200);
        assert_eq!((&preview["pools"][0]["free"], &preview["invitation"]["link"]), (&json!(900), &json!("")));
        assert_eq!(app.balance(stage.pool).await, [1_000, 0, 0, 1_000], "nothing was kept");
        let made = stage.paula.post_with_key(PATH, "once", body.clone()).await.expect(201);
        let again = stage.paula.post_with_key(PATH, "once", body).await.expect(201);
        assert_eq!(made, again);
        assert_eq!(app.balance(stage.pool).await, [1_000, 100, 0, 900]);
        assert_eq!(app.balance(stage.spare).await, [20, 5, 0, 15]);
        let list = stage.paula.get(&stage.list()).await.expect(200);
        assert_eq!(column(&list, "name"), [json!("Aurora Hospitals GmbH")]);
        let profile = format!("/api/v1/organizations/{}/billing-profile", id(&made["id"]));
        let profile = stage.paula.get(&profile).await.expect(200);
        assert_eq!((&profile["country"], &profile["vat_id"], &profile["legal_name"]),
            (&json!("DE"), &json!("DE123456789"), &json!("Aurora Hospitals GmbH")));
        let anna = Browser::new(app.address);
        let link = anna.path(made["invitation"]["link"].as_str().expect("a link"));
        anna.form(&link, &[("name", "Anna Berg"), ("password", PASSWORD)]).await.goes("/");
        let me = anna.get("/api/v1/me").await.expect(200);
        assert_eq!(id(&me["grants"][0]["organization_id"]), id(&made["id"]), "{me}");
        let texts = app.texts("SELECT command, CAST(input AS TEXT) FROM journal").await;
        assert!(!texts.contains("anna@aurora") && !texts.contains("Weg 1"), "personal data stays out of the journal");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What a pool does not give is said beside its row, with all others, and nothing is left behind.
    async fn all_or_nothing(app: TestApp) {
        let stage = Stage::set(&app).await;
        let units = json!([{"pool_id": stage.pool, "units": 10}, {"pool_id": stage.spare, "units": 21}]);
        let body = stage.newcomer("Aurora", json!({"units": units, "administrator_email": "anna@aurora.example"}));
        let refused = stage.paula.post(PATH, body).await.expect(409);
        assert_eq!(refused["code"], "pool.exhausted");
        assert_eq!((&refused["fields"][0]["field"], &refused["rows"][0]["free"], &refused["rows"][0]["pool_id"]),
            (&json!("units[1].units"), &json!(20), &json!(stage.spare)));
        let both = json!([{"pool_id": stage.pool, "units": 1_001}, {"pool_id": stage.spare, "units": 0}]);
        let refused = stage.paula.post(PATH, stage.newcomer("Aurora", json!({"units": both}))).await.expect(409);
        assert_eq!(refused["fields"].as_array().map(Vec::len), Some(2), "{refused}");
        for (wrong, field) in [
            (json!({"administrator_email": "nobody"}), "administrator_email"),
            (json!({"address": {"country": "Germany"}}), "address.country"),
            (json!({"time_zone": "Berlin"}), "time_zone"),
        ] {
            let refused = stage.paula.post(PATH, stage.newcomer("Aurora", wrong)).await.expect(422);
            assert_eq!(refused["fields"][0]["field"], field, "{refused}");
        }
        assert_eq!(app.balance(stage.pool).await, [1_000, 0, 0, 1_000]);
        let found = stage.paula.get("/api/v1/organizations?q=aurora").await.expect(200);
        assert_eq!(found["items"], json!([]));
        assert_eq!(stage.paula.get("/api/v1/invitations").await.expect(200)["items"], json!([]));
        let manager = app.member(stage.partner, "account_manager").await;
        let asks = stage.newcomer("Aurora", json!({"administrator_email": "anna@aurora.example"}));
        let refused = manager.post(PATH, asks).await.expect(403);
        assert_eq!(refused["permission"], "people.edit");
        let units = json!({"units": [{"pool_id": stage.pool, "units": 1}]});
        manager.post(PATH, stage.newcomer("Aurora", units)).await.expect(201);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Names that sound alike are told once; those outside the caller's subtree never.
    async fn what_sounds_alike_is_told(app: TestApp) {
        let stage = Stage::set(&app).await;
        stage.customer(&app, "Aurora Hospitals GmbH", 1).await;
        app.organization(app.provider, "customer", "Secret Clinics").await;
        for name in ["AURORA HOSPITALS Ltd.", "Aurora Hospital", "Hospitals Aurora"] {
            let refused = stage.paula.post(PATH, stage.newcomer(name, json!({}))).await.expect(409);
            assert_eq!(refused["code"], "customer.near_duplicate", "{name}");
            assert_eq!(refused["duplicates"][0]["name"], "Aurora Hospitals GmbH");
        }
        let other = stage.paula.post(PATH, stage.newcomer("Secret Clinics", json!({}))).await.expect(201);
        assert_eq!(other["duplicates"], json!([]));
        let body = stage.newcomer("Aurora Hospital", json!({"accept_duplicates": true}));
        let made = stage.paula.post(PATH, body).await.expect(201);
        assert_eq!(made["duplicates"][0]["name"], "Aurora Hospitals GmbH");
        let none: Option<&Value> = made["invitation"].as_object().map(|_| &made);
        assert_eq!(none, None);
        app.end().await;
    }
}
