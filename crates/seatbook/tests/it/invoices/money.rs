//! Payments: in parts, never too much, taken back by a counter-entry; and what is overdue.

use serde_json::json;

use super::{Desk, path};
use crate::{both_engines, harness::id};

both_engines! {
    /// Parts add up, more than is open is refused, and a wrong record is taken back once.
    async fn payments_add_up(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 10_000, "EUR")).await;
        let invoice = desk.invoice(license).await;
        let pay = |amount: i64| desk.post(&invoice, "payments", json!({"amount_minor": amount, "reference": "SEPA 1"}));
        let first = pay(1_900).await.expect(201);
        assert_eq!(first["paid_on"], "2026-06-01");
        let shown = desk.show(&invoice).await;
        assert_eq!((&shown["status"], &shown["open_minor"]), (&json!("part"), &json!(10_000)));
        let refused = pay(10_001).await.expect(409);
        assert_eq!((&refused["code"], &refused["open_minor"]), (&json!("payment.too_much"), &json!(10_000)));
        for nothing in [0, -5] {
            assert_eq!(pay(nothing).await.field(), "out_of_range");
        }
        pay(10_000).await.expect(201);
        assert_eq!(desk.show(&invoice).await["status"], "paid");
        assert_eq!(desk.billing(license).await["billing"], "paid");
        let remove = format!("/api/v1/payments/{}/remove", id(&first["id"]));
        let back = app.operator.act(&remove).await.expect(200);
        assert_eq!((&back["amount_minor"], &back["reverses_id"]), (&json!(-1_900), &first["id"]));
        assert_eq!(app.operator.act(&remove).await.code(409), "payment.reversed");
        let counter = format!("/api/v1/payments/{}/remove", id(&back["id"]));
        assert_eq!(app.operator.act(&counter).await.code(409), "payment.reversed");
        let shown = desk.show(&invoice).await;
        assert_eq!((&shown["status"], &shown["open_minor"], shown["payments"].as_array().map(Vec::len)),
            (&json!("part"), &json!(1_900), Some(3)));
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// The day after the due one is late, where the issuer is; nothing has to run for that.
    async fn the_day_after_the_due_one_is_late(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 10_000, "EUR")).await;
        let invoice = desk.invoice(license).await;
        // Due on 15 June; it is noon of the first.
        app.clock.advance_seconds(14 * 86_400 + 43_199);
        assert_eq!(desk.show(&invoice).await["status"], "unpaid");
        app.clock.advance_seconds(1);
        assert_eq!(desk.show(&invoice).await["status"], "overdue");
        assert_eq!(desk.billing(license).await["billing"], "overdue");
        app.end().await;
    }
}

both_engines! {
    /// The buyer reads what is finalized and addressed to it; others, and those further up, read nothing.
    async fn invoices_stay_between_seller_and_buyer(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 10_000, "EUR")).await;
        let body = json!({"license_ids": [license]});
        let drafted = app.operator.post("/api/v1/invoices/draft", body).await.expect(200);
        let draft = drafted["invoices"][0].clone();
        let administrator = app.member(desk.customer, "customer_administrator").await;
        let reader = app.member(desk.customer, "reader").await;
        assert_eq!(administrator.get(&path(&draft, "")).await.code(404), "not_found", "a draft is the seller's alone");
        app.operator.act(&path(&draft, "finalize")).await.expect(200);
        let seen = administrator.get(&path(&draft, "")).await.expect(200);
        assert_eq!(seen["total_minor"], 11_900);
        let listed = administrator.get("/api/v1/invoices").await.expect(200);
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(administrator.post(&path(&draft, "credit"), json!({})).await.code(403), "permission.missing");
        assert_eq!(reader.get("/api/v1/invoices").await.code(403), "permission.missing");
        assert_eq!(reader.get(&path(&draft, "")).await.code(404), "not_found");
        let other = app.organization(app.provider, "partner", "Other").await;
        let stranger = app.member(other, "partner_administrator").await;
        assert_eq!(stranger.get(&path(&draft, "")).await.code(404), "not_found");
        assert_eq!(stranger.post("/api/v1/invoices/send", json!({"license_ids": [license]})).await.code(404), "not_found");
        app.end().await;
    }
}
