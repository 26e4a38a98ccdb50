//! Units that run low are told of once for each fall.

use serde_json::json;
use uuid::Uuid;

use super::{Desk, address, after_days, mails, say, subjects, sweep, told};
use crate::{both_engines, harness::TestApp};

const KIND: &str = "low_pool";

/// Passes units on, or takes them back.
async fn pass(app: &TestApp, (pool, child): (Uuid, Uuid), units: i64) {
    let body = json!({"pool_id": pool, "organization_id": child, "units": units});
    app.operator
        .post("/api/v1/allocations", body)
        .await
        .expect(201);
}

both_engines! {
    /// Told when they fall below the number, not again while they are there, and again after there were enough.
    async fn units_fall_and_are_enough_again(app: TestApp) {
        let desk = Desk::set(&app).await;
        let (license, pool) = app.license(desk.partner, desk.sku, 10).await;
        let place = (pool, desk.customer);
        say(&app, license, json!({"low_units": 3, "lead_days": []})).await;
        pass(&app, place, 7).await;
        sweep(&app).await;
        assert!(subjects(&app, KIND, desk.partner).await.is_empty(), "three are free: not below three");
        pass(&app, place, 1).await;
        tokio::join!(sweep(&app), sweep(&app), sweep(&app));
        sweep(&app).await;
        let first = mails(&app, KIND, desk.partner).await;
        assert_eq!((first.len(), first[0].0.clone()), (1, address(&app, &desk.manager).await));
        assert_eq!(first[0].1, "SIGN: 2 devices free");
        assert!(first[0].2.contains("2 devices free, of 10"), "{}", first[0].2);
        // Whoever sold it to the partner is told too: the provider.
        assert_eq!(subjects(&app, KIND, app.provider).await, ["SIGN: 2 devices free"]);
        pass(&app, place, 1).await;
        after_days(&app, 1).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await.len(), 1, "still low");
        pass(&app, place, -2).await;
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await.len(), 1, "three again: armed");
        pass(&app, place, 3).await;
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await, ["SIGN: 2 devices free", "SIGN: 0 devices free"]);
        assert_eq!(told(&app, license).await.len(), 4);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A share of all units, together with a number; another threshold is watched anew, none is not watched. All that
    /// ran low at once is one mail.
    async fn a_threshold_is_a_number_or_a_share(app: TestApp) {
        let desk = Desk::set(&app).await;
        let (one, first) = app.license(desk.partner, desk.sku, 200).await;
        let (other, second) = app.license(desk.partner, desk.sku, 10).await;
        say(&app, one, json!({"low_percent": 10, "audience": "customer", "lead_days": []})).await;
        say(&app, other, json!({"low_percent": 50, "low_units": 2, "audience": "customer", "lead_days": []})).await;
        pass(&app, (first, desk.customer), 181).await;
        pass(&app, (second, desk.customer), 6).await;
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await, ["2 licenses run low"]);
        assert!(subjects(&app, KIND, app.provider).await.is_empty());
        let path = format!("/api/v1/licenses/{one}/notices");
        assert!(app.operator.get(&path).await.expect(200)["low_since"].is_string());
        say(&app, other, json!({"low_units": 5, "audience": "customer", "lead_days": []})).await;
        say(&app, one, json!({"audience": "customer", "lead_days": []})).await;
        assert!(app.operator.get(&path).await.expect(200)["low_since"].is_null());
        app.clock.advance_seconds(60);
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await, ["2 licenses run low", "SIGN: 4 devices free"]);
        // One that is over is not watched, nor is one whose reader is suspended told.
        app.operator.act(&format!("/api/v1/licenses/{other}/terminate")).await.expect(200);
        pass(&app, (first, desk.customer), 1).await;
        sweep(&app).await;
        assert_eq!(subjects(&app, KIND, desk.partner).await.len(), 2);
        app.prove();
        app.end().await;
    }
}
