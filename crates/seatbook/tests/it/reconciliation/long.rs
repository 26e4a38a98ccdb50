//! More customers than can be laid out at once: gone through by name.

use serde_json::json;

use super::{Trade, asks, states, told, written};
use crate::{both_engines, harness::Engine};

both_engines! {
    /// Each line is on one page, the pages are bounded, and differences are found among thousands that agree.
    async fn many_customers_are_walked(app: TestApp) {
        let trade = Trade::open(&app).await;
        app.license(app.provider, trade.sku, 100_000).await;
        let planted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5100)";
        let ids = match app.engine {
            Engine::Sqlite => "unhex(printf('%032x', i))",
            Engine::Postgres => "CAST(lpad(to_hex(i), 32, '0') AS UUID)",
        };
        let provider = "(SELECT id FROM organization WHERE name = 'Provider')";
        for sql in [
            format!("{planted} INSERT INTO organization_node (id, parent_id, depth, suspended, blocked)
                SELECT {ids}, {provider}, 1, FALSE, FALSE FROM n"),
            format!("{planted} INSERT INTO organization (id, kind, name, note, pricing_model, time_zone, created_at, version)
                SELECT {ids}, 'customer', 'Planted ' || (100000 + i), '', 'license', 'UTC', o.created_at, 1
                FROM n, organization o WHERE o.name = 'Provider'"),
            format!("{planted} INSERT INTO pool (id, license_id, organization_id, parent_id, quantity, allocated, assigned,
                open, starts_at, ends_at, sales_order, sku_code, product_id, created_at, version)
                SELECT {ids}, p.license_id, {ids}, p.id, 1, 0, 0, p.open, p.starts_at, p.ends_at, p.sales_order, p.sku_code,
                p.product_id, p.created_at, 1 FROM n, pool p WHERE p.organization_id = {provider}"),
        ] {
            app.tamper(&sql).await;
        }
        let names = ["organization_name", "allocated"];
        let first = asks(&app.operator, "month=2026-06&limit=3").await;
        assert_eq!(told(&first, &names), [1, 2, 3].map(|i| json!([format!("Planted {}", 100_000 + i), 1])));
        assert!(first.get("totals").is_none(), "{first}");
        let next = first["next_cursor"].as_str().expect("more");
        let second = asks(&app.operator, &format!("month=2026-06&limit=2&cursor={next}")).await;
        assert_eq!(told(&second, &names), [4, 5].map(|i| json!([format!("Planted {}", 100_000 + i), 1])));
        let found = asks(&app.operator, "month=2026-06&q=101234").await;
        assert_eq!(told(&found, &names), [json!(["Planted 101234", 1])]);
        // Two thousand customers are looked at in one request; then the page is short and carries on.
        let far = asks(&app.operator, "month=2026-06&q=105000").await;
        assert!(told(&far, &names).is_empty(), "{far}");
        let (mut at, mut seen) = (far, vec![]);
        while let Some(next) = at["next_cursor"].as_str() {
            at = asks(&app.operator, &format!("month=2026-06&q=105000&cursor={next}")).await;
            seen.extend(told(&at, &names));
        }
        assert_eq!(seen, [json!(["Planted 105000", 1])]);
        let sorted = app.operator.get("/api/v1/reconciliation?month=2026-06&sort=-allocated").await;
        assert_eq!(sorted.field(), "sort.list_too_long");
        let reader = app.member(app.provider, "reader").await;
        states(&app.operator, (app.provider, "2026-06"), "Customer,SKU,Qty\nPlanted 100007,DESK,5\n").await.expect(201);
        let stated = asks(&reader, "month=2026-06&q=planted+100007&differences=true").await;
        assert_eq!(told(&stated, &["stated", "overstated"]), [json!([5, 4])]);
        let page = app.browser_of(app.provider, "account_manager").await.0;
        let page = page.get("/reconciliation?month=2026-06&sort=-allocated").await.page(200);
        assert!(page.contains("More than 5,000 shares are listed by customer") && page.contains("Planted 100001"), "{page}");
        let file = written(&app, "month=2026-06").await;
        assert_eq!(file.len(), 5_101);
        app.end().await;
    }
}
