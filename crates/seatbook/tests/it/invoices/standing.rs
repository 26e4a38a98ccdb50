//! Badge and condition in SQL say the same: of an invoice, and of a license's billing.

use std::collections::BTreeSet;

use rules::billing::Billing;
use seatbook::invoices::{
    queries::billing_of,
    status::{Status, billed_as},
};
use serde_json::json;
use store::Select;
use uuid::Uuid;

use super::{Desk, path};
use crate::{
    both_engines,
    harness::{TestApp, id},
};

/// The licenses that the condition finds.
async fn found(app: &TestApp, billing: Billing) -> BTreeSet<Uuid> {
    let now = app.app.gate.now();
    let read = app.app.read(move |mut tx| {
        Box::pin(async move {
            let mut select = Select::new("SELECT l.id FROM license l");
            billed_as(&mut select, billing, &now);
            let sql = select.sql("");
            Ok(tx.query::<(Uuid,)>(&sql, select.params()).await?)
        })
    });
    let rows = read.await.expect("it reads").into_iter();
    rows.map(|(id,)| id).collect()
}

async fn of_each(app: &TestApp, licenses: &[Uuid]) -> Vec<(Uuid, Billing)> {
    let (now, ids) = (app.app.gate.now(), licenses.to_vec());
    let read = app
        .app
        .read(move |mut tx| Box::pin(async move { billing_of(&mut tx, &ids, now).await }));
    read.await.expect("it reads").into_iter().collect()
}

both_engines! {
    /// In every state there is, before and after the due day, both ways find the same.
    async fn badge_and_condition_agree(app: TestApp) {
        let desk = Desk::set(&app).await;
        let mut licenses = vec![];
        for _ in 0..8 {
            licenses.push(desk.sold(desk.customer, (1, 1_000, "EUR")).await);
        }
        for at in [1, 2, 3, 4, 5] {
            let invoice = desk.invoice(licenses[at]).await;
            match at {
                2 => drop(desk.post(&invoice, "payments", json!({"amount_minor": 190})).await.expect(201)),
                3 => drop(desk.post(&invoice, "payments", json!({"amount_minor": 1_190})).await.expect(201)),
                4 => drop(desk.post(&invoice, "credit", json!({})).await.expect(200)),
                5 => {
                    desk.post(&invoice, "payments", json!({"amount_minor": 1_190})).await.expect(201);
                    desk.post(&invoice, "credit", json!({})).await.expect(200);
                    desk.invoice(licenses[at]).await;
                }
                _ => {}
            }
        }
        for at in [6, 7] {
            let body = json!({"license_ids": [licenses[at]]});
            let drafted = app.operator.post("/api/v1/invoices/draft", body).await.expect(200);
            if at == 7 {
                app.operator.delete(&path(&drafted["invoices"][0], "")).await.expect(200);
            }
        }
        let free = desk.sold_as(desk.customer, json!({"quantity": 1, "price_minor": 0, "currency": "EUR"})).await;
        desk.invoice(free).await;
        licenses.push(free);
        let mut seen = BTreeSet::new();
        for _ in 0..2 {
            let each = of_each(&app, &licenses).await;
            for billing in Billing::ALL {
                let badge: BTreeSet<Uuid> = each.iter().filter(|(_, it)| *it == billing).map(|(id, _)| *id).collect();
                assert_eq!(found(&app, billing).await, badge, "{billing:?}");
                if !badge.is_empty() {
                    seen.insert(billing.as_str());
                }
            }
            let all = app.operator.get("/api/v1/invoices?limit=200").await.expect(200);
            for status in Status::ALL {
                let word = status.as_str();
                let listed = app.operator.get(&format!("/api/v1/invoices?limit=200&status={word}")).await.expect(200);
                let ids = |list: &serde_json::Value, all: bool| -> BTreeSet<Uuid> {
                    let rows = list["items"].as_array().expect("a list").iter();
                    rows.filter(|it| all || it["status"] == word).map(|it| id(&it["id"])).collect()
                };
                assert_eq!(ids(&listed, true), ids(&all, false), "{word}");
                if !ids(&listed, true).is_empty() {
                    seen.insert(word);
                }
            }
            app.clock.advance_seconds(40 * 86_400);
        }
        let words = Billing::ALL.map(Billing::as_str).into_iter().chain(Status::ALL.map(Status::as_str));
        assert_eq!(seen, words.collect(), "every state was tried");
        app.prove();
        app.end().await;
    }
}
