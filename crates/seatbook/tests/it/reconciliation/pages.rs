//! The pages, asked as a browser asks.

use reqwest::{
    Method,
    multipart::{Form, Part},
};
use serde_json::json;

use super::{Trade, asks, states};
use crate::{
    both_engines,
    harness::{id, send},
};

both_engines! {
    /// Numbers that lead to their rows, differences first, narrowed; as a file.
    async fn numbers_stand_side_by_side(app: TestApp) {
        let trade = Trade::open(&app).await;
        let known = trade.known_book().await;
        let (manager, _) = app.browser_of(app.provider, "account_manager").await;
        let home = manager.get("/").await.page(200);
        assert!(home.contains("href=\"/reconciliation\""), "{home}");
        let page = manager.get("/reconciliation?month=2026-06").await.page(200);
        for text in ["Reconciliation", "10 not billed", "5 billed too much", "Agrees", "Held, not billed", "48", "In use",
            "5 lines", "Lay a statement beside it"] {
            assert!(page.contains(text), "{text}: {page}");
        }
        let place = |name: &str| page.find(name).unwrap_or_else(|| panic!("{name}: {page}"));
        assert!(place("<strong>Elm</strong>") < place("<strong>Alder</strong>"));
        let customers = format!("/licenses/{}/customers?q=Elm", known.license);
        for link in [customers.as_str(), "/invoices/", &format!("/organizations/{}/licenses", known.birch)] {
            assert!(page.contains(link), "{link}: {page}");
        }
        let only = manager.get("/reconciliation?month=2026-06&differences=1").await.page(200);
        assert!(only.contains("Birch") && !only.contains("<strong>Alder</strong>"), "{only}");
        let none = manager.get("/reconciliation?month=2026-06&q=nowhere").await.page(200);
        assert!(none.contains("Nothing matches"), "{none}");
        let before = manager.get("/reconciliation").await.page(200);
        assert!(before.contains("Nothing to compare in May 2026"), "{before}");
        assert!(manager.get("/reconciliation?month=2027-01").await.page(200).contains("May 2026"));
        let fields = [("month", "2026-06"), ("differences", "1"), ("format", "csv")];
        let file = manager.form("/exports?list=reconciliation", &fields).await;
        assert_eq!(file.text.lines().count(), 5, "{}", file.text);
        let (reader, _) = app.browser_of(app.provider, "reader").await;
        let unbilled = reader.get("/reconciliation?month=2026-06").await.page(200);
        assert!(!unbilled.contains("Invoiced") && !unbilled.contains("Lay a statement"), "{unbilled}");
        let (customer, _) = app.browser_of(known.birch, "customer_administrator").await;
        assert!(!customer.get("/").await.text.contains("href=\"/reconciliation\""));
        app.end().await;
    }
}

both_engines! {
    /// A file is sent, its columns said, what matches nothing is listed, and it is taken away.
    async fn a_statement_is_sent_and_taken_away(app: TestApp) {
        let trade = Trade::open(&app).await;
        trade.known_book().await;
        let (manager, _) = app.browser_of(app.provider, "account_manager").await;
        let form = manager.get("/statements/new?month=2026-06").await.page(200);
        assert!(form.contains("value=\"2026-06\" selected"), "{form}");
        let sends = async |rows: &'static str| {
            let file = Part::text(rows).file_name("june.csv");
            let form = Form::new().text("month", "2026-06").part("file", file);
            send(manager.request(Method::POST, "/statements/new?month=2026-06").multipart(form)).await
        };
        let refused = sends("").await.page(422);
        assert!(refused.contains("Please give a file."), "{refused}");
        let sent = sends("Who,SKU,Qty\nAlder,DESK,12\nZorro,DESK,1\n").await;
        assert_eq!(sent.status.as_u16(), 303, "{}", sent.text);
        let place = sent.headers["location"].to_str().expect("a place").to_owned();
        let page = manager.get(&place).await.page(200);
        assert!(page.contains("0 of 2 rows matched") && page.contains("Which column is which?"), "{page}");
        let wrong = manager.form(&place, &[("version", "1"), ("mapping.customer", ""), ("mapping.product", "SKU"), ("mapping.quantity", "Qty")]);
        assert!(wrong.await.page(422).contains("Say which column is “Customer”."));
        let said = [("version", "1"), ("mapping.customer", "Who"), ("mapping.product", "SKU"), ("mapping.quantity", "Qty")];
        manager.form(&place, &said).await.goes(&place);
        let page = manager.get(&format!("{place}?show=unmatched")).await.page(200);
        assert!(page.contains("No customer directly below you is called “Zorro”.") && !page.contains(">Alder<"), "{page}");
        let compared = manager.get("/reconciliation?month=2026-06").await.page(200);
        for text in ["june.csv", "1 row matches nothing", "2 more than held", "Distributor says"] {
            assert!(compared.contains(text), "{text}: {compared}");
        }
        let remove = format!("{place}/remove");
        assert!(manager.get(&remove).await.page(200).contains("Take this statement away?"));
        manager.form(&remove, &[]).await.goes("/reconciliation?month=2026-06");
        manager.get(&place).await.page(404);
        let made = states(&app.operator, (app.provider, "2026-06"), "Customer,SKU,Qty\nAlder,DESK,1\n").await.expect(201);
        let (reader, _) = app.browser_of(app.provider, "reader").await;
        reader.get(&format!("/statements/{}", id(&made["id"]))).await.page(404);
        assert_eq!(asks(&app.operator, "month=2026-06").await["statement_id"], json!(made["id"]));
        app.end().await;
    }
}
