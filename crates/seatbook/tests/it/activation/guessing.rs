//! The limits on guessing.

use serde_json::json;

use super::{Market, redeem};
use crate::{both_engines, harness::id};

both_engines! {
    /// Five wrong codes in an hour; the sixth try is refused even when it is right, also after the server was started
    /// again, and an hour later it is looked at.
    async fn the_sixth_guess_waits(app: TestApp) {
        let market = Market::open(&app).await;
        let (_, code) = market.unassigned(1).await;
        for number in 0..5 {
            let wrong = format!("AAAAAAA{number}");
            assert_eq!(redeem(&market.admin, market.customer, &wrong).await.code(422), "invalid");
        }
        let locked = redeem(&market.admin, market.customer, &code).await.expect(429);
        assert_eq!(locked["code"], "activation.locked");
        assert!(locked["retry_after"].as_i64().is_some_and(|seconds| (1..=3_601).contains(&seconds)));
        // What is pretended about where the request comes from makes no difference.
        let forwarded = market.admin.request(reqwest::Method::POST, "/api/v1/activation-codes/redeem")
            .header("x-forwarded-for", "198.51.100.7")
            .json(&json!({"organization_id": market.customer, "code": code}));
        assert_eq!(crate::harness::send(forwarded).await.code(429), "activation.locked");
        if let Some(beside) = app.beside().await {
            let admin = market.admin.at(beside.address);
            assert_eq!(redeem(&admin, market.customer, &code).await.code(429), "activation.locked");
            beside.end().await;
        }
        app.clock.advance_seconds(3_601);
        redeem(&market.admin, market.customer, &code).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A guess cannot be made by way of a preview, which nobody counts.
    async fn a_preview_is_no_guess(app: TestApp) {
        let market = Market::open(&app).await;
        let (_, code) = market.unassigned(1).await;
        let body = json!({"organization_id": market.customer, "code": code});
        let tried = market.admin.post("/api/v1/activation-codes/redeem?preview=true", body).await;
        assert_eq!(tried.code(400), "preview.not_offered");
        app.end().await;
    }
}

both_engines! {
    /// Past the partner's limit every redemption waits for the account manager, right or wrong.
    async fn the_account_manager_approves(app: TestApp) {
        let market = Market::open(&app).await;
        for guesser in 0..20 {
            let customer = app.organization(market.partner, "customer", &format!("Guesser {guesser}")).await;
            for number in 0..5 {
                redeem(&app.operator, customer, &format!("BBBBBB{number}C")).await.code(422);
            }
        }
        let (license, code) = market.unassigned(1).await;
        let right = redeem(&market.admin, market.customer, &code).await.expect(202);
        let wrong = redeem(&market.admin, market.customer, "CCCCCCCC").await.expect(202);
        let again = redeem(&market.admin, market.customer, &code).await.expect(202);
        assert_eq!(right["request_id"], again["request_id"]);
        let waiting = format!("/api/v1/redemption-requests?partner_id={}&state=waiting", market.partner);
        assert_eq!(market.manager.get(&waiting).await.expect(200)["items"].as_array().map(Vec::len), Some(2));
        let path = |answer: &serde_json::Value, verb: &str| format!("/api/v1/redemption-requests/{}/{verb}", id(&answer["request_id"]));
        let done = market.manager.act(&path(&right, "approve")).await.expect(200);
        assert_eq!(id(&done["license"]["id"]), license);
        assert_eq!(market.manager.act(&path(&wrong, "approve")).await.code(422), "invalid");
        assert_eq!(market.manager.act(&path(&wrong, "refuse")).await.code(409), "activation.decided");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// How many codes may live is said, and follows from the limits.
    async fn the_budget_is_said(app: TestApp) {
        let market = Market::open(&app).await;
        market.unassigned(1).await;
        let path = format!("/api/v1/activation-codes/limits?organization_id={}", market.partner);
        let limits = market.manager.get(&path).await.expect(200);
        assert_eq!(limits, json!({"customer_tries": 5, "partner_tries": 100, "live_codes": 1, "most_live_codes": 125_429}));
        app.end().await;
    }
}
