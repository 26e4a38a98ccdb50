//! What a renewal is billed: each period once, whatever became of the terms.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{at, path};
use crate::{
    both_engines,
    harness::{TestApp, id},
    invoices::Desk,
};

/// Invoices what is due of a license; gives the lines: first day, last day, units, net.
async fn billed(app: &TestApp, license: Uuid) -> Vec<(String, String, i64, i64)> {
    let body = json!({"license_ids": [license]});
    let sent = app
        .operator
        .post("/api/v1/invoices/draft", body)
        .await
        .expect(200);
    let mut lines = vec![];
    for invoice in sent["invoices"].as_array().expect("a list") {
        let path = format!("/api/v1/invoices/{}", id(&invoice["id"]));
        let whole = app.operator.get(&path).await.expect(200);
        for line in whole["lines"].as_array().expect("lines") {
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let number = |name: &str| line[name].as_i64().unwrap_or_default();
            lines.push((
                text("first_day"),
                text("last_day"),
                number("quantity"),
                number("net_minor"),
            ));
        }
    }
    lines
}

fn line(first: &str, last: &str, quantity: i64, net_minor: i64) -> (String, String, i64, i64) {
    (first.into(), last.into(), quantity, net_minor)
}

both_engines! {
    /// A term is billed once it has begun, for its own units and price, and once; days that were won with a co-term are
    /// billed as its preview said.
    async fn each_term_is_billed_once(app: TestApp) {
        let desk = Desk::set(&app).await;
        let sold = desk.sold(desk.customer, (25, 12_000, "EUR")).await;
        assert_eq!(billed(&app, sold).await, [line("2026-06-01", "2027-05-31", 25, 300_000)]);
        let body = json!({"quantity": 30, "price_minor": 13_000, "currency": "EUR"});
        app.operator.post(&path(sold, "renewal"), body).await.expect(200);
        at(&app, "2027-06-01T00:00:00Z").await;
        assert_eq!(billed(&app, sold).await, [line("2027-06-01", "2028-05-31", 30, 390_000)]);
        let again = json!({"license_ids": [sold]});
        let again: Value = app.operator.post("/api/v1/invoices/draft", again).await.body;
        assert!(again["invoices"].as_array().is_none_or(Vec::is_empty), "{again}");
        // Longer by 214 of 365 days, which are due when they have begun; from then on it goes by the year.
        let place = format!("/api/v1/organizations/{}/co-term", desk.customer);
        let body = json!({"license_ids": [sold], "end_date": "2028-12-31"});
        let longer = app.operator.post(&place, body).await.expect(200);
        let stub = longer["licenses"][0]["money"]["amount_minor"].as_i64().expect("an amount");
        at(&app, "2029-01-01T00:00:00Z").await;
        assert_eq!(billed(&app, sold).await,
            [line("2028-06-01", "2028-12-31", 30, stub), line("2029-01-01", "2029-12-31", 30, 390_000)]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A term that was cut after it was billed: the next one is billed from the day on that nobody paid for.
    async fn days_that_are_paid_are_not_billed_again(app: TestApp) {
        let desk = Desk::set(&app).await;
        let sold = desk.sold(desk.customer, (10, 36_500, "EUR")).await;
        app.operator.post(&path(sold, "renewal"), json!({})).await.expect(200);
        assert_eq!(billed(&app, sold).await, [line("2026-06-01", "2027-05-31", 10, 365_000)]);
        let place = format!("/api/v1/organizations/{}/co-term", desk.customer);
        let body = json!({"license_ids": [sold], "end_date": "2026-12-31"});
        app.operator.post(&place, body).await.expect(200);
        at(&app, "2027-01-01T00:00:00Z").await;
        assert_eq!(billed(&app, sold).await, [line("2027-06-01", "2027-12-31", 10, 214_000)]);
        app.prove();
        app.end().await;
    }
}
