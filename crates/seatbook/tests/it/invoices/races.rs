//! Sending at the same moment: a period is billed once, and numbers have no hole.

use serde_json::json;

use super::{Desk, numbers, path as invoice_path};
use crate::{
    both_engines,
    harness::{Racer, race},
};

fn send(licenses: serde_json::Value) -> Racer {
    Racer {
        method: "POST",
        path: "/api/v1/invoices/send".into(),
        body: json!({"license_ids": licenses}),
    }
}

both_engines! {
    /// Thirty-two clients bill licenses of their own, some of which are refused: numbers are 1 to n.
    async fn numbers_have_no_hole(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut racers = Vec::new();
        for at in 0..32 {
            let license = match at % 4 {
                // Refused after its draft was written would leave a hole, if a number were drawn too early.
                3 => desk.sold_as(desk.customer, json!({"quantity": 1})).await,
                _ => desk.sold(desk.customer, (1, 1_000 + at, "EUR")).await,
            };
            racers.push(send(json!([license])));
        }
        let answers = race(app.address, &app.operator, racers).await;
        for (status, body) in &answers {
            assert!(matches!(status, 200 | 409), "{status}: {body}");
        }
        let sent = answers.iter().filter(|(status, _)| *status == 200).count();
        assert_eq!(sent, 24);
        let expected: Vec<String> = (1..=sent).map(|n| format!("INV-2026-{n:06}")).collect();
        assert_eq!(numbers(&app).await, expected);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Twelve clients bill the same licenses in overlapping sets: each license stands on one invoice.
    async fn a_license_is_billed_once(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut licenses = Vec::new();
        for _ in 0..4 {
            licenses.push(desk.sold(desk.customer, (1, 1_000, "EUR")).await);
        }
        let racers = (0..12).map(|at| send(json!([licenses[at % 4], licenses[(at + 1) % 4]]))).collect();
        let answers = race(app.address, &app.operator, racers).await;
        let mut lines = 0;
        for (status, body) in &answers {
            match status {
                200 => lines += body["invoices"].as_array().map_or(0, Vec::len) * 2,
                _ => assert_eq!((*status, &body["code"]), (409, &json!("license.already_billed")), "{body}"),
            }
        }
        assert!((2..=4).contains(&lines), "{answers:?}");
        assert_eq!(numbers(&app).await.len() * 2, lines);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// Sixteen payments of a quarter at the same moment: four of them fit.
    async fn no_more_is_paid_than_is_open(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut racers = Vec::new();
        let license = desk.sold_as(desk.customer, json!({"quantity": 1, "price_minor": 10_000, "currency": "EUR"})).await;
        let invoice = desk.invoice(license).await;
        for _ in 0..16 {
            racers.push(Racer {
                method: "POST",
                path: invoice_path(&invoice, "payments"),
                body: json!({"amount_minor": 2_975}),
            });
        }
        let answers = race(app.address, &app.operator, racers).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 201).count(), 4, "{answers:?}");
        assert_eq!(desk.show(&invoice).await["status"], "paid");
        app.prove();
        app.end().await;
    }
}
