//! A customer's name and its units of several licenses, at once.

use serde_json::{Value, json};
use uuid::Uuid;

use super::Stage;
use crate::both_engines;

fn units(pool: Uuid, seen: i64, quantity: i64) -> Value {
    json!({"pool_id": pool, "seen": seen, "quantity": quantity})
}

both_engines! {
    /// The name and the units of two licenses change together, or not at all.
    async fn name_and_units_are_one_change(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, pool) = stage.customer(&app, "Aurora", 100).await;
        let path = format!("/api/v1/customers/{customer}");
        let body = json!({"name": "Aurora Clinics", "units": [units(stage.pool, 100, 150), units(stage.spare, 0, 20)]});
        let changed = stage.paula.patch(&path, body).await.expect(200);
        assert_eq!((&changed["name"], changed["pools"].as_array().map(Vec::len)), (&json!("Aurora Clinics"), Some(2)));
        assert_eq!(app.balance(stage.pool).await, [1_000, 150, 0, 850]);
        assert_eq!(app.balance(stage.spare).await, [20, 20, 0, 0]);
        assert_eq!(app.balance(pool).await, [150, 0, 0, 150]);
        let over = json!({"name": "Other", "units": [units(stage.pool, 150, 160), units(stage.spare, 20, 21)]});
        let refused = stage.paula.patch(&path, over).await.expect(409);
        assert_eq!((&refused["code"], &refused["rows"][0]["pool_id"], &refused["rows"][0]["excess"]),
            (&json!("pool.exhausted"), &json!(stage.spare), &json!(1)));
        assert_eq!(app.balance(stage.pool).await, [1_000, 150, 0, 850]);
        let shown = stage.paula.get(&format!("/api/v1/organizations/{customer}")).await.expect(200);
        assert_eq!(shown["name"], "Aurora Clinics");
        assert_eq!(stage.paula.patch(&path, json!({"name": "Aurora Clinics"})).await.code(422), "rows.unchanged");
        let twice = json!({"units": [units(stage.pool, 150, 160), units(stage.pool, 150, 170)]});
        assert_eq!(stage.paula.patch(&path, twice).await.field(), "duplicate");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A row that somebody changed says both values; one below its use says how many to free; each beside its pool.
    async fn each_row_is_refused_for_itself(app: TestApp) {
        let stage = Stage::set(&app).await;
        let (customer, pool) = stage.customer(&app, "Aurora", 100).await;
        let leaf = app.organization(customer, "customer", "Leaf").await;
        app.allocate(pool, leaf, 60).await;
        let path = format!("/api/v1/customers/{customer}");
        let body = json!({"units": [units(stage.pool, 100, 50), units(stage.spare, 3, 4)]});
        let refused = stage.paula.patch(&path, body).await.expect(409);
        let rows = refused["rows"].as_array().expect("rows");
        let of = |pool: Uuid| rows.iter().find(|row| row["pool_id"] == json!(pool)).expect("a row").clone();
        assert_eq!((&of(stage.pool)["code"], &of(stage.pool)["to_free"]), (&json!("allocation.below_use"), &json!(10)));
        let changed = of(stage.spare);
        assert_eq!((&changed["code"], &changed["seen"], &changed["current"], &changed["wanted"]),
            (&json!("allocation.changed"), &json!(3), &json!(0), &json!(4)));
        let renamed = stage.paula.request(reqwest::Method::PATCH, &path).header("If-Match", "\"7\"");
        let stale = crate::harness::send(renamed.json(&json!({"name": "New"}))).await;
        assert_eq!(stale.code(412), "version.stale");
        let reader = app.member(stage.partner, "reader").await;
        let body = json!({"units": [units(stage.pool, 100, 90)]});
        assert_eq!(reader.patch(&path, body.clone()).await.code(403), "permission.missing");
        let own = app.member(customer, "partner_administrator").await;
        assert_eq!(own.patch(&path, body.clone()).await.code(403), "permission.missing", "nobody takes units for themselves");
        let elsewhere = app.organization(app.provider, "partner", "Elsewhere").await;
        let stranger = app.member(elsewhere, "partner_administrator").await;
        assert_eq!(stranger.patch(&path, body).await.code(404), "not_found");
        let foreign = json!({"units": [units(stage.pool, 100, 90), units(Uuid::from_u128(7), 0, 1)]});
        assert_eq!(stage.paula.patch(&path, foreign).await.code(404), "not_found");
        assert_eq!(app.balance(stage.pool).await, [1_000, 100, 0, 900]);
        app.prove();
        app.end().await;
    }
}
