//! E1 to E5: a license's customers, taken in, edited and let go.

use serde_json::json;

use crate::{
    harness::{Browser, Engine},
    on_both,
    stage::Stage,
    visitor::Visitor,
};

on_both!(customers_of_a_license_come_and_go);

/// 1,000 units of MDR-1Y at the provider, with a price, and 50 of CLOUD-1Y.
async fn book(stage: &Stage) {
    let app = &stage.app;
    let sku = app.insert_sku("MDR-1Y", Some("P1Y")).await;
    let license = json!({"organization_id": app.provider, "sku_id": sku, "quantity": 1_000, "sales_order": "SO-1",
        "price_minor": 12_000, "currency": "EUR"});
    app.operator
        .post("/api/v1/licenses", license)
        .await
        .expect(201);
    let sku = app.insert_sku("CLOUD-1Y", Some("P1Y")).await;
    app.license(app.provider, sku, 50).await;
}

/// What the form says is left of a license.
async fn left(who: &Visitor, row: usize) -> String {
    let script = format!("return document.querySelectorAll('[data-left]')[{row}].textContent");
    who.runs(&script)
        .await
        .as_str()
        .expect("a number")
        .to_owned()
}

async fn customers_of_a_license_come_and_go(engine: Engine) {
    let stage = Stage::set_up(engine).await;
    book(&stage).await;
    let olga = stage.member(stage.app.provider, "operator").await;
    olga.follows("Licenses").await;
    olga.follows("Customers of MDR-1Y").await;
    olga.sees("1,000 devices").await;
    olga.sees("120.00 EUR").await;
    olga.sees("Monthly value").await;
    takes_in(&olga).await;
    edits(&olga).await;
    lets_go_and_keeps(&olga).await;
    olga.follows("Buy more").await;
    olga.fills("Units", "1100").await;
    olga.sees("of 365 days").await;
    olga.presses("Save").await;
    olga.follows("Licenses").await;
    olga.row("MDR-1Y").sees("1,100").await;
    stage.app.prove();
    drop(olga);
    stage.end().await;
}

async fn takes_in(olga: &Visitor) {
    olga.follows("New customer").await;
    olga.fills("Legal name", "Aurora Hospitals").await;
    olga.fills("E-mail", "anna@aurora.example").await;
    olga.fills("Devices of this license", "1200").await;
    olga.sees("200 too many").await;
    olga.fills("Devices of this license", "100").await;
    olga.sees("900 devices").await;
    olga.presses("Add customer").await;
    olga.sees("anna@aurora.example is invited.").await;
    olga.follows("Done").await;
    olga.row("Aurora Hospitals").sees("100").await;
    olga.follows("New customer").await;
    olga.fills("Legal name", "Aurora Hospital Ltd").await;
    olga.sees("Sounds like a customer that is there already")
        .await;
    olga.presses("Close").await;
}

async fn edits(olga: &Visitor) {
    let row = olga.row("Aurora Hospitals");
    row.presses("More about Aurora Hospitals").await;
    row.follows("Edit").await;
    assert_eq!(left(olga, 0).await, "900");
    olga.fills("Units of MDR-1Y", "").await;
    for (key, remains) in [("1", "999"), ("5", "985"), ("0", "850")] {
        olga.types("Units of MDR-1Y", key).await;
        assert_eq!(left(olga, 0).await, remains);
    }
    olga.fills("Units of CLOUD-1Y", "60").await;
    assert_eq!(left(olga, 1).await, "−10");
    olga.presses("Submit").await;
    olga.sees("10 too many").await;
    olga.fills("Units of CLOUD-1Y", "40").await;
    olga.fills("Legal name", "Aurora Clinics").await;
    olga.presses("Submit").await;
    olga.row("Aurora Clinics").sees("150").await;
}

async fn lets_go_and_keeps(olga: &Visitor) {
    let row = olga.row("Aurora Clinics");
    row.presses("More about Aurora Clinics").await;
    row.follows("Offboard").await;
    olga.sees("Units that return").await;
    let day =
        "const field = document.querySelector('[name=leaves_on]'); field.value = '2026-12-31'";
    olga.runs(day).await;
    olga.fills("Contact", "Anna Berg").await;
    olga.fills("Reason", "Moves to another provider").await;
    olga.presses("Offboard").await;
    olga.sees("Leaves on 31 Dec 2026").await;
    let row = olga.row("Aurora Clinics");
    row.presses("More about Aurora Clinics").await;
    row.follows("Offboard").await;
    olga.sees("Anna Berg").await;
    olga.presses("Withdraw").await;
    olga.sees_no("Leaves on").await;
}

/// The pages over the customers of a license that has some, for the walk over every page.
pub async fn places(ingrid: &Browser) -> Vec<String> {
    let licenses = ingrid.get("/api/v1/licenses?limit=200").await.expect(200);
    let mut licenses = licenses["items"].as_array().expect("items").iter();
    let passed_on = licenses.find(|it| {
        it["allocated"].as_i64() > Some(0)
            && it["status"] == "active"
            && it["organization_name"] == "Norvik Networks"
    });
    let passed_on = passed_on.expect("one that somebody received");
    let text = |value: &serde_json::Value| value.as_str().expect("an id").to_owned();
    let (license, pool) = (text(&passed_on["id"]), text(&passed_on["pool_id"]));
    let found = ingrid.get(&format!("/api/v1/pools/{pool}/customers")).await;
    let customer = text(&found.expect(200)["items"][0]["organization_id"]);
    let list = format!("/licenses/{license}/customers");
    vec![
        format!("{list}/{customer}/edit"),
        format!("{list}/{customer}/offboard"),
        format!("/as-of/pools/{pool}"),
        format!("/licenses/{license}/workbook"),
        list,
    ]
}
