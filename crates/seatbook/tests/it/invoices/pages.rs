//! The pages, asked as a browser asks.

use serde_json::json;

use super::{Desk, numbers};
use crate::{both_engines, harness::id};

both_engines! {
    /// Sent with its amounts before it, opened, paid in part, a record taken back, taken back whole.
    async fn an_invoice_is_sent_and_paid(app: TestApp) {
        let desk = Desk::set(&app).await;
        let (browser, _) = app.browser_of(app.provider, "account_manager").await;
        let license = desk.sold_as(desk.customer, json!({"quantity": 2, "price_minor": 50_000, "currency": "EUR",
            "name": "Front <desk>"})).await;
        assert!(browser.get("/invoices").await.page(200).contains("No invoices yet"));
        let ask = format!("/invoices/send?license_id={license}");
        let asked = browser.get(&ask).await.page(200);
        assert!(asked.contains("1,190.00 EUR") && asked.contains("Customer"), "{asked}");
        let selected = license.to_string();
        let sent = browser.form("/invoices/send", &[("license_id", &selected)]).await;
        assert_eq!(sent.status.as_u16(), 303);
        let place = sent.headers["location"].to_str().expect("a place").to_owned();
        let again = browser.get(&ask).await.page(200);
        assert!(again.contains("billed already"), "{again}");
        let shown = browser.get(&place).await.page(200);
        for text in ["INV-2026-000001", "Unpaid", "2 devices × 500.00 EUR for the whole period of 365 days", "Köln",
            "1,190.00 EUR", "19 %", "Front &#60;desk&#62;"] {
            assert!(shown.contains(text), "{text}: {shown}");
        }
        let pay = format!("{place}/payments");
        assert!(browser.get(&pay).await.page(200).contains("1,190.00 EUR are open"));
        let wrong = browser.form(&pay, &[("amount", "1,5")]).await.page(422);
        assert!(wrong.contains("An amount such as 1234.50"), "{wrong}");
        browser.form(&pay, &[("amount", "190"), ("reference", "SEPA")]).await.goes(&place);
        let part = browser.get(&place).await.page(200);
        assert!(part.contains("Partly paid") && part.contains("1,000.00 EUR"), "{part}");
        let invoice = app.operator.get("/api/v1/invoices").await.expect(200)["items"][0].clone();
        let payment = id(&desk.show(&invoice).await["payments"][0]["id"]);
        let remove = format!("/payments/{payment}/remove");
        assert!(browser.get(&remove).await.page(200).contains("190.00 EUR"));
        browser.form(&remove, &[]).await.goes(&place);
        assert!(browser.form(&remove, &[]).await.page(409).contains("taken back already"));
        let credit = format!("{place}/credit");
        assert!(browser.get(&credit).await.page(200).contains("Take INV-2026-000001 back?"));
        assert_eq!(browser.form(&credit, &[("note", "Wrong.")]).await.status.as_u16(), 303);
        assert!(browser.get(&place).await.page(200).contains("Credited"));
        let list = browser.get("/invoices?status=credit_note&q=front").await.page(200);
        assert!(list.contains("INV-2026-000002") && !list.contains("INV-2026-000001"), "{list}");
        assert_eq!(numbers(&app).await.len(), 2);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A billing profile is filled in, and what is wrong with it stands at its field.
    async fn a_profile_is_filled_in(app: TestApp) {
        let customer = app.organization(app.provider, "customer", "Grün AG").await;
        let (browser, _) = app.browser_of(app.provider, "account_manager").await;
        let place = format!("/organizations/{customer}/billing");
        assert!(browser.get(&place).await.page(200).contains("Billing of Grün AG"));
        let fields = [("legal_name", "Grün AG"), ("country", "DE"), ("payment_days", "30"), ("most_licenses", "20"),
            ("series", "RE"), ("tax_category", "standard")];
        let wrong = browser.form(&place, &[&fields[..], &[("tax_rate", "x")]].concat()).await.page(422);
        assert!(wrong.contains("A rate in percent"), "{wrong}");
        let filled = [&fields[..], &[("tax_rate", "7,7")]].concat();
        browser.form(&place, &filled).await.goes(&format!("/organizations/{customer}"));
        let shown = browser.get(&place).await.page(200);
        assert!(shown.contains("value=\"7.70\"") && shown.contains("value=\"30\""), "{shown}");
        assert!(browser.get(&format!("{place}/unpark")).await.page(200).contains("is not parked"));
        let (reader, _) = app.browser_of(customer, "reader").await;
        reader.get(&place).await.page(403);
        app.end().await;
    }
}
