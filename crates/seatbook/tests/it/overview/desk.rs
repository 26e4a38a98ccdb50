//! What waits, who sees which part, and where the numbers lead.

use serde_json::{Value, json};

use crate::{both_engines, harness::id};

async fn overview(who: &crate::harness::Person, of: uuid::Uuid) -> Value {
    who.get(&format!("/api/v1/overview?organization_id={of}"))
        .await
        .expect(200)
}

both_engines! {
    /// Each sees their own figures; what is worth how much, only who may see prices there.
    async fn everybody_sees_their_own(app: TestApp) {
        let sku = app.insert_sku("YEAR", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let other = app.organization(app.provider, "partner", "Other").await;
        let body = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 10, "price_minor": 1_250, "currency": "EUR"});
        let pool = id(&app.operator.post("/api/v1/licenses", body).await.expect(201)["pool_id"]);
        app.allocate(pool, partner, 4).await;
        let told = overview(&app.operator, app.provider).await;
        let product = &told["products"][0];
        let numbers = ["licenses", "quantity", "allocated", "assigned", "free"].map(|name| product[name].as_i64());
        assert_eq!(numbers, [1, 10, 4, 0, 6].map(Some));
        let ending = told["months"].as_array().expect("months").iter().find(|it| it["licenses"] == 1);
        assert_eq!(ending.expect("a month")["values"], json!([{"amount_minor": 12_500, "currency": "EUR"}]));
        assert_eq!(told["months"].as_array().map(Vec::len), Some(12));

        let manager = app.member(partner, "account_manager").await;
        let told = overview(&manager, partner).await;
        assert_eq!(told["products"][0]["quantity"], 4);
        let received = told["months"].as_array().expect("months").iter().find(|it| it["licenses"] == 1);
        assert_eq!(received.expect("a month")["values"], json!([]), "what it received has no price of its own");
        let foreign = app.member(other, "account_manager").await;
        let path = format!("/api/v1/overview?organization_id={partner}");
        assert_eq!(foreign.get(&path).await.code(404), "not_found");
        let reader = app.member(app.provider, "reader").await;
        let told = overview(&reader, app.provider).await;
        assert_eq!(told["products"][0]["quantity"], 10);
        assert!(told["months"].as_array().expect("months").iter().all(|it| it["values"] == json!([])), "{told}");
        assert!(told["open_invoices"].is_null() && told["waiting_requests"].is_null(), "{told}");
        assert_eq!(told["open_jobs"], 0);
        app.end().await;
    }
}

both_engines! {
    /// Requests that wait and licenses that run low are on the page, each with its way to the rows.
    async fn what_waits_is_shown(app: TestApp) {
        let sku = app.insert_sku("YEAR", Some("P1Y")).await;
        let partner = app.organization(app.provider, "partner", "Partner").await;
        let customer = app.organization(partner, "customer", "Customer").await;
        let (license, pool) = app.license(partner, sku, 10).await;
        app.allocate(pool, customer, 8).await;
        let (browser, manager) = app.browser_of(partner, "account_manager").await;
        let page = browser.get("/").await.page(200);
        assert!(page.contains("Nothing waits for you.") && !page.contains("Running low"), "{page}");
        let low = json!({"low_units": 3, "lead_days": []});
        manager.put(&format!("/api/v1/licenses/{license}/notices"), low).await.expect(200);
        let admin = app.member(customer, "customer_administrator").await;
        let wish = json!({"organization_id": customer, "sku_id": sku, "quantity": 3});
        admin.post("/api/v1/unit-requests", wish).await.expect(201);
        let told = overview(&manager, partner).await;
        assert_eq!(told["low_pools"], json!([{"license_id": license, "sku_code": "YEAR",
            "product_name": "Product of YEAR", "units": "devices", "free": 2, "quantity": 10}]));
        assert_eq!((&told["waiting_requests"], &told["waiting_redemptions"]), (&json!(1), &json!(0)));
        let page = browser.get("/").await.page(200);
        assert!(page.contains("href=\"/sales/requests\">1 request for units waits"), "{page}");
        assert!(page.contains("Running low") && page.contains("2 of 10 devices free"), "{page}");
        assert!(page.contains(&format!("href=\"/licenses/{license}\"")), "{page}");
        app.end().await;
    }
}

both_engines! {
    /// A number leads to the rows it counts: one product, one month of end.
    async fn numbers_lead_to_their_rows(app: TestApp) {
        let (year, month) = (app.insert_sku("YEAR", Some("P1Y")).await, app.insert_sku("MONTH", Some("P1M")).await);
        app.license(app.provider, year, 10).await;
        app.license(app.provider, month, 20).await;
        app.license(app.provider, month, 30).await;
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let told = overview(&app.operator, app.provider).await;
        let page = browser.get("/").await.page(200);
        for product in told["products"].as_array().expect("products") {
            let href = format!("/licenses?status=active&product={}", product["product_id"].as_str().expect("an id"));
            assert!(page.contains(&href.replace('&', "&#38;")), "{href} in {page}");
            let list = browser.get(&href).await.page(200);
            let name = product["product_name"].as_str().expect("a name");
            assert!(list.contains(&format!("Only {name}.")), "{list}");
            let count = product["licenses"].as_i64().expect("a number");
            let words = if count == 1 { "1 license".to_owned() } else { format!("{count} licenses") };
            assert!(list.contains(&words), "{words} in {list}");
        }
        let june = browser.get("/licenses?status=active&sort=end&ends=2026-06").await.page(200);
        assert!(june.contains("2 licenses") && june.contains("ending in June 2026"), "{june}");
        assert!(june.contains("MONTH") && !june.contains("YEAR"), "{june}");
        assert!(june.contains("name=\"ends\" value=\"2026-06\""), "a search stays in the month: {june}");
        let none = browser.get("/licenses?ends=2026-09").await.page(200);
        assert!(!none.contains("No licenses yet"), "{none}");
        app.end().await;
    }
}

both_engines! {
    /// Lists of any length are narrowed to a month and a product.
    async fn long_lists_are_narrowed(app: TestApp) {
        let sku = app.insert_sku("BULK", None).await;
        app.plant_licenses(app.provider, sku, 5_100).await;
        let year = app.insert_sku("YEAR", Some("P1Y")).await;
        app.license(app.provider, year, 10).await;
        let product = app.operator.get(&format!("/api/v1/skus/{year}")).await.expect(200)["product_id"].clone();
        let (browser, _) = app.browser_of(app.provider, "operator").await;
        let one = browser.get(&format!("/licenses?product={}", product.as_str().expect("an id"))).await.page(200);
        assert!(one.contains("1 license<") || one.contains("1 license "), "{one}");
        let year = browser.get("/licenses?ends=2027-05").await.page(200);
        assert!(year.contains("YEAR") && !year.contains("BULK"), "{year}");
        let bulk = app.operator.get(&format!("/api/v1/skus/{sku}")).await.expect(200)["product_id"].clone();
        let bulk = bulk.as_str().expect("an id");
        for sort in ["end", "order", "-quantity"] {
            let page = browser.get(&format!("/licenses?product={bulk}&sort={sort}")).await.page(200);
            assert!(page.contains("BULK") && !page.contains("YEAR"), "{sort}: {page}");
        }
        app.end().await;
    }
}
