//! Licenses of a service plan renew with it: all of them, by the plan's term, or none.

use serde_json::json;
use uuid::Uuid;

use super::{at, issued, license, renewal};
use crate::{both_engines, harness::TestApp};

/// Two licenses of the provider as the parts of a plan of a quarter that began on 30 November.
async fn plan(app: &TestApp, renews: &str) -> [Uuid; 2] {
    let mut parts = vec![];
    for code in ["one", "two"] {
        let sku = app.insert_sku(code, Some("P1Y")).await;
        let days = json!({"start_date": "2026-11-30", "end_date": "2027-02-27"});
        parts.push(issued(app, sku, app.provider, days).await.0);
    }
    // As plans are given to customers elsewhere.
    for sql in [
        "INSERT INTO service_plan (id, code, name, edition, billing, term, auto_renews, notice_days, composition, created_at,
         version) SELECT s.id, 'P', 'Plan', 'full', 'yearly', 'P3M', TRUE, 30, 1, l.created_at, 1
         FROM sku s JOIN license l ON l.sku_id = s.id WHERE s.code = 'one'",
        &format!("INSERT INTO plan_subscription (id, organization_id, seller_id, plan_id, composition, declined, start_date,
         end_date, time_zone, auto_renews, notice_days, standing, created_at, version)
         SELECT l.id, l.organization_id, l.organization_id, p.id, 1, 0, l.start_date, l.end_date, l.time_zone, {renews}, 30,
         'running', l.created_at, 1 FROM license l JOIN service_plan p ON p.id = l.sku_id"),
        "INSERT INTO plan_subscription_part (subscription_id, license_id, position)
         SELECT b.id, l.id, 0 FROM plan_subscription b, license l",
    ] {
        app.tamper(sql).await;
    }
    [parts[0], parts[1]]
}

both_engines! {
    /// By the plan's term, not by their SKUs', and the plan with them; the day of the month is kept.
    async fn all_of_a_plan_renew_together(app: TestApp) {
        let parts = plan(&app, "TRUE").await;
        at(&app, "2027-02-27T23:00:00Z").await;
        assert_eq!(license(&app, parts[0]).await["end_date"], "2027-02-27");
        for (day, end) in [("2027-02-28", "2027-05-29"), ("2027-05-30", "2027-08-29"), ("2027-11-30", "2028-02-28")] {
            at(&app, &format!("{day}T00:00:00Z")).await;
            for own in parts {
                assert_eq!(license(&app, own).await["end_date"], end);
            }
        }
        let text = "SELECT CAST(start_date AS TEXT), CAST(end_date AS TEXT) FROM plan_subscription";
        assert_eq!(app.texts(text).await, "2027-11-30\n2028-02-28\n");
        let place = format!("/api/v1/organizations/{}/co-term", app.provider);
        let body = json!({"license_ids": [parts[0]], "end_date": "2028-01-31"});
        assert_eq!(app.operator.post(&place, body).await.code(409), "renewal.in_plan");
        app.end().await;
    }
}

both_engines! {
    /// Where the plan does not renew, none of its licenses does, although each would by itself.
    async fn nothing_of_a_plan_renews_alone(app: TestApp) {
        let parts = plan(&app, "FALSE").await;
        assert_eq!(renewal(&app, parts[0]).await["obstacle"], "plan_ends");
        at(&app, "2027-02-28T00:00:00Z").await;
        for own in parts {
            assert_eq!(license(&app, own).await["status"], "expired");
        }
        app.end().await;
    }
}
