//! The first page, as somebody with a browser sees it, and the same figures over the API.

mod desk;
mod figures;
pub mod play;

use serde_json::json;

use crate::both_engines;

/// The figures on top: label and value.
fn figures(page: &str) -> Vec<(String, String)> {
    let between = |text: &str, start: &str, end: &str| {
        let rest = text.split_once(start).map(|(_, rest)| rest)?;
        Some(rest.split_once(end)?.0.to_owned())
    };
    let cards = page.split("class=\"kpi\"").skip(1);
    let card = |card: &str| {
        Some((
            between(card, "<h2>", "</h2>")?,
            between(card, "<strong>", "</strong>")?,
        ))
    };
    cards.filter_map(card).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
        .collect()
}

both_engines! {
    /// A new book says what to do first, and ticks it off.
    async fn a_new_book_shows_three_steps(app: TestApp) {
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let page = browser.get("/").await.page(200);
        assert!(page.contains("Welcome to Seatbook") && figures(&page).is_empty(), "{page}");
        assert_eq!(page.matches("(done)").count(), 0);
        let customer = app.organization(app.provider, "customer", "Aurora Hospitals").await;
        let sku = app.insert_sku("SEC-1", Some("P1Y")).await;
        assert_eq!(browser.get("/").await.page(200).matches("(done)").count(), 2);
        let (inside, _) = app.browser_of(customer, "customer_administrator").await;
        assert!(!inside.get("/").await.page(200).contains("Welcome to Seatbook"), "steps are for those who can take them");
        app.license(app.provider, sku, 5).await;
        let page = browser.get("/").await.page(200);
        assert!(!page.contains("Welcome to Seatbook") && !figures(&page).is_empty(), "{page}");
        app.end().await;
    }
}

both_engines! {
    /// Everybody sees the figures of the organization they act for, each leading to its rows.
    async fn figures_are_the_organizations_own(app: TestApp) {
        let partner = app.organization(app.provider, "partner", "Nordlicht Partners").await;
        let other = app.organization(app.provider, "partner", "Sur Telecom").await;
        let (long, short) = (app.insert_sku("SEC-3Y", Some("P3Y")).await, app.insert_sku("SEC-1M", Some("P20D")).await);
        let (_, pool) = app.license(app.provider, long, 500).await;
        app.clock.advance_seconds(60);
        app.license(app.provider, short, 40).await;
        let later = json!({"organization_id": app.provider, "sku_id": long, "quantity": 7, "start_date": "2026-07-01"});
        app.operator.post("/api/v1/licenses", later).await.expect(201);
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        app.clock.advance_seconds(60);
        app.allocate(pool, partner, 120).await;
        let page = browser.get("/").await.page(200);
        assert_eq!(figures(&page), pairs(&[("Licenses", "3"), ("Units", "547"), ("Available", "420"), ("Expiring soon", "1")]));
        for href in ["/licenses", "/licenses?sort=-quantity", "/licenses?status=active", "/licenses?status=expiring_soon"] {
            assert!(page.contains(&format!("class=\"kpi\" href=\"{}\"", href.replace('&', "&#38;"))), "{href} in {page}");
        }
        let ending = page.split_once("Ending next").expect("a table").1;
        assert!(ending.find("SEC-1M") < ending.find("SEC-3Y"), "{ending}");
        assert!(page.contains("Product of SEC-3Y") && page.contains("120 of 500"), "{page}");
        assert!(page.contains("Passed 120 units of Provider on to 1 organization"), "{page}");
        assert!(page.contains("Issued 40 devices of SEC-1M to Provider"), "{page}");

        let (inside, _) = app.browser_of(partner, "reader").await;
        let page = inside.get("/").await.page(200);
        assert_eq!(figures(&page), pairs(&[("Licenses", "1"), ("Units", "120"), ("Available", "120"), ("Expiring soon", "0")]));
        assert!(!page.contains("Issued 40"), "another's journal: {page}");
        let (outside, _) = app.browser_of(other, "reader").await;
        assert_eq!(figures(&outside.get("/").await.page(200))[1].1, "0");
        app.end().await;
    }
}
