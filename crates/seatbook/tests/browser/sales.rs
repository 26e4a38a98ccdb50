//! B: customers ask for units, and the account manager looks after what was sold; selling itself is in `selling`.

use serde_json::json;

use crate::{
    harness::{Engine, TestApp, id},
    on_both,
    stage::Stage,
};

on_both!(a_customer_asks_for_units, a_license_is_looked_after,);

/// A partner with 50 screens to sell, and a customer of it.
async fn market(app: &TestApp) -> (uuid::Uuid, uuid::Uuid) {
    let sku = app.insert_sku("SIGN", Some("P1Y")).await;
    let partner = app.organization(app.provider, "partner", "Partner").await;
    let customer = app.organization(partner, "customer", "Customer").await;
    let (_, root) = app.license(app.provider, sku, 80).await;
    app.allocate(root, partner, 50).await;
    (partner, customer)
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
