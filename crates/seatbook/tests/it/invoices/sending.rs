//! Sending: what is billed, what is refused by name, and that asking twice makes no second invoice.

use serde_json::{Value, json};

use super::{Desk, numbers, say, seller};
use crate::{both_engines, harness::id};

both_engines! {
    /// One invoice for a customer, a line for each license, numbered from 1, explained to the day.
    async fn a_customer_gets_one_invoice(app: TestApp) {
        let desk = Desk::set(&app).await;
        let one = desk.sold(desk.customer, (10, 1_999, "EUR")).await;
        let two = desk.sold_as(desk.customer, json!({"quantity": 3, "price_minor": 36_500, "currency": "EUR",
            "name": "Reception", "end_date": "2026-07-15"})).await;
        let due = desk.billing(one).await;
        assert_eq!((&due["billing"], &due["due"][0]["net_minor"]), (&json!("unbilled"), &json!(19_990)));
        let sent = desk.send(&[one, two]).await.expect(200);
        assert_eq!((sent["invoices"].as_array().map(Vec::len), &sent["parked"]), (Some(1), &json!([])));
        let shown = desk.show(&sent["invoices"][0]).await;
        assert_eq!((&shown["number"], &shown["issued_on"], &shown["due_on"]),
            (&json!("INV-2026-000001"), &json!("2026-06-01"), &json!("2026-06-15")));
        // 45 of 365 days of 3 × 365.00 are 135.00; 19 % of 334.90 are 63.63.
        assert_eq!((&shown["net_minor"], &shown["tax_minor"], &shown["total_minor"], &shown["open_minor"]),
            (&json!(33_490), &json!(6_363), &json!(39_853), &json!(39_853)));
        let line = shown["lines"].as_array().expect("lines").iter().find(|it| id(&it["license_id"]) == two).expect("a line");
        assert_eq!((&line["days"], &line["of_days"], &line["rule"], &line["net_minor"]),
            (&json!(45), &json!(365), &json!("days"), &json!(13_500)));
        assert_eq!(line["explanation"], "3 devices × 365.00 EUR × 45 of 365 days, rounded half up");
        assert_eq!((&line["first_day"], &line["last_day"]), (&json!("2026-06-01"), &json!("2026-07-15")));
        assert_eq!((&shown["snapshot"]["issuer"]["name"], &shown["snapshot"]["buyer"]["name"]),
            (&json!("Provider GmbH"), &json!("Customer AG")));
        let after = desk.billing(one).await;
        assert_eq!((&after["billing"], &after["due"]), (&json!("invoiced"), &json!([])));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A double click, a retry and a second tab make no second invoice.
    async fn asking_twice_bills_once(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 10_000, "EUR")).await;
        let body = json!({"license_ids": [license]});
        let send = "/api/v1/invoices/send";
        let first = app.operator.post_with_key(send, "once", body.clone()).await.expect(200);
        let again = app.operator.post_with_key(send, "once", body.clone()).await.expect(200);
        assert_eq!(first["invoices"][0]["id"], again["invoices"][0]["id"]);
        let tab = app.operator.post(send, body).await.expect(409);
        assert_eq!((&tab["code"], &tab["license_ids"]), (&json!("license.already_billed"), &json!([license])));
        let new = desk.sold(desk.customer, (1, 10_000, "EUR")).await;
        assert_eq!(desk.send(&[new, license]).await.code(409), "license.already_billed");
        assert_eq!(numbers(&app).await, ["INV-2026-000001"], "with one that is billed, none is");
        desk.invoice(new).await;
        assert_eq!(numbers(&app).await, ["INV-2026-000001", "INV-2026-000002"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// More than the setting is refused, and nothing is done.
    async fn the_twenty_first_is_too_many(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut licenses = Vec::new();
        for _ in 0..21 {
            licenses.push(desk.sold(desk.customer, (1, 100, "EUR")).await);
        }
        let refused = desk.send(&licenses).await.expect(409);
        assert_eq!((&refused["code"], &refused["licenses"], &refused["most"]),
            (&json!("invoices.too_many"), &json!(21), &json!(20)));
        assert!(numbers(&app).await.is_empty());
        let sent = desk.send(&licenses[..20]).await.expect(200);
        assert_eq!((sent["invoices"].as_array().map(Vec::len), &sent["invoices"][0]["net_minor"]), (Some(1), &json!(2_000)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Currencies are never summed, and customers never share an invoice; a setting makes one for each license.
    async fn currencies_and_customers_are_kept_apart(app: TestApp) {
        let desk = Desk::set(&app).await;
        let other = desk.buyer("Other").await;
        let mut licenses = Vec::new();
        for (owner, price) in [(desk.customer, (1, 1_000, "EUR")), (desk.customer, (1, 2_000, "USD")),
            (desk.customer, (1, 4_000, "EUR")), (other, (1, 8_000, "EUR"))] {
            licenses.push(desk.sold(owner, price).await);
        }
        let preview = app.operator.post("/api/v1/invoices/send?preview=true", json!({"license_ids": licenses})).await;
        assert_eq!(preview.expect(200)["invoices"].as_array().map(Vec::len), Some(3));
        assert!(numbers(&app).await.is_empty(), "a preview draws no number");
        let sent = desk.send(&licenses).await.expect(200);
        let mut sums: Vec<(i64, String)> = sent["invoices"].as_array().expect("a list").iter()
            .map(|it| (it["net_minor"].as_i64().expect("a sum"), it["currency"].as_str().expect("a code").into()))
            .collect();
        sums.sort();
        assert_eq!(sums, [(2_000, "USD".to_owned()), (5_000, "EUR".into()), (8_000, "EUR".into())]);
        assert_eq!(numbers(&app).await.len(), 3);

        let mut each = seller();
        each["invoice_per_license"] = json!(true);
        say(&app, app.provider, each).await;
        let two = [desk.sold(other, (1, 1, "EUR")).await, desk.sold(other, (1, 2, "EUR")).await];
        let sent = desk.send(&two).await.expect(200);
        assert_eq!(sent["invoices"].as_array().map(Vec::len), Some(2));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Only what somebody bought at a price can be billed, and refusals say which license is meant.
    async fn what_cannot_be_billed_is_named(app: TestApp) {
        let desk = Desk::set(&app).await;
        let free = desk.sold_as(desk.customer, json!({"name": "Gift"})).await;
        let refused = desk.send(&[free]).await.expect(409);
        assert_eq!(refused["code"], "license.without_price");
        assert!(refused["detail"].as_str().is_some_and(|text| text.contains("Gift")), "{refused}");
        let own = desk.sold(app.provider, (1, 100, "EUR")).await;
        let refused = desk.send(&[own]).await.expect(409);
        assert_eq!((&refused["code"], &refused["license_ids"]), (&json!("license.without_customer"), &json!([own])));
        let over = desk.sold(desk.customer, (1, 100, "EUR")).await;
        app.operator.act(&format!("/api/v1/licenses/{over}/terminate")).await.expect(200);
        assert_eq!(desk.send(&[over]).await.code(409), "license.not_issued");
        let bought = desk.sold(desk.customer, (1, 100, "EUR")).await;
        app.tamper("UPDATE license SET seller_id = NULL").await;
        assert_eq!(desk.send(&[bought]).await.code(409), "license.not_sold");
        assert_eq!(desk.send(&[]).await.field(), "required");
        assert_eq!(desk.send(&[desk.customer]).await.code(404), "not_found");
        app.end().await;
    }
}

both_engines! {
    /// What runs from month to month owes each month that has begun, once.
    async fn months_are_billed_as_they_begin(app: TestApp) {
        let mut desk = Desk::set(&app).await;
        desk.sku = app.insert_sku("MONTH", Some("P1M")).await;
        let monthly = json!({"quantity": 2, "price_minor": 500, "currency": "EUR", "start_date": "2026-03-31",
            "end_date": "2027-03-30"});
        let license = desk.sold_as(desk.customer, monthly).await;
        let shown = desk.invoice(license).await;
        let shown = desk.show(&shown).await;
        let days: Vec<(Value, Value)> = shown["lines"].as_array().expect("lines").iter()
            .map(|it| (it["first_day"].clone(), it["last_day"].clone())).collect();
        assert_eq!(days, [
            (json!("2026-03-31"), json!("2026-04-29")), (json!("2026-04-30"), json!("2026-05-30")),
            (json!("2026-05-31"), json!("2026-06-29"))]);
        assert_eq!(desk.send(&[license]).await.code(409), "license.already_billed");
        app.clock.advance_seconds(29 * 86_400);
        let next = desk.invoice(license).await;
        assert_eq!(next["net_minor"], 1_000);
        let moved = json!({"start_date": "2026-04-02"});
        app.operator.patch(&format!("/api/v1/licenses/{license}"), moved).await.expect(200);
        assert_eq!(desk.send(&[license]).await.code(409), "license.already_billed", "no day twice");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A customer whose invoice would be wrong is parked with the reason, and the others go on.
    async fn a_wrong_invoice_parks_its_customer(app: TestApp) {
        let desk = Desk::set(&app).await;
        let odd = app.organization(app.provider, "customer", "Odd").await;
        say(&app, odd, json!({"legal_name": "Odd Ltd", "country": "FR", "tax_category": "reverse_charge"})).await;
        let good = desk.sold(desk.customer, (1, 100, "EUR")).await;
        let wrong = desk.sold(odd, (1, 100, "EUR")).await;
        let sent = desk.send(&[good, wrong]).await.expect(200);
        assert_eq!(sent["invoices"].as_array().map(Vec::len), Some(1));
        assert_eq!(id(&sent["parked"][0]["organization_id"]), odd);
        let reason = "The reverse charge needs the VAT identifiers of both sides.";
        assert_eq!(sent["parked"][0]["reason"], reason);
        let path = format!("/api/v1/organizations/{odd}/billing-profile");
        let mut profile = app.operator.get(&path).await.expect(200);
        assert_eq!(profile["parked_reason"], reason);
        let mended = json!({"legal_name": "Odd Ltd", "city": "Lyon", "country": "FR", "vat_id": "FR40303265045",
            "tax_category": "reverse_charge"});
        profile = say(&app, odd, mended).await;
        assert_eq!(profile["parked_reason"], reason, "somebody has to look");
        assert_eq!(desk.send(&[wrong]).await.expect(200)["parked"][0]["reason"], reason);
        app.operator.act(&format!("{path}/unpark")).await.expect(200);
        assert_eq!(app.operator.act(&format!("{path}/unpark")).await.code(409), "billing.not_parked");
        let invoice = desk.invoice(wrong).await;
        assert_eq!((&invoice["tax_minor"], &invoice["number"]), (&json!(0), &json!("INV-2026-000002")));
        app.prove();
        app.end().await;
    }
}
