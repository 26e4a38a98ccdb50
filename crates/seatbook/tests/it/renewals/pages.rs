//! The pages, asked as a browser asks.

use serde_json::json;

use super::{at, issued, license};
use crate::{assignments::stage::Stage, both_engines};

both_engines! {
    /// The terms so far and the next one; a change with its money before it is saved; the next term said and taken back.
    async fn terms_are_seen_and_changed(app: TestApp) {
        let sku = app.insert_sku("yearly", Some("P1Y")).await;
        let more = json!({"quantity": 1, "price_minor": 36_500, "currency": "EUR", "start_date": "2025-11-16"});
        app.clock.set(store::Timestamp::new("2025-11-16T09:00:00Z".parse().expect("an instant")));
        let (own, pool) = issued(&app, sku, app.provider, more).await;
        at(&app, "2026-06-16T09:00:00Z").await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let place = format!("/subscriptions/{pool}");
        assert!(browser.get(&place).await.page(200).contains(&format!("{place}/terms")));
        let terms = browser.get(&format!("{place}/terms")).await.page(200);
        assert!(terms.contains("15 Nov 2026") && terms.contains("1 × 365.00 = 365.00"), "{terms}");
        let change = format!("{place}/change");
        let asked = browser.get(&format!("{change}/preview?quantity=2&price=365.00&effective=now")).await.page(200);
        assert!(asked.contains("153 of 365 days") && asked.contains("(730.00 − 365.00) × 153 ÷ 365 = 153.00"), "{asked}");
        let whole = browser.form(&change, &[("quantity", "2"), ("price", "365.00"), ("effective", "now"), ("step", "preview")]).await;
        assert!(whole.page(200).contains("153.00 EUR"), "without script, too");
        assert_eq!(app.balance(pool).await[0], 1);
        let wrong = browser.form(&change, &[("quantity", "2"), ("price", "cheap")]).await.page(422);
        assert!(wrong.contains("Such as 120.00."), "{wrong}");
        browser.form(&change, &[("quantity", "2"), ("price", "365.00")]).await.goes(&format!("{place}/terms"));
        assert_eq!(app.balance(pool).await[0], 2);
        let next = format!("{place}/next-term");
        let asked = browser.get(&format!("{next}/preview?quantity=3&price=400.00")).await.page(200);
        assert!(asked.contains("3 × 400.00 = 1,200.00"), "{asked}");
        browser.form(&next, &[("quantity", "3"), ("price", "400.00")]).await.goes(&format!("{place}/terms"));
        assert!(browser.get(&format!("{place}/terms")).await.page(200).contains("1,200.00 EUR"));
        browser.form(&next, &[("step", "withdraw")]).await.goes(&format!("{place}/terms"));
        at(&app, "2026-11-16T00:00:00Z").await;
        // Nobody stays signed in for months.
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let terms = browser.get(&format!("{place}/terms")).await.page(200);
        assert!(terms.contains("2. Renewed") && terms.contains("15 Nov 2027"), "{terms}");
        assert_eq!(license(&app, own).await["quantity"], 2);
        let elsewhere = app.organization(app.provider, "customer", "Elsewhere").await;
        let (other, _) = app.browser_of(elsewhere, "customer_administrator").await;
        for place in [format!("{place}/terms"), change, next] {
            other.get(&place).await.page(404);
        }
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Several licenses are chosen, the money of each is seen, and they end together; whoever may not see prices reads none.
    async fn licenses_are_brought_to_one_day(app: TestApp) {
        let stage = Stage::set(&app, 4).await;
        let sku = app.insert_sku("priced", Some("P1Y")).await;
        let more = json!({"quantity": 25, "price_minor": 12_000, "currency": "EUR"});
        let (priced, _) = issued(&app, sku, stage.customer, more).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let list = format!("/organizations/{}/subscriptions", stage.customer);
        let place = format!("/organizations/{}/co-term", stage.customer);
        assert!(browser.get(&list).await.page(200).contains(&place));
        assert!(browser.get(&place).await.page(200).contains("Product of priced"));
        let ask = format!("{place}/preview?license={priced}&license={}&end_date=2027-12-31", stage.desk_license);
        let asked = browser.get(&ask).await.page(200);
        assert!(asked.contains("31 May 2027 → 31 Dec 2027") && asked.contains("25 × 120.00 × 214 ÷ 366"), "{asked}");
        assert!(asked.contains("There is no price, or you may not see it."), "{asked}");
        let (priced, desk) = (priced.to_string(), stage.desk_license.to_string());
        let both = [("license", priced.as_str()), ("license", desk.as_str()), ("end_date", "2026-01-31")];
        assert!(browser.form(&place, &both).await.page(422).contains("before today"));
        let both = [both[0], both[1], ("end_date", "2027-12-31")];
        browser.form(&place, &both).await.goes(&list);
        for own in [&priced, &desk] {
            let own = own.parse().expect("an id");
            assert_eq!(license(&app, own).await["end_date"], "2027-12-31");
        }
        let (customer, _) = app.browser_of(stage.customer, "customer_administrator").await;
        assert!(!customer.get(&list).await.page(200).contains("Co-term"));
        customer.get(&place).await.page(403);
        app.prove();
        app.end().await;
    }
}
