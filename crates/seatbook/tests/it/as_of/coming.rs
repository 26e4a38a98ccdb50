//! Days to come: what is foretold is what the clock does.

use seatbook::{offboarding, renewals};
use serde_json::{Value, json};
use store::Timestamp;
use uuid::Uuid;

use super::{customers, issued, now, on, path};
use crate::{both_engines, harness::TestApp};

/// Moves the clock to the end of a day, and does what is due.
async fn evening(app: &TestApp, date: &str) {
    let now = format!("{date}T23:59:59Z").parse().expect("an instant");
    let now = Timestamp::new(now);
    app.clock.set(now);
    offboarding::sweep::run(&app.app, now)
        .await
        .expect("it sweeps");
    renewals::sweep::run(&app.app, now)
        .await
        .expect("it sweeps");
}

async fn decide(app: &TestApp, pool: Uuid, verb: &str, body: Value) {
    let path = format!("/api/v1/subscriptions/{pool}/{verb}");
    app.operator.post(&path, body).await.expect(200);
}

/// A license of a seller's customer, drawn from the seller's pool: license and pool.
async fn sold(app: &TestApp, (seller, customer): (Uuid, Uuid), code: &str) -> (Uuid, Uuid) {
    let sku = app
        .operator
        .get(&format!("/api/v1/skus?q={code}"))
        .await
        .expect(200);
    let sale = json!({"seller_id": seller, "customer_id": customer, "sku_id": sku["items"][0]["id"], "quantity": 8});
    let sold = app.operator.post("/api/v1/licenses/sell", sale).await;
    crate::harness::ids(&sold.expect(201)["license"])
}

both_engines! {
    /// Beginning, ending, renewing with more and with fewer units, twice; leaving: each day is foretold as it comes.
    async fn days_come_as_they_were_foretold(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        let leaver = app.organization(partner, "customer", "Leaver").await;
        let stayer = app.organization(partner, "customer", "Stayer").await;
        let (_, grows) = issued(&app, "GROWS", json!({"end_date": "2026-09-30"})).await;
        decide(&app, grows, "renewal", json!({"quantity": 90})).await;
        let (_, shrinks) = issued(&app, "SHRINKS", json!({"end_date": "2026-09-30"})).await;
        decide(&app, shrinks, "unsubscribe", json!({"units": 12})).await;
        let (_, stops) = issued(&app, "STOPS", json!({"end_date": "2026-10-31"})).await;
        decide(&app, stops, "unsubscribe", json!({})).await;
        issued(&app, "LATER", json!({"start_date": "2026-11-01"})).await;
        let (_, stock) = issued(&app, "STOCK", json!({"quantity": 200})).await;
        let share = app.allocate(stock, partner, 150).await;
        let below = app.allocate(share, leaver, 40).await;
        app.allocate(share, stayer, 30).await;
        decide(&app, below, "unsubscribe", json!({"units": 5})).await;
        sold(&app, (partner, stayer), "STOCK").await;
        let leaving = json!({"contact": "Anna Berg", "reason": "Moves", "leaves_on": "2027-08-01"});
        app.operator.post(&format!("/api/v1/customers/{leaver}/offboarding"), leaving).await.expect(201);

        let days = ["2026-09-30", "2026-10-01", "2026-11-15", "2027-05-31", "2027-06-01", "2027-07-31", "2027-08-01",
            "2027-10-02", "2028-12-24"];
        let places = [app.provider, partner, leaver, stayer];
        let mut foretold = Vec::new();
        for day in days {
            let mut seen = Vec::new();
            for place in places {
                seen.push(on(&app.operator, place, day).await);
            }
            let passed = (customers(&app.operator, stock, day).await, customers(&app.operator, share, day).await);
            foretold.push((day, seen, passed));
        }
        for (day, seen, passed) in foretold {
            evening(&app, day).await;
            for (place, seen) in places.iter().zip(seen) {
                assert_eq!(seen, now(&app.operator, *place).await, "{day}");
            }
            assert_eq!(passed.0, customers(&app.operator, stock, day).await, "{day}");
            assert_eq!(passed.1, customers(&app.operator, share, day).await, "{day}");
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// States are those of that day, and nothing is written by looking.
    async fn states_are_those_of_the_day(app: TestApp) {
        let (license, _) = issued(&app, "STOPS", json!({"start_date": "2026-07-01", "end_date": "2026-07-31"})).await;
        let pool = app.operator.get(&format!("/api/v1/licenses/{license}")).await.expect(200)["pool_id"].clone();
        app.clock.advance_seconds(60);
        decide(&app, pool.as_str().expect("an id").parse().expect("an id"), "unsubscribe", json!({})).await;
        let state = async |day: &str| {
            let list = app.operator.get(&path(app.provider, day)).await.expect(200);
            (list["items"][0]["status"].clone(), list["items"][0]["available"].clone())
        };
        assert_eq!(state("2026-06-01").await, (json!("scheduled"), json!(0)));
        assert_eq!(state("2026-06-30").await, (json!("scheduled"), json!(0)));
        assert_eq!(state("2026-07-01").await, (json!("active"), json!(50)));
        assert_eq!(state("2026-07-31").await, (json!("active"), json!(50)));
        assert_eq!(state("2026-08-01").await, (json!("expired"), json!(0)));
        let entries = app.operator.get("/api/v1/journal?limit=200").await.expect(200);
        let last = entries["items"][0]["command"].clone();
        assert_eq!(last, "subscriptions.unsubscribe");
        app.prove();
        app.end().await;
    }
}
