//! B: a license is added, its code passed on and redeemed, and the account manager looks after it.

use serde_json::json;

use crate::{
    harness::{Engine, TestApp, id},
    on_both,
    stage::Stage,
};

on_both!(
    a_code_becomes_a_license,
    a_customer_asks_for_units,
    invoices_are_sent_and_paid,
    a_license_is_looked_after,
);

/// A partner with 50 screens to sell, and a customer of it.
async fn market(app: &TestApp) -> (uuid::Uuid, uuid::Uuid) {
    let sku = app.insert_sku("SIGN", Some("P1Y")).await;
    let partner = app.organization(app.provider, "partner", "Partner").await;
    let customer = app.organization(partner, "customer", "Customer").await;
    let (_, root) = app.license(app.provider, sku, 80).await;
    app.allocate(root, partner, 50).await;
    (partner, customer)
}

async fn a_code_becomes_a_license(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let (partner, customer) = market(app).await;
    let manager = stage.member(partner, "account_manager").await;
    manager.follows("Sales").await;
    manager.follows("Add license").await;
    manager.chooses("Plan", "Product of SIGN").await;
    manager.fills("Name", "Lobby screens").await;
    manager.fills("Note", "Second floor").await;
    manager.fills("Quantity", "5").await;
    manager.fills("Price of one unit", "12.50").await;
    manager.fills("Currency", "EUR").await;
    manager.presses("Save").await;
    manager.sees("Pass this code on").await;
    manager.sees("62.50 EUR").await;
    let sold = format!("/api/v1/licenses/sold?seller_id={partner}");
    let sold = app.operator.get(&sold).await.expect(200);
    let code = sold["items"][0]["code"].as_str().expect("a code");
    manager.sees(code).await;
    manager.presses("Copy").await;

    let petra = stage.member(customer, "customer_administrator").await;
    petra.follows("Portal").await;
    petra.fills("Activation code", "AAAAAAAA").await;
    petra.presses("Redeem").await;
    petra.sees("This code cannot be redeemed.").await;
    petra.fills("Activation code", &code.to_lowercase()).await;
    petra.presses("Redeem").await;
    petra.sees("The license is yours.").await;
    petra.sees("0 of 5 devices").await;

    manager.opens("/sales").await;
    manager.row("Lobby screens").sees("Active").await;
    manager.row("Lobby screens").sees("Customer").await;
    app.prove();
    drop((manager, petra));
    stage.end().await;
}

/// What stands on invoices about an organization.
async fn says(app: &TestApp, organization: uuid::Uuid, name: &str) {
    let facts = json!({"legal_name": name, "street": "Ring 1", "city": "Berlin", "postcode": "10115", "country": "DE",
        "vat_id": "DE123456789", "email": "bills@example.com", "iban": "DE02120300000000202051", "series": "INV-2026",
        "tax_category": "standard", "tax_rate_basis_points": 1900});
    let path = format!("/api/v1/organizations/{organization}/billing-profile");
    app.operator.put(&path, facts).await.expect(200);
}

async fn invoices_are_sent_and_paid(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let (partner, customer) = market(app).await;
    let swiss = app.organization(partner, "customer", "Alp AG").await;
    for (organization, name) in [
        (partner, "Partner GmbH"),
        (customer, "Customer AG"),
        (swiss, "Alp AG"),
    ] {
        says(app, organization, name).await;
    }
    let sku = app.operator.get("/api/v1/skus?limit=1").await.expect(200)["items"][0]["id"].clone();
    let sell = async |number: i64, customer: Option<uuid::Uuid>, currency: &str| {
        // The newest stand first, so each is a little newer.
        app.clock.advance_seconds(1);
        let sale = json!({"seller_id": partner, "sku_id": sku, "quantity": 1, "issue": true, "customer_id": customer,
            "name": format!("Sale {number}."), "price_minor": 1_250, "currency": currency});
        app.operator
            .post("/api/v1/licenses/sell", sale)
            .await
            .expect(201);
    };
    sell(1, Some(swiss), "CHF").await;
    for number in 2..=52 {
        sell(number, Some(customer), "EUR").await;
    }
    sell(53, None, "EUR").await;
    let manager = stage.member(partner, "account_manager").await;
    manager.follows("Sales").await;
    manager.sees("Sale 53.").await;
    let unsold = manager.finds("field", "Select Sale 53.").await;
    assert!(
        !unsold.is_enabled().await.expect("a box"),
        "nobody's license is billed to nobody"
    );
    manager.ticks("Select Sale 52.").await;
    manager.ticks("Select Sale 51.").await;
    manager.sees("25.00 EUR").await;
    manager.follows("Next").await;
    manager.ticks("Select Sale 1.").await;
    manager.sees("3 selected · 25.00 EUR · 12.50 CHF").await;
    manager.presses("Send invoices").await;
    manager.sees("For 3 licenses.").await;
    manager.sees("29.75 EUR").await;
    manager.sees("14.88 CHF").await;
    manager.presses("Send invoices").await;
    manager.sees("INV-2026-000002").await;
    manager.row("29.75 EUR").follows("INV-2026").await;
    manager.follows("Record a payment").await;
    manager.fills("What the statement says", "SEPA 7").await;
    manager.presses("Record").await;
    manager.sees("Paid").await;
    manager.opens("/sales").await;
    manager.row("Sale 52.").sees("Paid").await;
    manager.row("Sale 50.").sees("Unbilled").await;
    let many = (20..=40).map(|number| format!("Select Sale {number}."));
    for box_ in many {
        manager.ticks(&box_).await;
    }
    manager.sees("at most 20 in one send").await;
    manager.presses("Send invoices").await;
    manager
        .sees("21 licenses are more than the 20 that one send bills")
        .await;
    app.prove();
    drop(manager);
    stage.end().await;
}

