//! Asking for units, and what comes of it.

use serde_json::json;

use crate::{activation::Market, both_engines, harness::id};

const REQUESTS: &str = "/api/v1/unit-requests";

both_engines! {
    /// A customer asks; the account manager sells it what it asked for, or says no; both read what came of it.
    async fn a_request_is_approved_or_refused(app: TestApp) {
        let market = Market::open(&app).await;
        let ask = |quantity: i64| json!({"organization_id": market.customer, "sku_id": market.sku, "quantity": quantity, "note": "For the lobby"});
        let first = market.admin.post(REQUESTS, ask(10)).await.expect(201);
        let second = market.admin.post(REQUESTS, ask(4)).await.expect(201);
        let third = market.admin.post(REQUESTS, ask(1)).await.expect(201);
        let path = |request: &serde_json::Value, verb: &str| format!("{REQUESTS}/{}/{verb}", id(&request["id"]));
        let waiting = format!("{REQUESTS}?organization_id={}&received=true&state=waiting", market.partner);
        assert_eq!(market.manager.get(&waiting).await.expect(200)["items"].as_array().map(Vec::len), Some(3));
        let given = json!({"sku_id": market.sku, "quantity": 8, "answer": "Eight for now"});
        let sold = market.manager.post(&path(&first, "approve"), given.clone()).await.expect(200);
        assert_eq!((id(&sold["license"]["organization_id"]), &sold["license"]["quantity"]), (market.customer, &json!(8)));
        assert_eq!(app.balance(market.pool).await, [50, 8, 0, 42]);
        assert_eq!(market.manager.post(&path(&first, "approve"), given).await.code(409), "request.decided");
        market.manager.post(&path(&second, "refuse"), json!({"answer": "Not this month"})).await.expect(200);
        market.admin.act(&path(&third, "withdraw")).await.expect(200);
        let mine = market.admin.get(&format!("{REQUESTS}?organization_id={}", market.customer)).await.expect(200);
        let mut states: Vec<&str> = mine["items"].as_array().expect("items").iter().filter_map(|it| it["state"].as_str()).collect();
        states.sort_unstable();
        assert_eq!(states, ["approved", "refused", "withdrawn"]);
        // More than there is stays a request that waits.
        let large = market.admin.post(REQUESTS, ask(60)).await.expect(201);
        let too_many = json!({"sku_id": market.sku, "quantity": 60});
        assert_eq!(market.manager.post(&path(&large, "approve"), too_many).await.code(409), "pool.exhausted");
        assert_eq!(market.manager.get(&waiting).await.expect(200)["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(market.admin.post(&path(&large, "refuse"), json!({})).await.code(404), "not_found");
        app.prove();
        app.end().await;
    }
}
