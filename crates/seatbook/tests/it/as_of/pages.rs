//! The pages of another day.

use serde_json::json;

use super::{issued, set};
use crate::both_engines;

both_engines! {
    /// A day is chosen; its list is searched and narrowed; a number leads to whoever had the units then.
    async fn a_day_is_looked_at(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Aurora").await;
        let (_, pool) = issued(&app, "MDR", json!({"sales_order": "SO-7"})).await;
        app.allocate(pool, customer, 30).await;
        set(&app, "2026-07-15T08:00:00Z");
        app.allocate(pool, customer, 12).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        assert!(browser.get("/licenses").await.page(200).contains("href=\"/as-of\""));
        let last_month = browser.get("/as-of").await.page(200);
        assert!(last_month.contains("Licenses as of 30 Jun 2026"), "{last_month}");
        assert!(last_month.contains("Told by the journal"));
        let link = format!("/as-of/pools/{pool}?date=2026-06-30");
        assert!(last_month.contains(&format!("href=\"{link}\"")));
        let then = browser.get(&link).await.page(200);
        assert!(then.contains("Aurora") && then.contains("<strong>30</strong>"), "{then}");
        let today = browser.get(&format!("/as-of/pools/{pool}?date=2026-07-15")).await.page(200);
        assert!(today.contains("<strong>42</strong>") && today.contains("That is today."));
        let nothing = browser.get("/as-of?date=2026-06-30&q=nothing").await.page(200);
        assert!(nothing.contains("Nothing matches"));
        let before = browser.get("/as-of?date=2020-01-01").await.page(200);
        assert!(before.contains("Nothing was held then"));
        let none = browser.get("/as-of?date=soon").await.page(200);
        assert!(none.contains("This is no day; write it as 2026-03-31."));
        let ahead = browser.get("/as-of?date=2027-01-01").await.page(200);
        assert!(ahead.contains("scheduled until then"));
        app.end().await;
    }
}
