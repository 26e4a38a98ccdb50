//! What customers have and what they are billed for, side by side; a distributor's file beside it.

use reqwest::{Method, multipart};
use serde_json::json;

use crate::{
    harness::{Browser, Engine, send},
    on_both,
    stage::{Kept, Stage},
};

on_both!(differences_come_first);

const ROWS: &str = "Customer,SKU,Units\nAlder,DESK,12\nZorro,DESK,3\n";

/// Alder was passed 10 units; Birch bought 20, and was billed for them.
async fn book(stage: &Stage) {
    let app = &stage.app;
    let sku = app.insert_sku("DESK", Some("P1Y")).await;
    let alder = app.organization(app.provider, "customer", "Alder").await;
    let birch = app.organization(app.provider, "customer", "Birch").await;
    let party = json!({"legal_name": "Party", "street": "Gasse 2", "city": "Köln", "postcode": "50667", "country": "DE",
        "vat_id": "DE123456789", "email": "mail@party.example", "tax_category": "zero"});
    for organization in [app.provider, birch] {
        let path = format!("/api/v1/organizations/{organization}/billing-profile");
        app.operator.put(&path, party.clone()).await.expect(200);
    }
    let (_, pool) = app.license(app.provider, sku, 100).await;
    app.allocate(pool, alder, 10).await;
    let sale = json!({"seller_id": app.provider, "customer_id": birch, "sku_id": sku, "quantity": 20, "issue": true,
        "price_minor": 1_000, "currency": "EUR"});
    let sold = app.operator.post("/api/v1/licenses/sell", sale).await;
    let license = sold.expect(201)["license"]["id"].clone();
    let body = json!({"license_ids": [license]});
    let sent = app.operator.post("/api/v1/invoices/send", body).await;
    sent.expect(200);
}

async fn differences_come_first(engine: Engine) {
    let (stage, file) = (
        Stage::set_up(engine).await,
        Kept::csv(engine, "distributor", ROWS),
    );
    book(&stage).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.follows("Reconciliation").await;
    olga.sees("Nothing to compare in May 2026").await;
    olga.chooses("Month", "Jun 2026").await;
    olga.row("Alder").sees("10 not billed").await;
    olga.row("Birch").sees("Agrees").await;
    olga.ticks("Differences only").await;
    olga.sees_no("Birch").await;
    olga.ticks("Differences only").await;
    olga.row("Birch").sees("Agrees").await;
    olga.row("Birch").follows("20").await;
    olga.sees("Birch").await;
    olga.opens("/reconciliation?month=2026-06").await;

    olga.follows("Lay a statement beside it").await;
    olga.chooses("Month", "Jun 2026").await;
    olga.types("File", &file.path()).await;
    olga.presses("Upload and compare").await;
    olga.sees("1 of 2 rows matched").await;
    olga.row("Zorro")
        .sees("No customer directly below you is called")
        .await;
    olga.follows("Compare").await;
    olga.row("Alder").sees("2 more than held").await;
    olga.row("Birch").sees("20 not stated").await;
    olga.sees("1 row matches nothing").await;

    // The same columns again, by keyboard; then it is taken away.
    olga.follows(file.name()).await;
    olga.tabs_to("Match again").await;
    olga.keys(thirtyfour::Key::Enter).await;
    olga.sees("1 of 2 rows matched").await;
    olga.follows("Take away").await;
    olga.presses("Take away").await;
    olga.sees_at("/reconciliation").await;
    olga.row("Birch").sees("Agrees").await;
    olga.sees_no("2 more than held").await;
    stage.app.prove();
    drop(olga);
    stage.end().await;
}

/// The pages of a statement, for the walk over every page.
pub async fn places(ingrid: &Browser) -> Vec<String> {
    let rows = "Customer,SKU,Units\nAurora Hospitals,PS-1Y,12\nNobody,PS-1Y,3\n";
    let file = multipart::Part::text(rows).file_name("distributor.csv");
    let form = multipart::Form::new()
        .text("month", "2026-05")
        .part("file", file);
    let request = ingrid.request(Method::POST, "/api/v1/statements");
    let made = send(request.multipart(form)).await.expect(201);
    let statement = made["id"].as_str().expect("an id");
    vec![
        "/reconciliation".into(),
        format!("/statements/{statement}"),
        format!("/statements/{statement}/remove"),
    ]
}