async fn a_customer_asks_for_units(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let (partner, customer) = market(app).await;
    let petra = stage.member(customer, "customer_administrator").await;
    petra.follows("Portal").await;
    petra.follows("Ask for more units").await;
    petra.chooses("Plan", "Product of SIGN").await;
    petra.fills("Quantity", "7").await;
    petra.fills("What for", "The new wing").await;
    petra.presses("Send request").await;
    petra.sees("Your request was sent.").await;
    let manager = stage.member(partner, "account_manager").await;
    manager.follows("Sales").await;
    manager.opens("/sales/requests").await;
    manager.sees("The new wing").await;
    manager.follows("Approve").await;
    manager.fills("Answer", "With pleasure").await;
    manager.presses("Approve and sell").await;
    manager.sees("With pleasure").await;
    petra.opens("/portal").await;
    petra.sees("With pleasure").await;
    petra.sees("0 of 7 devices").await;
    app.prove();
    drop((manager, petra));
    stage.end().await;
}

async fn a_license_is_looked_after(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    let app = &stage.app;
    let (partner, customer) = market(app).await;
    let sku = app.operator.get("/api/v1/skus?limit=1").await.expect(200)["items"][0].clone();
    for (name, customer) in [("Lobby", Some(customer)), ("Voucher", None)] {
        let sale = json!({"seller_id": partner, "sku_id": sku["id"], "quantity": 2, "name": name, "customer_id": customer});
        app.operator
            .post("/api/v1/licenses/sell", sale)
            .await
            .expect(201);
    }
    let manager = stage.member(partner, "account_manager").await;
    manager.follows("Sales").await;
    manager.chooses("Customer", "Customer").await;
    manager.sees("Lobby").await;
    manager.sees_no("Voucher").await;
    manager.chooses("Customer", "All customers").await;
    manager.sees("Voucher").await;
    manager.ticks("Expired").await;
    manager.sees_no("Voucher").await;
    manager.ticks("Expired").await;
    manager.sees("Voucher").await;
    manager.fills("Search", "vouch").await;
    manager.sees_no("Lobby").await;
    manager.fills("Search", "lobby").await;
    manager.sees("Lobby").await;
    manager.opens("/sales").await;

    manager.row("Lobby").presses("More about").await;
    manager.row("Lobby").follows("Pause").await;
    manager.presses("Pause").await;
    manager.sees("Paused").await;
    manager.opens("/sales").await;
    manager.row("Lobby").presses("More about").await;
    manager.row("Lobby").follows("Resume").await;
    manager.presses("Resume").await;
    manager.sees("Given by hand").await;
    manager.opens("/sales").await;
    manager.row("Lobby").sees("Active").await;

    manager.row("Voucher").presses("More about").await;
    manager.row("Voucher").follows("Assign to a customer").await;
    manager.sees("becomes this customer’s").await;
    manager.chooses("Customer", "Customer").await;
    manager.presses("Assign").await;
    manager.sees("Given by hand").await;
    manager.opens("/sales").await;
    manager.row("Voucher").presses("More about").await;
    manager.row("Voucher").follows("Delete").await;
    manager.presses("Yes, delete").await;
    manager.sees_no("Voucher").await;
    let pools = format!("/api/v1/pools?organization_id={partner}");
    let pools = app.operator.get(&pools).await.expect(200);
    assert_eq!(
        app.balance(id(&pools["items"][0]["id"])).await,
        [50, 2, 0, 48]
    );
    app.prove();
    drop(manager);
    stage.end().await;
}
