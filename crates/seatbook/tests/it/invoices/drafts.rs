//! Drafts: looked at, changed, finalized, given up; and credit notes.

use serde_json::json;

use super::{Desk, buyer, numbers, path, say};
use crate::both_engines;

both_engines! {
    /// A draft has no number, bills its periods, can lose a license, and is numbered when it is finalized.
    async fn a_draft_is_looked_at_first(app: TestApp) {
        let desk = Desk::set(&app).await;
        let (one, two) = (desk.sold(desk.customer, (1, 1_000, "EUR")).await, desk.sold(desk.customer, (1, 500, "EUR")).await);
        let body = json!({"license_ids": [one, two]});
        let drafted = app.operator.post("/api/v1/invoices/draft", body).await.expect(200);
        let draft = &drafted["invoices"][0];
        assert_eq!((&draft["standing"], &draft["number"], &draft["total_minor"]), (&json!("draft"), &json!(null), &json!(1_785)));
        assert_eq!(desk.send(&[one]).await.code(409), "license.already_billed");
        assert_eq!(desk.billing(one).await["billing"], "unbilled", "a draft asks for nothing yet");
        assert_eq!(desk.post(draft, "payments", json!({"amount_minor": 1})).await.code(409), "invoice.not_payable");
        let edited = app.operator.patch(&path(draft, ""), json!({"note": "Thank you.", "without_license_ids": [two]})).await;
        let edited = edited.expect(200);
        assert_eq!((&edited["version"], &edited["total_minor"], &edited["note"]), (&json!(2), &json!(1_190), &json!("Thank you.")));
        let nothing = app.operator.patch(&path(draft, ""), json!({"without_license_ids": [one]})).await;
        assert_eq!(nothing.field(), "invoice.empty");
        let done = app.operator.act(&path(draft, "finalize")).await.expect(200);
        assert_eq!((&done["number"], &done["version"]), (&json!("INV-2026-000001"), &json!(3)));
        for verb in ["finalize", ""] {
            let again = match verb {
                "" => app.operator.delete(&path(draft, "")).await,
                verb => app.operator.act(&path(draft, verb)).await,
            };
            assert_eq!(again.code(409), "invoice.not_draft");
        }
        assert_eq!(app.operator.patch(&path(draft, ""), json!({"note": "x"})).await.code(409), "invoice.not_draft");
        desk.invoice(two).await;
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A draft that is given up leaves its licenses to be billed, and no hole in the numbers.
    async fn a_draft_is_given_up(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 1_000, "EUR")).await;
        let body = json!({"license_ids": [license]});
        let drafted = app.operator.post("/api/v1/invoices/draft", body).await.expect(200);
        let gone = app.operator.delete(&path(&drafted["invoices"][0], "")).await.expect(200);
        assert_eq!(gone["standing"], "void");
        assert_eq!(desk.billing(license).await["billing"], "void");
        let invoice = desk.invoice(license).await;
        assert_eq!(invoice["number"], "INV-2026-000001");
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// A credit note takes an invoice back whole, once, with the next number; then its license can be billed again.
    async fn a_credit_note_takes_an_invoice_back(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 1_000, "EUR")).await;
        let invoice = desk.invoice(license).await;
        let note = desk.post(&invoice, "credit", json!({"note": "Wrong price."})).await.expect(200);
        assert_eq!((&note["kind"], &note["number"], &note["total_minor"], &note["corrects_id"]),
            (&json!("credit_note"), &json!("INV-2026-000002"), &json!(1_190), &invoice["id"]));
        let shown = desk.show(&invoice).await;
        assert_eq!((&shown["status"], &shown["open_minor"], &shown["credited_by"]), (&json!("credited"), &json!(0), &note["id"]));
        assert_eq!(desk.billing(license).await["billing"], "credited");
        assert_eq!(desk.post(&invoice, "credit", json!({})).await.code(409), "invoice.credited");
        assert_eq!(desk.post(&note, "credit", json!({})).await.code(409), "invoice.not_creditable");
        assert_eq!(desk.post(&invoice, "payments", json!({"amount_minor": 1})).await.code(409), "payment.too_much");
        desk.invoice(license).await;
        assert_eq!(numbers(&app).await, ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]);
        app.prove();
        app.end().await;
    }
}

both_engines! {
    /// What is finalized keeps what stood there, and the database itself refuses to change it.
    async fn what_is_finalized_never_changes(app: TestApp) {
        let desk = Desk::set(&app).await;
        let license = desk.sold(desk.customer, (1, 1_000, "EUR")).await;
        let invoice = desk.invoice(license).await;
        let mut moved = buyer();
        (moved["legal_name"], moved["tax_rate_basis_points"]) = (json!("Renamed SE"), json!(700));
        say(&app, desk.customer, moved).await;
        let shown = desk.show(&invoice).await;
        assert_eq!((&shown["snapshot"]["buyer"]["name"], &shown["total_minor"]), (&json!("Customer AG"), &json!(1_190)));
        desk.post(&invoice, "payments", json!({"amount_minor": 90})).await.expect(201);
        for damage in ["UPDATE invoice SET total_minor = 1, net_minor = 1, tax_minor = 0", "DELETE FROM invoice_line",
            "UPDATE invoice_line SET net_minor = 1", "UPDATE payment SET amount_minor = 1", "DELETE FROM payment"] {
            assert!(app.attempt(damage).await.is_err(), "{damage}");
        }
        app.prove();
        app.end().await;
    }
}
