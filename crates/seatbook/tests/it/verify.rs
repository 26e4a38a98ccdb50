//! `seatbook verify`: clean after honest work, and not to be fooled.

use serde_json::json;

use crate::both_engines;

both_engines! {
    /// After issuing, passing on, editing, pausing, moving and suspending, everything adds up.
    async fn honest_work_is_clean(app: TestApp) {
        let sku = app.insert_sku("FW", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "P").await;
        let customer = app.organization(partner, "customer", "C").await;
        let (license, pool) = app.license(app.provider, sku, 50).await;
        let child = app.allocate(pool, partner, 20).await;
        app.allocate(child, customer, 5).await;
        app.operator.patch(&format!("/api/v1/licenses/{license}"), json!({"quantity": 45, "start_date": "2026-05-05"})).await.expect(200);
        app.operator.act(&format!("/api/v1/licenses/{license}/pause")).await.expect(200);
        app.operator.act(&format!("/api/v1/organizations/{partner}/suspend")).await.expect(200);
        app.operator.put(&format!("/api/v1/pools/{pool}/allocations"), json!({"rows": [{"organization_id": partner, "seen": 20, "quantity": 6}]})).await.expect(200);
        let gone = app.license(app.provider, sku, 3).await.0;
        app.operator.delete(&format!("/api/v1/licenses/{gone}")).await.expect(200);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Units moved past the gate are found, by the sums and by the journal.
    async fn planted_damage_is_found(app: TestApp) {
        let sku = app.insert_sku("FW", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "P").await;
        let (_, pool) = app.license(app.provider, sku, 50).await;
        app.allocate(pool, partner, 20).await;
        app.tamper("UPDATE pool SET quantity = 21 WHERE quantity = 20").await;
        let (code, text) = app.verify();
        assert_eq!(code, 1);
        assert!(text.contains("expected 21, found 20"), "{text}");
        assert!(text.contains("quantity is 21, the journal adds up to 20"), "{text}");
        app.tamper("DELETE FROM organization_closure WHERE distance = 1").await;
        assert!(app.verify().1.contains("OFF  the closure of the tree"), "{text}");
        app.end().await;
    }
}
