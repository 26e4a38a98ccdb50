//! The list as a file.

use serde_json::json;

use crate::{both_engines, imports::upload};

both_engines! {
    /// A file of the list, imported again, changes nothing; cells are no formulas; filters hold.
    async fn an_export_is_an_import(app: TestApp) {
        let sku = app.insert_sku("PHONE", Some("P1Y")).await;
        let named = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 7, "sales_order": "SO-2", "name": "=1+1",
            "note": "a, \"b\"\nc", "support_reference": "-9", "end_date": "2028-02-29"});
        app.operator.post("/api/v1/licenses", named).await.expect(201);
        let (_, pool) = app.license(app.provider, sku, 50).await;
        let partner = app.organization(app.provider, "partner", "Nordlicht").await;
        app.allocate(pool, partner, 20).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = browser.get("/licenses?q=so-").await.page(200);
        assert!(page.contains("formaction=\"/exports?list=licenses\""), "{page}");
        let place = "/exports?list=licenses";
        let file = browser.form(place, &[("format", "csv")]).await;
        assert_eq!(file.headers["content-type"], "text/csv; charset=utf-8");
        let text = file.page(200);
        assert!(text.contains("'=1+1") && text.contains("'-9") && text.lines().count() == 3, "{text}");
        assert_eq!(browser.form(place, &[("q", "so-2"), ("format", "csv")]).await.page(200).matches("PHONE").count(), 2, "the SKU and its product");
        let import = upload(&app.operator, "licenses", text.as_str()).await.expect(201);
        assert_eq!(import["counts"], json!({"create": 0, "update": 0, "same": 2, "bad": 0}), "{import}");
        let (inside, person) = app.browser_of(partner, "partner_administrator").await;
        let received = inside.form(place, &[("format", "csv")]).await.page(200);
        assert!(received.contains("SO-1,PHONE,20,(received)") && !received.contains("SO-2"), "{received}");
        let import = upload(&person, "licenses", received.as_str()).await.expect(201);
        assert_eq!(import["counts"]["bad"], 1, "what was received is not issued again: {import}");
        app.end().await;
    }
}
